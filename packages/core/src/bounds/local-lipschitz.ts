/**
 * Lipschitz constants of a classifier's margins over a ball, for every pair of norms, from bounds on the gradient
 * graph (Hein and Andriushchenko 2017; Jordan and Dimakis 2020, for pairs of norms): the Jacobian of the margins is
 * nowhere on the ball larger, element by element, than a matrix of sizes, and neither are its norms.
 */
import { ownAnswer } from '../runtime/judgement.ts';
import { runRows } from '../runtime/rows.ts';
import { ballFeeds, type Rows, type SetContext, threatKey } from '../threats/ball.ts';
import type { LipschitzConstants } from './layer-norms.ts';
import { MOST_VALUES } from './lipschitz.ts';
import { marginGradientGraph } from './margin-graph.ts';

/** By the norm in which inputs change. */
export interface ConstantPairs {
  readonly linf: LipschitzConstants;
  readonly l2: LipschitzConstants;
  readonly l1: LipschitzConstants;
}

export interface LocalLipschitz {
  /** The class that the model answers at the centre; the margins are its score's over the others'. */
  readonly answer: number;
  /** How far all margins together change in a norm, at most, for a change of the input of length 1 in another. */
  readonly all: ConstantPairs;
  /** The same of each margin: the greatest dual norm of its gradient. */
  readonly margins: readonly (LipschitzConstants & { readonly class: number })[];
}

/** More than float64 sums of fewer than 2³⁰ numbers lose. */
const ROOM = 1 + 2 ** -20;

/**
 * Over the ball of a radius around x [sampleSize], of the network over the reals; null where a value inside was not
 * finite. `stream` is the index that fixed inputs go by. Throws ModelError where a value jumps.
 */
export async function localLipschitz(
  context: SetContext,
  x: Float32Array,
  radius: number,
  stream = 0,
): Promise<LocalLipschitz | null> {
  const { classifier, threat, signal } = context;
  const answer = ownAnswer(await classifier.judge(x, [stream]), 0);
  const label = classifier.kept(answer);
  const name = `margin gradients/${threatKey(threat)}`;
  const program = await classifier.programs.named(name, () =>
    marginGradientGraph(classifier, threat, MOST_VALUES),
  );
  const rows: Rows = {
    count: 1,
    x,
    labels: Int32Array.of(label),
    radii: Float64Array.of(radius),
    streams: [stream],
  };
  const results = await runRows(
    classifier,
    program,
    ballFeeds(context, rows, 'outward'),
    1,
    signal,
  );
  const { sizes, finite } = results;
  if (!sizes || finite?.[0] !== 1) return null;
  const width = sizes.length / classifier.classes;
  const own = Array.from({ length: classifier.classes }, (_, k) => k).filter((k) => k !== label);
  const jacobian = own.map((k) => sizes.subarray(k * width, (k + 1) * width));
  const margins = own.map((k, i) => {
    const gradient = jacobian[i] ?? new Float32Array();
    return {
      class: k,
      linf: length(gradient, 1),
      l2: length(gradient, 2),
      l1: length(gradient, Infinity),
    };
  });
  return { answer, all: pairs(jacobian, width), margins };
}

/** ‖v‖, rounded up, of v ≥ 0. */
function length(v: ArrayLike<number>, order: number): number {
  let [sum, most] = [0, 0];
  for (let i = 0; i < v.length; i++) {
    const value = v[i] ?? 0;
    sum += order === 2 ? value * value : value;
    most = Math.max(most, value);
  }
  if (order === Infinity) return most;
  return (order === 2 ? Math.sqrt(sum) : sum) * ROOM;
}

function lengths(v: ArrayLike<number>): LipschitzConstants {
  return { linf: length(v, Infinity), l2: length(v, 2), l1: length(v, 1) };
}

/** Norms of a matrix of numbers ≥ 0 as a map, from above; where p = q = 2 not the norm itself. */
function pairs(matrix: readonly Float32Array[], width: number): ConstantPairs {
  const rowSums = matrix.map((row) => length(row, 1));
  const columns = Array.from({ length: width }, (_, i) => matrix.map((row) => row[i] ?? 0));
  const columnSums = columns.map((column) => length(column, 1));
  const most = (values: readonly number[]): number => length(values, Infinity);
  // The greatest of all vectors of ones, and of unit vectors; of Euclidean lengths, the least of two bounds.
  const frobenius = length(
    matrix.map((row) => length(row, 2)),
    2,
  );
  const between = Math.sqrt(most(rowSums) * most(columnSums)) * ROOM;
  const of = columns.map(lengths);
  return {
    linf: lengths(rowSums),
    l2: {
      linf: most(matrix.map((row) => length(row, 2))),
      l2: Math.min(frobenius, between),
      l1: length(columnSums, 2),
    },
    l1: {
      linf: most(of.map(({ linf }) => linf)),
      l2: most(of.map(({ l2 }) => l2)),
      l1: most(of.map(({ l1 }) => l1)),
    },
  };
}
