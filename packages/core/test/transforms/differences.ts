/**
 * A gradient graph held against central differences of the graph itself, both evaluated by the oracle
 * in float64. Where the one-sided differences disagree there is a kink or a step between the points:
 * such rows are left out and counted.
 */
import assert from 'node:assert/strict';
import type { Builder } from '../../src/graph/builder.ts';
import type { Graph, Node } from '../../src/graph/graph.ts';
import { sizeOf } from '../../src/tensor/tensor.ts';
import { gradientOf } from '../../src/transforms/gradient.ts';
import { Draw } from '../generators/draw.ts';
import { evaluateOutputs, type Feeds } from '../oracle/evaluate.ts';
import type { Value } from '../oracle/value.ts';

const STEP = 1e-6;
const TOLERANCE = 1e-5;

/** What is differentiated: a weighted sum of each row's elements, the weights fixed and uneven. */
export function weightedRows(b: Builder, output: Node): Node {
  const dims = output.shape.slice(1).map(Number);
  const weights = Float32Array.from({ length: sizeOf(dims) }, (_, i) => 0.5 + Math.sin(i + 1) / 2);
  return b.sumRows(b.mul(output, b.floats(weights, [1, ...dims])));
}

export interface Differentiated {
  readonly graph: Graph;
  readonly feeds: Feeds;
  /** The input to differentiate with respect to. */
  readonly at: string;
  /** The output that is differentiated. */
  readonly output: string;
  /** Whether the input is shared by all rows (a weight): then the rows' sum is compared. */
  readonly shared?: boolean;
}

export function gradientGraph({ graph, at, output }: Omit<Differentiated, 'feeds'>): Graph {
  return gradientOf(graph, { of: weightedRows, at, output });
}

/** Compares along random directions; returns how many numbers were compared. */
export function expectGradientMatches(subject: Differentiated, seed: number): number {
  const { feeds, at, shared = false } = subject;
  const derived = gradientGraph(subject);
  const { value, gradient } = evaluateOutputs(derived, feeds);
  const x = feeds[at];
  if (!value || !gradient || !x) throw new RangeError(`nothing is fed to ${at}`);
  const rows = shared ? 1 : (value.shape[0] ?? 1);
  const draw = new Draw(seed);
  let compared = 0;
  for (let direction = 0; direction < 2; direction++) {
    const towards = Float64Array.from({ length: x.data.length }, () => draw.real(-1, 1));
    const along = (t: number): number[] => {
      const data = towards.map((d, i) => Number(x.data[i]) + t * d);
      const moved = { ...feeds, [at]: { shape: x.shape, data } };
      return perRow(evaluateOutputs(derived, moved)['value'], rows);
    };
    const [after, here, before] = [along(STEP), along(0), along(-STEP)];
    const slopes = perRow(
      { shape: gradient.shape, data: gradient.data.map((g, i) => g * (towards[i] ?? 0)) },
      rows,
    );
    for (let row = 0; row < rows; row++) {
      const [high = 0, middle = 0, low = 0] = [after[row], here[row], before[row]];
      const central = (high - low) / (2 * STEP);
      const allowed = TOLERANCE * (1 + Math.abs(central));
      if (!(Math.abs(high - 2 * middle + low) / STEP <= allowed)) continue;
      compared++;
      const off = Math.abs((slopes[row] ?? Number.NaN) - central);
      if (!(off <= 2 * allowed)) {
        assert.fail(`the slope along a direction is ${slopes[row]}, differences say ${central}`);
      }
    }
  }
  return compared;
}

function perRow(value: Value | undefined, rows: number): number[] {
  const data = value?.data ?? new Float64Array();
  const size = data.length / rows;
  return Array.from({ length: rows }, (_, row) =>
    data.subarray(row * size, (row + 1) * size).reduce((sum, element) => sum + element, 0),
  );
}
