/** The attack side alone, and the re-check of examples that somebody else made. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Run, tensor } from '@glacis/core';
import { unzipSync } from 'fflate';
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

test('what is stored names the attack that found it, also where a search of radii ran it', async () => {
  const out = join(folder, 'named.npz');
  const { stdout } = await glacis([...words, '--method', 'minimum', '--out', out]);
  const { samples } = runSchema.parse(JSON.parse(stdout));
  const found = samples.flatMap(({ upperMethod }) => upperMethod ?? []);
  expect(found.length).toBeGreaterThan(0);
  const bytes = unzipSync(readFileSync(out))['method.npy'] ?? new Uint8Array();
  const [, code = '', width = '0'] =
    /'descr': '(<U(\d+))'/.exec(Buffer.from(bytes).toString()) ?? [];
  expect(code).toBe(`<U${Math.max(...found.map(({ length }) => length))}`);
  const letters = Array.from(bytes.subarray(-4 * Number(width) * found.length)).filter(
    (_, i) => i % 4 === 0,
  );
  const words32 = found.map((name) => name.padEnd(Number(width), '\0')).join('');
  expect(String.fromCharCode(...letters)).toBe(words32);
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
  expect(run.notes.join(' ')).toContain(
    'Too far: 1 example (#1 at 0.7) lies beyond ε = 0.25 in float64 and proves nothing at ε.',
  );
});

test('a replay shows by how little an example is too far, and which of several it took', async () => {
  const file = join(folder, 'several.npz');
  const save = (rows: number[], order: bigint[]): void => {
    const [x_adv, index] = [Float32Array.from(rows), BigInt64Array.from(order)];
    const count = order.length;
    writeFileSync(
      file,
      writeNpz({
        x_adv: tensor('float32', [count, 2], x_adv),
        index: tensor('int64', [count], index),
      }),
    );
  };
  const replayed = (eps: string) =>
    glacis(
      `attack ${model} --data ${data} --eps ${eps} --json --quiet --method replay --examples ${file}`.split(
        ' ',
      ),
    );
  // 1.2 → 1.1 in float32 is a little further than 0.1.
  save([1.1, 0, 0.5, 0, 0.9, 0.2], [2n, 2n, 9n]);
  const run = JSON.parse((await replayed('0.1')).stdout) as Run;
  const notes = run.notes.join('\n');
  expect(notes).toMatch(/\(#2 at 0\.1000000\d+\) lies beyond ε = 0\.1 in float64/);
  expect(notes).toContain(
    '1 of the 3 examples is for an input that has an earlier one; the first of each input is used.',
  );
  expect(notes).toContain('No example was given for 2 inputs (#0, #1).');
  save([1.1, 0], [7n]);
  const { code, stdout, stderr } = await replayed('0.1');
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain('has no example for any of the chosen inputs: its index holds 7;');
});

test.each([
  ['hopskipjump', 'l1', 'serves ℓ∞ and ℓ2, not ℓ1'],
  ['square', 'l0', 'serves ℓ∞, ℓ2 and ℓ1, not ℓ0'],
])('%s names itself once where it cannot serve %s, and those that can', async (name, norm, why) => {
  const more = ['--norm', norm, '--eps', '1', '--clip', '-2,2', '--method', name];
  const { code, stderr } = await glacis([...words, ...more]);
  expect(code).toBe(2);
  expect(stderr).toContain(`--method ${name}: ${why}; those that can: noise, `);
  expect(stderr).toContain(', transfer (with --surrogate).');
});
