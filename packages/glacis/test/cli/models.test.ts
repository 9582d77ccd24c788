// Models as people bring them, through the command line: several inputs and outputs, heads of one score,
// labels at the end, other precisions, rounding steps and randomness.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Run, sizeOf, tensor } from '@glacis/core';
import { afterAll, describe, expect, test } from 'vitest';
import { readNpz, writeNpz } from '../../src/data/npz.ts';
import { glacis } from './glacis.ts';

const corpus = fileURLToPath(new URL('../../../../fixtures/models/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'glacis-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string): string => join(corpus, `${name}.onnx`);
const data = (name: string): string => join(corpus, `${name}.npz`);

/** One array of a model's reference as a file of its own, its first `rows` rows. */
function part(name: string, key: string, rows = Infinity): string {
  const { shape, data: values } = readNpz(new Uint8Array(readFileSync(data(name))), name).read(key);
  const [all = 0, ...sample] = shape;
  const count = Math.min(all, rows);
  const kept = Float32Array.from(values.slice(0, count * sizeOf(sample)), Number);
  const path = join(folder, `${name}-${key}-${count}.npz`);
  writeFileSync(path, writeNpz({ x: tensor('float32', [count, ...sample], kept) }));
  return path;
}

interface Audited extends Pick<Run, 'samples' | 'notes' | 'verdicts' | 'methods'> {
  readonly code: number | null;
  readonly stderr: string;
}

async function audit(name: string, ...words: readonly string[]): Promise<Audited> {
  const eps = words.includes('--eps') ? [] : ['--eps', '0.05'];
  const all = ['audit', file(name), ...eps, ...words, '--json', '--workers', '1'];
  const { code, stdout, stderr } = await glacis(all);
  const empty = { samples: [], notes: [], verdicts: {}, methods: [] } as unknown as Run;
  return { ...(stdout === '' ? empty : (JSON.parse(stdout) as Run)), code, stderr };
}

describe('a model of a picture and a table', () => {
  const picture = part('torch-two-inputs', 'input.picture');
  const table = part('torch-two-inputs', 'input.table');

  test('is audited in one input, each row beside its own row of the other', async () => {
    const { code, samples } = await audit(
      'torch-two-inputs',
      '--data',
      picture,
      '--set',
      `table=${table}`,
    );
    expect(code).toBe(0);
    expect(samples.length).toBe(4);
    // The same inputs one at a time: rows of the fixed input go by position in the data.
    const words = ['--data', picture, '--set', `table=${table}`, '--index', '2'];
    const alone = await audit('torch-two-inputs', ...words);
    expect(alone.samples[0]?.upper).toBe(samples[2]?.upper);
    expect(alone.samples[0]?.lower).toBe(samples[2]?.lower);
  });

  test('needs the other input, of a length that fits, by its name', async () => {
    const without = await audit('torch-two-inputs', '--data', picture);
    expect([without.code, without.stderr]).toEqual([2, expect.stringContaining('--set NAME=FILE')]);
    const short = part('torch-two-inputs', 'input.table', 3);
    const few = await audit('torch-two-inputs', '--data', picture, '--set', `table=${short}`);
    expect([few.code, few.stderr]).toEqual([2, expect.stringContaining('3 rows')]);
    const wrong = await audit('torch-two-inputs', '--data', picture, '--set', `tabel=${table}`);
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('picture, table')]);
  });
});

test('scikit-learn logistic regression behind a ZipMap is bracketed exactly', async () => {
  const { samples, notes } = await audit(
    'sklearn-logistic',
    '--data',
    data('sklearn-logistic'),
    '--x',
    'input.x',
  );
  expect(notes.join(' ')).toContain('ZipMap');
  for (const { lower, upper } of samples) {
    expect(lower).toBeGreaterThan(0);
    expect((upper ?? Infinity) / (lower ?? 1)).toBeLessThan(1 + 1e-3);
  }
});

test.each([
  ['torch-one-logit', 'logit of class 1'],
  ['keras-sigmoid', 'probability of class 1'],
])('%s is a classifier of two classes, and it is said', async (name, said) => {
  const { code, samples, notes } = await audit(name, '--data', data(name), '--x', 'input.x');
  expect(code).toBe(0);
  expect(samples.every(({ label }) => label === 0 || label === 1)).toBe(true);
  expect(notes.join(' ')).toContain(said);
});

test('an output is chosen by name', async () => {
  const words = ['--data', data('torch-two-outputs'), '--x', 'input.x'];
  const first = await audit('torch-two-outputs', ...words);
  expect(first.notes.join(' ')).toContain('logits is judged');
  const other = await audit('torch-two-outputs', ...words, '--output', 'embedding');
  expect(other.code).toBe(0);
  expect(
    other.samples.some(({ prediction }, i) => prediction !== first.samples[i]?.prediction),
  ).toBe(true);
  const none = await audit('torch-two-outputs', ...words, '--output', 'none');
  expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('logits, embedding')]);
});

test('a quantised model shows gradients nothing, unless they pass its steps; scores show it', async () => {
  const words = [
    '--data',
    data('ort-lenet-int8'),
    '--x',
    'input.picture',
    '--eps',
    '0.1',
    '--first',
    '2',
  ];
  const blind = await audit('ort-lenet-int8', ...words);
  expect(blind.notes.join(' ')).toContain('--straight-through');
  const decided = blind.methods.filter(({ decided }) => decided > 0).map(({ id }) => id);
  expect(decided).not.toContain('pgd-margin');
  expect(decided).toContain('square');
  const seeing = await audit('ort-lenet-int8', ...words, '--straight-through');
  expect(seeing.verdicts.falsified).toBeGreaterThan(0);
});

test('a float16 file is proven over the reals only', async () => {
  const words = ['--data', data('torch-lenet-half'), '--x', 'input.picture'];
  const refused = await audit('torch-lenet-half', ...words);
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('--semantics real')]);
  const real = await audit('torch-lenet-half', ...words, '--semantics', 'real');
  expect(real.code).toBe(0);
});

test('token ids are read and checked, and are not what is perturbed', async () => {
  const { code } = await glacis(['inspect', file('torch-tokens'), '--check']);
  expect(code).toBe(0);
  const ids = await audit('torch-tokens', '--data', data('torch-tokens'), '--x', 'input.ids');
  expect([ids.code, ids.stderr]).toEqual([2, expect.stringContaining('int64')]);
});

test('sizes that a model leaves open are those of the data, or given', async () => {
  const size = await glacis(['inspect', file('torch-mlp'), '--size', 'width=3']);
  expect([size.code, size.stderr]).toEqual([2, expect.stringContaining('no such axis')]);
  const wrong = await glacis(['inspect', file('torch-mlp'), '--size', 'width']);
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('--size AXIS=N')]);
});

test('a class that the data do not hold moves no name to another column', async () => {
  // The model's classes are ash, birch and cedar; its answers here are birch alone.
  const name = 'sklearn-logistic-names';
  const x = readNpz(new Uint8Array(readFileSync(data(name))), name).read('input.x');
  const scores = readNpz(new Uint8Array(readFileSync(data(name))), name).read(
    'output.probabilities',
  );
  const lines = Array.from({ length: 4 }, (_, row) => {
    const [own = 0, birch = 0, other = 0] = Array.from(
      scores.data.slice(3 * row, 3 * row + 3),
      Number,
    );
    const answer = birch > own && birch > other ? 'birch' : own > other ? 'ash' : 'cedar';
    return [...Array.from(x.data.slice(5 * row, 5 * row + 5), Number), answer].join(',');
  }).filter((line) => !line.endsWith('ash'));
  expect(lines.length).toBeGreaterThan(1);
  const table = join(folder, 'trees.csv');
  writeFileSync(table, ['a,b,c,d,e,tree', ...lines, ''].join('\n'));
  const { samples, notes } = await audit(name, '--data', table);
  expect(samples.every(({ label, prediction }) => label === prediction && label > 0)).toBe(true);
  expect(notes.join(' ')).toContain('1 = birch');
  writeFileSync(table, ['a,b,c,d,e,tree', ...lines, '0,0,0,0,0,yew', ''].join('\n'));
  const refused = await audit(name, '--data', table);
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('"yew"')]);
});
