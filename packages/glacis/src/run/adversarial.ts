/**
 * adversarial.npz: the nearest adversarial input found for each sample that has one, with what is
 * needed to check it again. The same rows give the same bytes.
 */
import { readFile } from 'node:fs/promises';
import { NON_FINITE, type Run, type Tensor, sizeOf, tensor } from '@glacis/core';
import { readNpz, writeNpz } from '../data/npz.ts';
import { isZip } from '../data/zip.ts';

/** Adversarial inputs by the sample's position in the data file. */
export type AdversarialInputs = ReadonlyMap<number, Float32Array>;

/**
 * Keys: x_adv [n, …shape], and for each row index, label, prediction (the original file's answer to
 * x_adv; both are classes, or of a regression values in float64; where a score is not finite −1, or NaN),
 * distance (float64) and method, by name.
 */
export function adversarialBytes(
  run: Run,
  adversarial: AdversarialInputs,
  sampleShape: readonly number[],
): Uint8Array {
  const rows = run.samples.filter(({ index }) => adversarial.has(index));
  const size = sizeOf(sampleShape);
  const x = new Float32Array(rows.length * size);
  rows.forEach(({ index }, i) => x.set(adversarial.get(index) ?? [], i * size));
  const whole = (of: (row: (typeof rows)[number]) => number): Tensor =>
    tensor(
      'int64',
      [rows.length],
      BigInt64Array.from(rows, (row) => BigInt(of(row))),
    );
  const real = (of: (row: (typeof rows)[number]) => number): Tensor =>
    tensor('float64', [rows.length], Float64Array.from(rows, of));
  const isRegression = run.criterion.kind === 'error';
  const answers = isRegression ? real : whole;
  const none = isRegression ? Number.NaN : -1;
  return writeNpz({
    x_adv: tensor('float32', [rows.length, ...sampleShape], x),
    index: whole(({ index }) => index),
    label: answers(({ label }) => label),
    prediction: answers(({ upperMethod, adversarialPrediction }) =>
      upperMethod === NON_FINITE ? none : (adversarialPrediction ?? none),
    ),
    distance: real(({ upper }) => upper ?? Infinity),
    method: rows.map(({ upperMethod }) => upperMethod ?? ''),
  });
}

/** Whether a file holds adversarial inputs as they are stored here. */
export async function holdsAdversarial(path: string): Promise<boolean> {
  const bytes = new Uint8Array(await readFile(path));
  if (!isZip(bytes)) return false;
  const { keys } = readNpz(bytes, path);
  return ['x_adv', 'index', 'distance', 'method'].every((key) => keys.includes(key));
}

/** The rows of adversarial.npz by index. Throws UsageError when the file is damaged. */
export function readAdversarial(bytes: Uint8Array, where: string): Map<number, Float32Array> {
  const npz = readNpz(bytes, where);
  const stored = npz.read('x_adv');
  const indices = npz.read('index');
  const size = sizeOf(stored.shape.slice(1));
  const rowAt = (row: number): Float32Array =>
    Float32Array.from({ length: size }, (_, i) => Number(stored.data[row * size + i]));
  return new Map(
    Array.from({ length: stored.shape[0] ?? 0 }, (_, row) => [
      Number(indices.data[row]),
      rowAt(row),
    ]),
  );
}
