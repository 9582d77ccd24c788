/** The matrix of a graph that is affine in `x`, and its spectral norm. */
import type { Graph } from '../src/graph/graph.ts';
import { floats, sizeOf } from '../src/tensor/tensor.ts';
import { evaluateOutputs } from './oracle/evaluate.ts';

/** Its columns: what `out` makes of each unit vector of the shape, less what of 0. */
export function columnsOf(graph: Graph, shape: readonly number[]): number[][] {
  const size = sizeOf(shape);
  const units = new Float32Array((size + 1) * size);
  for (let i = 0; i < size; i++) units[i * (size + 1)] = 1;
  const values = evaluateOutputs(graph, { x: floats(units, [size + 1, ...shape]) })['out'];
  const data = Array.from(values?.data ?? [], Number);
  const width = data.length / (size + 1);
  const ofZero = data.slice(size * width);
  return Array.from({ length: size }, (_, i) =>
    ofZero.map((value, r) => (data[i * width + r] ?? 0) - value),
  );
}

/** ‖A‖₂ from below, by power iteration on the columns of A. */
export function powerIteration(columns: readonly number[][]): number {
  let v = columns.map((_, i) => 1 + 0.5 * Math.sin(3 * i));
  let norm = 0;
  for (let round = 0; round < 500; round++) {
    const image = (columns[0] ?? []).map((_, r) =>
      columns.reduce((sum, column, c) => sum + (column[r] ?? 0) * (v[c] ?? 0), 0),
    );
    norm = Math.hypot(...image) / Math.hypot(...v);
    const back = columns.map((column) =>
      column.reduce((sum, value, r) => sum + value * (image[r] ?? 0), 0),
    );
    const length = Math.hypot(...back) || 1;
    v = back.map((value) => value / length);
  }
  return norm;
}
