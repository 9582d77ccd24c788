/** What `inspect` says of a file, and that the graphs it writes run in ONNX Runtime. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BATCH, Builder, writeModel } from '@glacis/core';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, expect, test } from 'vitest';
import { glacis } from './glacis.ts';
import { tinyModel, writeTiny } from './tiny.ts';

const { folder, model } = writeTiny(4);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Inspection {
  readonly layers: { readonly op: string; readonly shape: unknown[] | null }[];
  readonly ops: Record<string, number>;
  readonly unsupported: { readonly op: string }[];
  readonly check: Readonly<Record<string, unknown>> | null;
}

async function run(file: string, feeds: Record<string, Tensor>): Promise<Record<string, number[]>> {
  const session = await InferenceSession.create(new Uint8Array(readFileSync(file)));
  const results = await session.run(feeds);
  return Object.fromEntries(
    Object.entries(results).map(([name, { data }]) => [name, Array.from(data as Float32Array)]),
  );
}

test('--json lists the layers, and --check compares them with the original file', async () => {
  const { code, stdout } = await glacis(['inspect', model, '--check', '--json']);
  expect(code).toBe(0);
  const { layers, ops, unsupported, check } = JSON.parse(stdout) as Inspection;
  expect(layers.map(({ op }) => op)).toContain('Relu');
  // The Identity before an output too.
  expect(layers.at(-1)).toMatchObject({ op: 'Identity', shape: ['batch', 2] });
  expect(ops['Relu']).toBe(1);
  expect(unsupported).toEqual([]);
  expect(check).toMatchObject({ passed: true, gradientChecked: true, gradientUnchecked: null });
  const text = await glacis(['inspect', model, '--check']);
  expect(text.stdout).toMatch(/Gradients, \d+ random directions: largest relative error/);
  expect(text.stdout).toContain('Check passed.');
});

test('where no gradient can be compared, --check says so and why', async () => {
  const file = join(folder, 'rounded.onnx');
  const b = new Builder();
  const x = b.input('x', [BATCH, 3]);
  writeFileSync(file, writeModel(b.graph({ y: b.push('round', [b.mul(x, 4)], {}) })));
  const { code, stdout } = await glacis(['inspect', file, '--check']);
  expect(code).toBe(0);
  expect(stdout).toContain(
    'Gradients: there is nothing to compare, since only steps lead from the inputs to the outputs',
  );
});

test('outputs that agree are no failure where float32 hides every slope, and no pass', async () => {
  const file = join(folder, 'drowned.onnx');
  const b = new Builder();
  const x = b.input('x', [BATCH, 3]);
  writeFileSync(file, writeModel(b.graph({ y: b.add(b.mul(x, 1e-6), 3000) })));
  const { code, stdout } = await glacis(['inspect', file, '--check']);
  expect(code).toBe(0);
  expect(stdout).toContain('where float32 rounding hides the slope');
  expect(stdout).toContain('the outputs agree, and no gradient could be compared');
  const document = await glacis(['inspect', file, '--check', '--json']);
  const { check } = JSON.parse(document.stdout) as Inspection;
  expect(document.code).toBe(0);
  expect(check).toMatchObject({ passed: null, gradientChecked: false });
});

test('an operator that cannot be read is listed, with exit code 0', async () => {
  const file = join(folder, 'odd.onnx');
  // The same bytes with another name of the same length: a file that is valid but for the operator.
  const bytes = Buffer.from(tinyModel()).toString('latin1').replaceAll('Relu', 'Rulu');
  writeFileSync(file, bytes, 'latin1');
  const { code, stdout } = await glacis(['inspect', file]);
  expect(code).toBe(0);
  expect(stdout).toContain('Not supported: 1 node');
  const checked = await glacis(['inspect', file, '--check']);
  expect(checked.code).toBe(1);
  expect(checked.stdout).toBe(stdout);
  expect(checked.stderr).toContain('--check needs all operators of the file to be supported');
  const document = await glacis(['inspect', file, '--check', '--json']);
  const { check, unsupported, layers } = JSON.parse(document.stdout) as Inspection;
  expect(document.code).toBe(1);
  expect(check).toBeNull();
  expect(unsupported).toMatchObject([{ op: 'Rulu' }]);
  expect(layers.map(({ op }) => op)).toContain('Rulu');
});

test('a file that ONNX Runtime refuses is a mistake of the file, named in a sentence', async () => {
  const file = join(folder, 'future.onnx');
  // The first field of a file is the version of the format.
  const bytes = tinyModel();
  bytes[1] = 99;
  writeFileSync(file, bytes);
  const { code, stdout, stderr } = await glacis(['inspect', file, '--check']);
  expect(code).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toContain(`${file}: ONNX Runtime cannot load it (`);
  expect(stderr).not.toContain('internal error');
});

test('--emit gradient writes the gradient of the margin as a model', async () => {
  const out = join(folder, 'gradient.onnx');
  const { code, stdout } = await glacis(['inspect', model, '--emit', 'gradient', '--out', out]);
  expect(code).toBe(0);
  expect(stdout).toContain('labels');
  const at = async (x: number[]): Promise<Record<string, number[]>> =>
    run(out, {
      point: new Tensor('float32', Float32Array.from(x), [1, 2]),
      labels: new Tensor('int32', Int32Array.of(1), [1]),
    });
  const { value, gradient } = await at([0.7, 0.4]);
  // It cannot be read again, but its outputs' shapes are declared.
  const listed = await glacis(['inspect', out]);
  expect(listed.stdout).toMatch(/output value +Identity +\[batch\]/);
  expect(listed.stdout).toMatch(/output gradient +Identity +\[batch, 2\]/);
  const moved = await at([0.7 + 1e-2, 0.4]);
  const slope = ((moved['value']?.[0] ?? 0) - (value?.[0] ?? 0)) / 1e-2;
  expect(gradient?.[0]).toBeCloseTo(slope, 2);
});

test('--emit interval writes bounds that hold over the box', async () => {
  const out = join(folder, 'interval.onnx');
  await glacis(['inspect', model, '--emit', 'interval', '--out', out]);
  const point = (x: number[]): Tensor => new Tensor('float32', Float32Array.from(x), [1, 2]);
  const bounds = await run(out, { lower: point([-0.1, 0]), upper: point([0.3, 0.2]) });
  expect(bounds['finite']).toEqual([1]);
  for (const x of [
    [-0.1, 0],
    [0.3, 0.2],
    [0.1, 0.1],
    [0.3, 0],
  ]) {
    const { scores = [] } = await run(model, { point: point(x) });
    scores.forEach((score, k) => {
      expect(score).toBeGreaterThanOrEqual(bounds['scores_lower']?.[k] ?? Infinity);
      expect(score).toBeLessThanOrEqual(bounds['scores_upper']?.[k] ?? -Infinity);
    });
  }
});

test.each(['linf', 'l2', 'l1'] as const)(
  '--emit bounds writes a proven bound of the margin over %s balls',
  async (norm) => {
    const out = join(folder, `bounds-${norm}.onnx`);
    const words = ['inspect', model, '--emit', 'bounds', '--norm', norm, '--out', out];
    const { code, stdout } = await glacis(words);
    expect(code).toBe(0);
    for (const name of ['centre', 'lower', 'upper', 'radius', 'labels', 'marginLower', 'finite']) {
      expect(stdout).toMatch(new RegExp(`(in|out)put +${name} .+\\] .+`));
    }
    const [x, y, radius] = [0.3, -0.2, 0.125];
    const point = (...values: number[]): Tensor =>
      new Tensor('float32', Float32Array.from(values), [1, 2]);
    const found = await run(out, {
      centre: point(x, y),
      lower: point(x - 0.126, y - 0.126),
      upper: point(x + 0.126, y + 0.126),
      radius: new Tensor('float32', Float32Array.of(radius), [1]),
      labels: new Tensor('int32', Int32Array.of(0), [1]),
    });
    const bound = found['marginLower']?.[0] ?? Number.NaN;
    expect(found['finite']).toEqual([1]);
    expect(bound).toBeGreaterThan(0);
    // Towards the nearest side of the diamond the margin is smallest.
    const size = { linf: radius, l2: radius / Math.SQRT2, l1: radius / 2 }[norm];
    for (const [dx, dy] of [
      [0, 0],
      [size, -size],
      [-size, size],
    ] as const) {
      const { scores = [] } = await run(model, { point: point(x + dx, y + dy) });
      expect((scores[0] ?? 0) - (scores[1] ?? 0)).toBeGreaterThanOrEqual(bound);
    }
  },
);

test('--norm without --emit bounds is a mistake', async () => {
  const { code, stderr } = await glacis(['inspect', model, '--norm', 'l2']);
  expect(code).toBe(2);
  expect(stderr).toContain('--norm goes with --emit bounds');
});
