/** How the learning rate changes over a training, as a share of its peak. */

/** `share`: of the training that is over, 0 to 1. */
export type Schedule = (share: number) => number;

/** From `a` at 0 to `b` at 1 along half a cosine, level at both ends. */
function along(a: number, b: number, share: number): number {
  return b + (a - b) * (0.5 + 0.5 * Math.cos(Math.PI * share));
}

/** Share of the training on which the one-cycle rate rises; its first and last rate. */
const [RISE, FIRST, LAST] = [0.3, 1 / 25, 1 / 250_000];

/** Falls to a tenth at these shares. */
const DROPS = [0.6, 0.85];

export const schedules = {
  /** Smith & Topin, "Super-Convergence" (2018): up, then far below where it began. */
  'one-cycle': (share) =>
    share < RISE ? along(FIRST, 1, share / RISE) : along(1, LAST, (share - RISE) / (1 - RISE)),
  /** Loshchilov & Hutter (2017), without restarts. */
  cosine: (share) => along(1, 0, share),
  step: (share) => 0.1 ** DROPS.filter((drop) => share >= drop).length,
} as const satisfies Record<string, Schedule>;

export type ScheduleName = keyof typeof schedules;

/** The share at step `step` (from 0) of `steps`. */
export function shareAt(step: number, steps: number): number {
  return steps > 1 ? step / (steps - 1) : 1;
}
