/**
 * The one-cycle learning rate: Smith & Topin, "Super-Convergence" (2018). It rises to its peak over
 * the first part of the training, then falls far below where it began, each along half a cosine.
 */

export interface OneCycle {
  readonly peak: number;
  /** Share of the steps on which the rate rises. */
  readonly rise: number;
  /** The peak is so many times the first rate, and the last. */
  readonly first: number;
  readonly last: number;
}

/** A cycle with the usual proportions. */
export function oneCycle(peak: number): OneCycle {
  return { peak, rise: 0.3, first: 25, last: 250_000 };
}

/** From `a` at share 0 to `b` at share 1, level at both ends. */
function along(a: number, b: number, share: number): number {
  return b + (a - b) * (0.5 + 0.5 * Math.cos(Math.PI * share));
}

/** The rate of step `step` (from 0) of `steps`. */
export function rateAt({ peak, rise, first, last }: OneCycle, step: number, steps: number): number {
  const share = steps > 1 ? step / (steps - 1) : 1;
  return share < rise
    ? along(peak / first, peak, share / rise)
    : along(peak, peak / last, (share - rise) / (1 - rise));
}
