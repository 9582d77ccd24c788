/**
 * The truth about specification rows of an affine network: their values at the centre and their
 * coefficients, found by moving one input element at a time in float64, which is exact for affine maps.
 */
import type { Graph } from '../../src/graph/graph.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { evaluateOutputs } from '../oracle/evaluate.ts';
import type { Boxes } from './boxes.ts';

/** specification·output in float64, rows of all samples in a list. */
export function applied(
  specification: Tensor<'float32'>,
  output: ArrayLike<number | bigint>,
): number[] {
  const [, count = 1, size = 1] = specification.shape;
  return Array.from({ length: specification.data.length / size }, (_, at) => {
    const row = Math.floor(at / count);
    let sum = 0;
    for (let i = 0; i < size; i++) {
      sum += (specification.data[at * size + i] ?? 0) * Number(output[row * size + i]);
    }
    return sum;
  });
}

interface Coefficient {
  /** The element's distance from the centre to its box's ends. */
  readonly down: number;
  readonly up: number;
  readonly slope: number;
}

export interface AffineRow {
  readonly centre: number;
  readonly coefficients: readonly Coefficient[];
}

/** Every specification row, in order. */
export function affineRows(
  graph: Graph,
  boxes: Boxes,
  rows: number,
  specification: Tensor<'float32'>,
): AffineRow[] {
  const [, count = 1] = specification.shape;
  const valueAt = (name: string, element: number): number[] => {
    const feeds = Object.fromEntries(
      Object.entries(boxes).map(([other, { centre }]) => {
        const size = centre.data.length / rows;
        const moved = (i: number): number => Number(other === name && i % size === element);
        const data = Float64Array.from(centre.data, (x, i) => x + moved(i));
        return [other, { shape: centre.shape, data }];
      }),
    );
    return applied(specification, evaluateOutputs(graph, feeds)['out']?.data ?? []);
  };
  const centres = valueAt('', -1);
  const coefficients = centres.map((): Coefficient[] => []);
  for (const [name, { centre, lower, upper }] of Object.entries(boxes)) {
    const size = centre.data.length / rows;
    for (let element = 0; element < size; element++) {
      valueAt(name, element).forEach((value, at) => {
        const i = Math.floor(at / count) * size + element;
        const x = centre.data[i] ?? 0;
        const slope = value - (centres[at] ?? 0);
        const [down, up] = [(lower.data[i] ?? 0) - x, (upper.data[i] ?? 0) - x];
        coefficients[at]?.push({ down, up, slope });
      });
    }
  }
  return centres.map((centre, at) => ({ centre, coefficients: coefficients[at] ?? [] }));
}

/** The least value over the box. */
export function minimumOverBox({ centre, coefficients }: AffineRow): number {
  return coefficients.reduce(
    (sum, { down, up, slope }) => sum + Math.min(slope * down, slope * up),
    centre,
  );
}

/** The least value over an ℓ2 ball around the centre. */
export function minimumOverBall({ centre, coefficients }: AffineRow, epsilon: number): number {
  return centre - epsilon * Math.hypot(...coefficients.map(({ slope }) => slope));
}
