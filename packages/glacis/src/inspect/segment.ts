/**
 * A segment of a line on which the function's gain is compared with the integral of its derivative, the
 * same number for any continuous function. Float32 evaluates a function with an error, so the gain is
 * taken between clusters of points at both ends, and their scatter tells what the error is.
 */
import { type Integral, integrate, type Line, refined, type Value } from './line.ts';
import { mean, variance } from './scatter.ts';

export const SLOPE_TOLERANCE = 1e-3;

/** Each cluster lies within this share of half the segment. */
const CLUSTER = 1 / 8;
/** A mismatch stands when a finer integral leaves so much of it; halvings until that is so. */
const [STANDS, REFINEMENTS] = [0.9, 3];
/** Standard deviations that a mismatch must exceed. */
const SURE = 4;

export type Finding =
  /** Relative to the gradient's length times the segment's. */
  | { readonly kind: 'compared'; readonly error: number }
  | { readonly kind: 'kinks' }
  | { readonly kind: 'noise' }
  /** Neither the function nor its derivative is anything but constant and zero. */
  | { readonly kind: 'flat' }
  | Mismatch;

export interface Mismatch {
  readonly kind: 'mismatch';
  readonly error: number;
  readonly mismatch: number;
}

export interface SegmentEffort {
  readonly points: number;
  readonly ends: number;
  /** The integral counts as settled when its error is at most this share of the tolerance. */
  readonly settled: number;
}

export async function compareOn(
  line: Line,
  reach: number,
  { points, ends, settled }: SegmentEffort,
): Promise<Finding> {
  const integral = await integrate(line, -reach, reach, {
    points,
    tolerance: settled * SLOPE_TOLERANCE,
  });
  if (await undefinedSlope(line, integral)) {
    return { kind: 'mismatch', error: Infinity, mismatch: Infinity };
  }
  if (!integral.settled) return { kind: 'kinks' };
  const near = Array.from({ length: ends }, (_, j) => reach * (1 - (CLUSTER * (j + 0.5)) / ends));
  const at = [...near, ...near.map((t) => -t)];
  const values = await line.values(at);
  const judge = (by: Integral): Finding =>
    judged(by, at, values, { reach, ends, pointRounding: line.pointRounding });
  return standing(line, integral, judge);
}

/** What an integral's own error did is no mismatch: that shrinks as the integral is refined. */
async function standing(
  line: Line,
  integral: Integral,
  judge: (by: Integral) => Finding,
): Promise<Finding> {
  let [finer, finding] = [integral, judge(integral)];
  for (let refinement = 0; finding.kind === 'mismatch'; refinement++) {
    if (refinement === REFINEMENTS) return { kind: 'kinks' };
    finer = await refined(line, finer);
    const before = finding.mismatch;
    finding = judge(finer);
    if (finding.kind === 'mismatch' && finding.mismatch >= STANDS * before) break;
  }
  return finding;
}

/** A derivative that is not a number where the function is one. */
async function undefinedSlope(line: Line, { slopes }: Integral): Promise<boolean> {
  const odd = slopes.filter(({ slope }) => Number.isNaN(slope)).slice(0, 2);
  if (odd.length === 0) return false;
  const values = await line.values(odd.map(({ at }) => at));
  return values.some(({ value }) => Number.isFinite(value));
}

function judged(
  integral: Integral,
  at: readonly number[],
  values: readonly Value[],
  { reach, ends, pointRounding }: { reach: number; ends: number; pointRounding: number },
): Finding {
  const rest = at.map((t, j) => (values[j]?.value ?? Number.NaN) - integral.to(t));
  const [up, down] = [rest.slice(0, ends), rest.slice(ends)];
  const mismatch = Math.abs(mean(up) - mean(down));
  if (!Number.isFinite(mismatch)) return { kind: 'noise' };
  const scatter = Math.sqrt((variance(up) + variance(down)) / 2);
  // What all points of a cluster share does not scatter: the outputs' own rounding, and the points'.
  const shared = Math.hypot(
    Math.SQRT2 * Math.max(...values.map(({ rounding }) => rounding)),
    integral.length * pointRounding,
  );
  const noise = Math.hypot(scatter * Math.sqrt(2 / ends), shared);
  const length = 2 * reach * (1 - CLUSTER / 2);
  const gain =
    mean(values.slice(0, ends).map(({ value }) => value)) -
    mean(values.slice(ends).map(({ value }) => value));
  // A gain far beyond what the gradient's length allows is a scale of its own.
  const scale = Math.max(integral.length * length, Math.abs(gain) / SURE);
  if (mismatch === 0 && scale === 0) return { kind: 'flat' };
  const error = mismatch / scale;
  const allowed = SLOPE_TOLERANCE * scale;
  if (mismatch > allowed + SURE * noise) {
    return { kind: 'mismatch', error, mismatch };
  }
  return mismatch <= allowed && SURE * noise <= allowed
    ? { kind: 'compared', error }
    : { kind: 'noise' };
}
