/**
 * Losses of the scores z of several classes, none of which changes where all scores rise alike, with what convex
 * duality needs of them: ℓ(z) = max over p, Σ p = 1, of (p − e_y)·z − ℓ*(p), reached at the p with ∇ℓ = p − e_y.
 * Of two classes they are the losses of a margin (linear-loss.ts).
 */
import type { LinearLossName } from './linear-loss.ts';

export interface ClassLoss {
  readonly value: (z: Float64Array, answer: number) => number;
  /** Writes p. */
  readonly reached: (z: Float64Array, answer: number, p: Float64Array) => void;
  readonly conjugate: (p: Float64Array, answer: number) => number;
  /** Whether p are probabilities, or of either sign. */
  readonly isBounded: boolean;
  /** At least every eigenvalue of ∇²ℓ where p is reached; Infinity where there is a kink. */
  readonly curvature: (p: Float64Array) => number;
  /** The same at every p. */
  readonly greatestCurvature: number;
}

function softmax(z: Float64Array, p: Float64Array): number {
  let [most, sum] = [-Infinity, 0];
  for (const score of z) most = Math.max(most, score);
  for (let k = 0; k < z.length; k++) {
    const value = Math.exp((z[k] ?? 0) - most);
    p[k] = value;
    sum += value;
  }
  for (let k = 0; k < z.length; k++) p[k] = (p[k] ?? 0) / sum;
  return most + Math.log(sum);
}

/** t·log t, and its limit. */
const entropy = (t: number): number => (t > 0 ? t * Math.log(t) : 0);

/** The scores without their mean, less those of the right answer. */
function residual(z: Float64Array, answer: number): Float64Array {
  const mean = z.reduce((sum, score) => sum + score, 0) / z.length;
  return z.map((score, k) => score - mean + 1 / z.length - (k === answer ? 1 : 0));
}

export const classLosses = {
  /** ‖C·(z − e_y)‖², C = 1 − 11ᵀ/K. */
  squared: {
    value: (z, answer) => residual(z, answer).reduce((sum, r) => sum + r * r, 0),
    reached: (z, answer, p) =>
      residual(z, answer).forEach((r, k) => (p[k] = 2 * r + (k === answer ? 1 : 0))),
    conjugate: (p, answer) => {
      const squares = p.reduce((sum, each, k) => sum + (each - (k === answer ? 1 : 0)) ** 2, 0);
      return squares / 4 - 1 + (p[answer] ?? 0);
    },
    isBounded: false,
    curvature: () => 2,
    greatestCurvature: 2,
  },
  /** Cross-entropy of the softmax: its second derivative is diag(p) − p·pᵀ (Gershgorin; Böhning 1992). */
  logistic: {
    value: (z, answer) => softmax(z, new Float64Array(z.length)) - (z[answer] ?? 0),
    reached: (z, _answer, p) => void softmax(z, p),
    conjugate: (p) => p.reduce((sum, each) => sum + entropy(each), 0),
    isBounded: true,
    curvature: (p) => p.reduce((most, each) => Math.max(most, 2 * each * (1 - each)), 0),
    greatestCurvature: 0.5,
  },
  /** max over k of z_k − z_y + [k ≠ y] (Crammer & Singer 2001). */
  hinge: {
    value: (z, answer) =>
      z.reduce((most, score, k) => {
        const lead = k === answer ? 0 : 1;
        return Math.max(most, score - (z[answer] ?? 0) + lead);
      }, 0),
    reached: (z, answer, p) => {
      const lost = z.map((score, k) => score + (k === answer ? 0 : 1));
      const worst = lost.indexOf(lost.reduce((a, b) => Math.max(a, b), -Infinity));
      p.fill(0)[worst] = 1;
    },
    conjugate: (p, answer) => (p[answer] ?? 0) - 1,
    isBounded: true,
    curvature: () => Infinity,
    greatestCurvature: Infinity,
  },
} as const satisfies Record<LinearLossName, ClassLoss>;
