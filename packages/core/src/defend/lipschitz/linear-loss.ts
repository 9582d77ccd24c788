/**
 * Losses of a linear classifier of two classes, y = ±1, as functions of the margin m = y·(w·x + b), with
 * what convex duality needs of them: φ(m) = max over α of −α·m − φ*(−α), reached at α = −φ′(m).
 */

export interface LinearLoss {
  readonly value: (margin: number) => number;
  /** α = −φ′(m). */
  readonly weight: (margin: number) => number;
  /** φ*(−α), for an α that is a weight of some margin. */
  readonly conjugate: (weight: number) => number;
  /** Bound on φ″; Infinity where there is a kink. */
  readonly curvature: number;
}

/** t·log t, and its limit. */
const entropy = (t: number): number => (t > 0 ? t * Math.log(t) : 0);

export const linearLosses = {
  squared: {
    value: (m) => (1 - m) ** 2 / 2,
    weight: (m) => 1 - m,
    conjugate: (a) => (a * a) / 2 - a,
    curvature: 1,
  },
  logistic: {
    value: (m) => Math.log1p(Math.exp(-Math.abs(m))) + Math.max(-m, 0),
    weight: (m) => 1 / (1 + Math.exp(m)),
    conjugate: (a) => entropy(a) + entropy(1 - a),
    curvature: 0.25,
  },
  hinge: {
    value: (m) => Math.max(0, 1 - m),
    weight: (m) => (m < 1 ? 1 : 0),
    conjugate: (a) => -a,
    curvature: Infinity,
  },
} as const satisfies Record<string, LinearLoss>;

export type LinearLossName = keyof typeof linearLosses;
