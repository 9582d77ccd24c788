/**
 * Brings samples into the shape of the model's input where only one reading is possible: reshaping
 * that moves nothing, and channels moved from last to first or back. All else is an error.
 */

import { reshaped, sizeOf } from '@glacis/core';
import type { Tensor } from '@glacis/core';
import { UsageError } from '../errors.ts';
import { showShape } from './array.ts';

/**
 * `x` is [samples, …shape]; `inputShape` is that of one sample for the model ([1, 28, 28], [784]).
 * The result is [samples, …inputShape]; `notes` says what was done. Shares memory with `x` unless
 * channels move. Throws UsageError naming both shapes and the likely cause.
 */
export function fitToModel(
  x: Tensor<'float32'>,
  inputShape: readonly number[],
): { x: Tensor<'float32'>; notes: string[] } {
  const [samples = 0, ...shape] = x.shape;
  const change = `Samples of shape ${showShape(shape)} are`;
  const target = [samples, ...inputShape];
  if (equal(shape, inputShape)) return { x, notes: [] };
  if (sizeOf(shape) !== sizeOf(inputShape)) throw misfit(x.shape, inputShape, cause(x, inputShape));

  const inner = shape.filter((dim) => dim !== 1);
  const wanted = inputShape.filter((dim) => dim !== 1);
  if (equal(inner, wanted)) {
    const note = `${change} reshaped to the model's ${showShape(inputShape)}.`;
    return { x: reshaped(x, target), notes: [note] };
  }
  const move = channelMove(shape, inputShape) ?? channelMove(inner, wanted);
  if (move === 'ambiguous') {
    throw misfit(
      x.shape,
      inputShape,
      'it could be the channels or the height and width that are swapped: save the data in the shape of the model',
    );
  }
  if (move) {
    const [from, to] = move.channels === 'first' ? ['last', 'first'] : ['first', 'last'];
    const note = `${change} channels-${from} and are transposed to the model's channels-${to} ${showShape(inputShape)}.`;
    return { x: { ...x, shape: target, data: transposed(x.data, samples, move) }, notes: [note] };
  }
  if (inner.length <= 1 || wanted.length <= 1) {
    const verb = inner.length <= 1 ? 'reshaped' : 'flattened';
    const note = `${change} ${verb} to the model's ${showShape(inputShape)}, in the order they are stored.`;
    return { x: reshaped(x, target), notes: [note] };
  }
  throw misfit(x.shape, inputShape, 'the axes are in another order, or mean something else');
}

/** A sample seen as a matrix [rows, columns] that is to be transposed. */
interface Move {
  readonly channels: 'first' | 'last';
  readonly rows: number;
  readonly columns: number;
}

/** Whether [H, W, C] becomes [C, H, W] or the reverse; ambiguous if swapping axes explains it too. */
function channelMove(from: readonly number[], to: readonly number[]): Move | 'ambiguous' | null {
  const [a, b, c] = from;
  if (from.length !== 3 || a === undefined || b === undefined || c === undefined) return null;
  const first = equal(to, [c, a, b]);
  if (!first && !equal(to, [b, c, a])) return null;
  // With a = c the image could instead have its height and width swapped.
  if (a === c) return 'ambiguous';
  return first
    ? { channels: 'first', rows: a * b, columns: c }
    : { channels: 'last', rows: a, columns: b * c };
}

function transposed(data: Float32Array, samples: number, { rows, columns }: Move): Float32Array {
  const size = rows * columns;
  const result = new Float32Array(data.length);
  for (let start = 0; start < samples * size; start += size) {
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) {
        result[start + c * rows + r] = data[start + r * columns + c] ?? 0;
      }
    }
  }
  return result;
}

/** The likely reason why the numbers of elements differ. */
function cause(x: Tensor<'float32'>, inputShape: readonly number[]): string {
  const found = sizeOf(x.shape.slice(1));
  const wanted = sizeOf(inputShape);
  const [rows = 1, ...sample] = inputShape;
  // Planes of an image are its channels rather.
  const batched = rows > 1 && sample.length > 0 && (rows === 2 || sample.length !== 2);
  if (batched && equal(x.shape.slice(1), sample)) {
    return `the model was exported for exactly ${rows} samples at once; export it for one sample, or with a dynamic batch axis`;
  }
  if (!inputShape.every((dim) => Number.isSafeInteger(dim) && dim > 0)) {
    return "the model's input shape is not fixed: give the model fixed sizes";
  }
  if (sizeOf(x.shape) === wanted) {
    return 'the data look like one sample without the axis that counts samples: save x[None]';
  }
  if (found === 3 * wanted) return 'the data look like colour images and the model wants grey';
  if (wanted === 3 * found) return 'the data look like grey images and the model wants colour';
  if (Math.abs(found - wanted) === 1) {
    return (
      'there is one feature too ' +
      (found > wanted ? 'many' : 'few') +
      ': an index or label column?'
    );
  }
  return 'the data and the model do not belong together, or images must be resized first';
}

function misfit(
  shape: readonly number[],
  inputShape: readonly number[],
  reason: string,
): UsageError {
  return new UsageError(
    `The data have the shape ${showShape(shape)}, samples first, and the model takes ${showShape(inputShape)} for one sample: ${reason}${reason.endsWith('?') ? '' : '.'}`,
  );
}

function equal(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}
