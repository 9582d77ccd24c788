/** The attack side alone, and the re-check of examples that somebody else made. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Run, tensor } from '@glacis/core';
import { afterAll, expect, test } from 'vitest';
import { writeNpz } from '../../src/data/npz.ts';
import { runSchema } from '../../src/run/schema.ts';
import { glacis } from './glacis.ts';
import { writeTiny } from './tiny.ts';

const { folder, model, data } = writeTiny(4);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// Four points by hand: inside the diamond at distance 0.1 and 0.6 of its corner, outside, mislabelled.
const x = Float32Array.from([0.9, 0, 0.4, 0, 1.2, 0, 0.1, 0.1]);
const y = BigInt64Array.from([0n, 0n, 1n, 1n]);
writeFileSync(data, writeNpz({ x: tensor('float32', [4, 2], x), y: tensor('int64', [4], y) }));
const words = ['attack', model, '--data', data, '--eps', '0.25', '--json', '--quiet'];

test('the attack side has the keys of an audit, null where nothing was run', async () => {
  const { code, stdout } = await glacis([...words, '--method', 'fast']);
  const run: Run = runSchema.strict().parse(JSON.parse(stdout));
  expect(code).toBe(0);
  expect(run.accuracy).toMatchObject({ clean: 0.75, certifiedLower: null });
  const verdicts = run.samples.map(({ verdict }) => verdict);
  expect(verdicts).toEqual(['falsified', 'unknown', 'falsified', 'misclassified']);
  expect(run.samples.every(({ lower }) => lower === null)).toBe(true);
});

test('a replay believes only what the original file says inside ε', async () => {
  // Broken inside ε; broken beyond ε; still right; for a mislabelled input.
  const examples = Float32Array.from([1.1, 0, 1.1, 0, 1.3, 0, 0, 0]);
  const file = join(folder, 'theirs.npz');
  // Out of order, with an index that says so.
  const order = [2, 0, 3, 1];
  const shuffled = Float32Array.from(
    order.flatMap((i) => [...examples.subarray(2 * i, 2 * i + 2)]),
  );
  const index = BigInt64Array.from(order, BigInt);
  writeFileSync(
    file,
    writeNpz({
      x_adv: tensor('float32', [4, 2], shuffled),
      index: tensor('int64', [4], index),
    }),
  );
  const { code, stdout } = await glacis([...words, '--method', 'replay', '--examples', file]);
  expect(code).toBe(0);
  const run = JSON.parse(stdout) as Run & { replay: { outcome: string }[] };
  expect(run.replay.map(({ outcome }) => outcome)).toEqual([
    'broken',
    'too far',
    'withstood',
    'misclassified',
  ]);
  expect(run.samples.map(({ verdict }) => verdict)).toEqual([
    'falsified',
    'unknown',
    'unknown',
    'misclassified',
  ]);
  expect(run.samples[1]?.upper).toBeCloseTo(0.7, 6);
  expect(run.notes.join(' ')).toContain('Too far: 1 example (#1 at 0.7)');
});
