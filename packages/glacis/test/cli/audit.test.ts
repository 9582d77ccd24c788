/** The audit as a user starts it: what it prints, what it keeps, and that it is the same every time. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Run } from '@glacis/core';
import { afterAll, describe, expect, test } from 'vitest';
import { runSchema } from '../../src/run/schema.ts';
import { glacis, timeless } from './glacis.ts';
import { writeTiny } from './tiny.ts';

const small = writeTiny(40);
const large = writeTiny(480);
afterAll(() => {
  for (const { folder } of [small, large]) rmSync(folder, { recursive: true, force: true });
});

const auditWords = ({ model, data }: typeof small): string[] =>
  `audit ${model} --data ${data} --eps 0.1`.split(' ');

describe('glacis audit --json', () => {
  const words = [...auditWords(small), '--json', '--quiet'];

  test('prints one document of the schema and nothing else, the same for one worker and two', async () => {
    const [one, two, wasm] = await Promise.all([
      glacis([...words, '--workers', '1']),
      glacis([...words, '--workers', '2']),
      glacis([...words, '--device', 'wasm']),
    ]);
    expect(one.stderr).toBe('');
    expect(one.code).toBe(0);
    const run: Run = runSchema.strict().parse(JSON.parse(one.stdout));
    expect(run.data.samples).toBe(40);
    expect(run.samples).toHaveLength(40);
    expect(run.verdicts.falsified).toBeGreaterThan(0);
    expect(run.verdicts.certified).toBeGreaterThan(0);
    for (const { lower, upper } of run.samples) {
      if (lower !== null && upper !== null) expect(lower).toBeLessThan(upper);
    }
    expect(timeless(two.stdout)).toEqual(timeless(one.stdout));
    const other = JSON.parse(wasm.stdout) as Run;
    expect(other.environment['ONNX Runtime']).toContain('wasm');
    expect(other.samples.map(({ verdict }) => verdict)).toEqual(
      run.samples.map(({ verdict }) => verdict),
    );
  });

  test('holds the curve at the radii of a list, and its verdicts are for the largest', async () => {
    const list = [...words.map((word) => (word === '0.1' ? '0.2,1/20' : word)), '--first', '8'];
    const run = JSON.parse((await glacis(list)).stdout) as Run;
    expect(run.threat.eps).toBe(0.2);
    expect(run.curve.map(({ eps }) => eps)).toEqual([0.05, 0.2]);
  });

  test('answers timeout for what the time did not suffice for', async () => {
    const { code, stdout } = await glacis([...words, '--time', '0.001']);
    const run = JSON.parse(stdout) as Run;
    expect(code).toBe(0);
    expect(run.partial).toBe(true);
    expect(run.samples).toHaveLength(40);
    expect(run.verdicts.timeout).toBe(40 - run.verdicts.misclassified);
  });
});

describe('glacis audit --out', () => {
  const out = join(small.folder, 'run');

  test('keeps a run folder, replaces its own, and refuses a folder that is not', async () => {
    const words = [...auditWords(small), '--first', '20', '--out', out];
    const first = await glacis(words);
    expect(first.code).toBe(0);
    expect(first.stdout).toContain('ε = 0.1 · 20 inputs');
    expect(first.stdout).toContain('file://');
    const bytes = readFileSync(join(out, 'adversarial.npz'));
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('The plane');
    expect(existsSync(join(out, 'parts.json'))).toBe(false);
    writeFileSync(join(out, 'mine.txt'), 'kept');
    expect((await glacis(words)).code).toBe(0);
    expect(readFileSync(join(out, 'adversarial.npz')).equals(bytes)).toBe(true);
    expect(readFileSync(join(out, 'mine.txt'), 'utf8')).toBe('kept');
    const foreign = join(small.folder, 'foreign');
    mkdirSync(foreign);
    writeFileSync(join(foreign, 'thesis.txt'), 'years of work');
    const refused = await glacis([...auditWords(small), '--out', foreign]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('nothing is overwritten');
  });
});

describe('an interrupted audit', () => {
  test('keeps what is finished, and goes on to what it would have been', async () => {
    const out = join(large.folder, 'run');
    const words = [...auditWords(large), '--workers', '1'];
    const [stopped, whole] = await Promise.all([
      glacis([...words, '--out', out], { interruptAt: join(out, 'run.json') }),
      glacis([...words, '--json', '--quiet']),
    ]);
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toContain(`glacis audit --resume ${out}`);
    const kept = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as Run;
    expect(kept.partial).toBe(true);
    // Fractions and counts are of all samples: those that were not begun have their clean answers.
    expect(kept.samples).toHaveLength(480);
    expect(Object.values(kept.verdicts).reduce((sum, each) => sum + each, 0)).toBe(480);
    const { accuracy: all } = JSON.parse(whole.stdout) as Run;
    expect(kept.accuracy.clean).toBe(all.clean);
    expect(kept.verdicts.timeout).toBeGreaterThan(0);
    const parts = readFileSync(join(out, 'parts.json'), 'utf8');
    const finished = (JSON.parse(parts) as { samples: unknown[] }[]).flatMap(
      (part) => part.samples,
    );
    expect(finished.length).toBeLessThan(480);
    const refused = await glacis(['audit', '--resume', out, '--eps', '1']);
    expect(refused.code).toBe(2);
    const resumed = await glacis(['audit', '--resume', out, '--json']);
    expect(resumed.code).toBe(0);
    expect(resumed.stderr).toContain(`${480 - finished.length} of 480 inputs remain, about `);
    expect(timeless(resumed.stdout)).toEqual(timeless(whole.stdout));
    expect(timeless(readFileSync(join(out, 'run.json'), 'utf8'))).toEqual(timeless(whole.stdout));
    expect(existsSync(join(out, 'parts.json'))).toBe(false);
  });
});
