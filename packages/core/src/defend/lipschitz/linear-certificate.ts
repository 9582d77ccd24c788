/**
 * What shows that a linear classifier is the best one of its Lipschitz constant. The problem is
 *
 *   min over w, b of F = (1/n) Σ φ(yᵢ(w·xᵢ + b)), ‖w‖_q ≤ L,
 *
 * where |f(x) − f(x′)| ≤ L·‖x − x′‖_p for the dual exponent p. For every α with Σ αᵢyᵢ = 0 in the domain of the
 * conjugate, Fenchel's dual D(α) = −(1/n) Σ φ*(−αᵢ) − L·‖v‖_p, v = (1/n) Σ αᵢyᵢxᵢ, is at most F (Rockafellar
 * 1970, § 31). λ = ‖v‖_p is the multiplier of the constraint.
 */
import type { LinearLoss } from './linear-loss.ts';

/** A constraint of the problem and its multiplier. */
export interface PairConstraint {
  readonly classes: readonly [number, number];
  /** ‖w_j − w_k‖_q: how much the difference of the two scores may change for each unit of distance. */
  readonly length: number;
  readonly multiplier: number;
}

/** Samples of two classes. */
export interface LinearData {
  /** [rows, columns] */
  readonly x: Float64Array;
  /** 1 or −1 for each row. */
  readonly y: Float64Array;
}

/** Lengths of vectors in float64, in the constrained norm ℓ_q and in its dual ℓ_p. */
export interface NormPair {
  readonly length: (a: ArrayLike<number>) => number;
  readonly dualLength: (a: ArrayLike<number>) => number;
}

export interface Certificate {
  readonly primal: number;
  readonly dual: number;
  /** (primal − dual) / max(1, |primal|). */
  readonly gap: number;
  /** ‖w‖_q, of several classes the greatest ‖w_j − w_k‖_q. */
  readonly length: number;
  /** λ ≥ 0: by how much the least loss falls where L grows; of several classes Σ λ_jk. */
  readonly multiplier: number;
  /** λ·(L − ‖w‖_q), summed over pairs of classes: 0 at the optimum. */
  readonly slackness: number;
  readonly pairs: readonly PairConstraint[];
}

export interface LinearClassifier {
  readonly weights: Float64Array;
  readonly bias: number;
}

export function marginsOf({ x, y }: LinearData, { weights, bias }: LinearClassifier): Float64Array {
  const width = weights.length;
  return y.map((label, row) => {
    let score = bias;
    for (let j = 0; j < width; j++) score += (weights[j] ?? 0) * (x[row * width + j] ?? 0);
    return label * score;
  });
}

/** (1/n) Σ αᵢyᵢxᵢ: the negative gradient of F at the α of its margins. */
export function pull({ x, y }: LinearData, alpha: Float64Array, width: number): Float64Array {
  const v = new Float64Array(width);
  for (const [row, label] of y.entries()) {
    const share = ((alpha[row] ?? 0) * label) / y.length;
    for (let j = 0; j < width; j++) v[j] = (v[j] ?? 0) + share * (x[row * width + j] ?? 0);
  }
  return v;
}

/**
 * Scales the weights of one class so that both sum to the same, which Σ αᵢyᵢ = 0 asks for; none grows, so
 * that all stay in their domain. Of a loss without such a domain the mean is taken off instead.
 */
export function balanced({ y }: LinearData, alpha: Float64Array, isBounded: boolean): Float64Array {
  const sum = (side: number): number =>
    alpha.reduce((total, a, i) => total + (y[i] === side ? a : 0), 0);
  const [positive, negative] = [sum(1), sum(-1)];
  if (!isBounded) {
    const mean = (positive - negative) / y.length;
    return alpha.map((a, i) => a - (y[i] ?? 0) * mean);
  }
  const common = Math.min(positive, negative);
  return alpha.map((a, i) => {
    const own = y[i] === 1 ? positive : negative;
    return own > 0 ? (a * common) / own : 0;
  });
}

/** How far a classifier is from the optimum, by a dual point made of the given weights of its margins. */
export function certificateOf(
  data: LinearData,
  loss: LinearLoss,
  classifier: LinearClassifier,
  alpha: Float64Array,
  { norm, limit }: { readonly norm: NormPair; readonly limit: number },
): Certificate {
  const rows = data.y.length;
  const { weights } = classifier;
  const primal =
    marginsOf(data, classifier).reduce((sum, margin) => sum + loss.value(margin), 0) / rows;
  const feasible = balanced(data, alpha, loss.curvature !== 1);
  const multiplier = norm.dualLength(pull(data, feasible, weights.length));
  const conjugates = feasible.reduce((sum, a) => sum + loss.conjugate(a), 0) / rows;
  const dual = -conjugates - limit * multiplier;
  const length = norm.length(weights);
  return {
    primal,
    dual,
    gap: (primal - dual) / Math.max(1, Math.abs(primal)),
    length,
    multiplier,
    slackness: multiplier * (limit - length),
    pairs: [{ classes: [0, 1], length, multiplier }],
  };
}
