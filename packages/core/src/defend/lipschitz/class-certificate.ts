/**
 * What shows that a linear classifier of K classes is the best one of its Lipschitz constant. The problem is
 *
 *   min over W, b of F = (1/n) Σ ℓ(W·xᵢ + b, yᵢ), ‖w_j − w_k‖_q ≤ L for every pair j < k:
 *
 * no difference of two scores then changes by more than L·‖x − x′‖_p. For every p with (1/n) Σ pᵢ = the classes'
 * shares, and V = (1/n) Σ (e_yᵢ − pᵢ)·xᵢᵀ written as V_j = Σ_k u_jk with u_jk = −u_kj, Fenchel's dual
 * D = −(1/n) Σ ℓ*(pᵢ) − L·Σ_{j<k} ‖u_jk‖_p is at most F (Rockafellar 1970, § 31). λ_jk = ‖u_jk‖_p is the
 * multiplier of a pair's constraint.
 */
import type { Certificate, NormPair } from './linear-certificate.ts';
import type { ClassLoss } from './class-loss.ts';

export interface ClassData {
  /** [rows, columns] */
  readonly x: Float64Array;
  /** A class for each row, all of which occur. */
  readonly y: Int32Array;
  readonly classes: number;
}

export interface ClassScorer {
  /** [classes, columns] */
  readonly weights: Float64Array;
  readonly biases: Float64Array;
}

/** What is constrained, and by which L. */
export interface LimitedNorm {
  readonly norm: NormPair;
  readonly limit: number;
}

/** What a dual point is made of. */
export interface DualPoint {
  /** p: [rows, classes]. */
  readonly reached: Float64Array;
  /** u: a row of as many columns as the inputs for each pair of classes j < k, in the order of pairsOf. */
  readonly flows: Float64Array;
}

/** [0, 1], [0, 2], …, [1, 2], … */
export function pairsOf(classes: number): readonly (readonly [number, number])[] {
  return Array.from({ length: classes }, (_, j) => j).flatMap((j) =>
    Array.from({ length: classes - j - 1 }, (_, k) => [j, j + 1 + k] as const),
  );
}

/** W·x + b of each row: [rows, classes]. */
export function scoresOf(
  { x, y, classes }: ClassData,
  { weights, biases }: ClassScorer,
): Float64Array {
  const width = x.length / y.length;
  const scores = new Float64Array(y.length * classes);
  for (let row = 0; row < y.length; row++) {
    for (let k = 0; k < classes; k++) {
      let sum = biases[k] ?? 0;
      for (let j = 0; j < width; j++) {
        sum += (weights[k * width + j] ?? 0) * (x[row * width + j] ?? 0);
      }
      scores[row * classes + k] = sum;
    }
  }
  return scores;
}

/** p of all rows, of the scores given. */
export function reachedAt(
  { y, classes }: ClassData,
  loss: ClassLoss,
  scores: Float64Array,
): Float64Array {
  const reached = new Float64Array(scores.length);
  y.forEach((answer, row) => {
    const own = [row * classes, (row + 1) * classes] as const;
    loss.reached(scores.subarray(...own), answer, reached.subarray(...own));
  });
  return reached;
}

/** (1/n) Σ ℓ at the scores given. */
export function lossAt({ y, classes }: ClassData, loss: ClassLoss, scores: Float64Array): number {
  let sum = 0;
  y.forEach((answer, row) => {
    sum += loss.value(scores.subarray(row * classes, (row + 1) * classes), answer);
  });
  return sum / y.length;
}

/** (1/n) Σ (pᵢ − e_yᵢ): the gradient of F by the biases. */
export function excess({ y, classes }: ClassData, reached: Float64Array): Float64Array {
  const sums = new Float64Array(classes);
  reached.forEach((p, i) => (sums[i % classes] = (sums[i % classes] ?? 0) + p));
  for (const answer of y) sums[answer] = (sums[answer] ?? 0) - 1;
  return sums.map((sum) => sum / y.length);
}

/** V: the negative gradient of F by the weights, [classes, columns]. */
export function pullOf({ x, y, classes }: ClassData, reached: Float64Array): Float64Array {
  const width = x.length / y.length;
  const v = new Float64Array(classes * width);
  y.forEach((answer, row) => {
    for (let k = 0; k < classes; k++) {
      const share = ((k === answer ? 1 : 0) - (reached[row * classes + k] ?? 0)) / y.length;
      for (let j = 0; j < width; j++) {
        v[k * width + j] = (v[k * width + j] ?? 0) + share * (x[row * width + j] ?? 0);
      }
    }
  });
  return v;
}

/**
 * p moved until its means are the classes' shares π: by the excess s itself, or of probabilities by as little θ of
 * the way to ones that make up for it, (1 − θ)·p + θ·π − (1 − θ)·s, as keeps all from 0 upwards.
 */
function balancedBy(
  data: ClassData,
  { isBounded }: ClassLoss,
  reached: Float64Array,
): Float64Array {
  const { y, classes } = data;
  const over = excess(data, reached);
  if (!isBounded) return reached.map((p, i) => p - (over[i % classes] ?? 0));
  const shares = new Float64Array(classes);
  for (const answer of y) shares[answer] = (shares[answer] ?? 0) + 1 / y.length;
  const theta = over.reduce((most, s, k) => Math.max(most, s / (s + (shares[k] ?? 0))), 0);
  const added = over.map((s, k) => theta * (shares[k] ?? 0) - (1 - theta) * s);
  return reached.map((p, i) => Math.max(0, (1 - theta) * p + (added[i % classes] ?? 0)));
}

/** Flows whose sums are V exactly: what is missing is spread over all pairs. */
function meeting(v: Float64Array, flows: Float64Array, classes: number): Float64Array {
  const width = v.length / classes;
  const missing = v.slice();
  const pairs = pairsOf(classes);
  pairs.forEach(([from, to], pair) => {
    for (let j = 0; j < width; j++) {
      const flow = flows[pair * width + j] ?? 0;
      missing[from * width + j] = (missing[from * width + j] ?? 0) - flow;
      missing[to * width + j] = (missing[to * width + j] ?? 0) + flow;
    }
  });
  return flows.map((flow, i) => {
    const [from, to] = pairs[Math.floor(i / width)] ?? [0, 0];
    const at = i % width;
    return flow + ((missing[from * width + at] ?? 0) - (missing[to * width + at] ?? 0)) / classes;
  });
}

/** w_j − w_k for each pair. */
export function differences(weights: Float64Array, classes: number): Float64Array[] {
  const width = weights.length / classes;
  return pairsOf(classes).map(([from, to]) =>
    weights
      .subarray(from * width, (from + 1) * width)
      .map((value, j) => value - (weights[to * width + j] ?? 0)),
  );
}

/** The weights as much shorter as the longest difference has to become. */
export function shortened(
  weights: Float64Array,
  classes: number,
  { norm, limit }: LimitedNorm,
): Float64Array {
  const longest = Math.max(...differences(weights, classes).map((each) => norm.length(each)));
  return longest > limit ? weights.map((value) => (value * limit) / longest) : weights;
}

/** How far a classifier is from the optimum, by a dual point made of the one given. */
export function classCertificate(
  data: ClassData,
  loss: ClassLoss,
  scorer: ClassScorer,
  { reached, flows }: DualPoint,
  { norm, limit }: LimitedNorm,
): Certificate {
  const { y, classes } = data;
  const primal = lossAt(data, loss, scoresOf(data, scorer));
  const feasible = balancedBy(data, loss, reached);
  const exact = meeting(pullOf(data, feasible), flows, classes);
  const width = exact.length / pairsOf(classes).length;
  const lengths = differences(scorer.weights, classes).map((each) => norm.length(each));
  const pairs = pairsOf(classes).map((pair, i) => ({
    classes: pair,
    length: lengths[i] ?? 0,
    multiplier: norm.dualLength(exact.subarray(i * width, (i + 1) * width)),
  }));
  let conjugates = 0;
  y.forEach((answer, row) => {
    conjugates += loss.conjugate(feasible.subarray(row * classes, (row + 1) * classes), answer);
  });
  const multiplier = pairs.reduce((sum, pair) => sum + pair.multiplier, 0);
  const dual = -conjugates / y.length - limit * multiplier;
  return {
    primal,
    dual,
    gap: (primal - dual) / Math.max(1, Math.abs(primal)),
    length: lengths.reduce((most, length) => Math.max(most, length), 0),
    multiplier,
    slackness: pairs.reduce((sum, pair) => sum + pair.multiplier * (limit - pair.length), 0),
    pairs,
  };
}
