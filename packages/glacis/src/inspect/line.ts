/**
 * A line through a point: the function along it, and the integral of its derivative by adaptive
 * trapezoids. Intervals over which the derivative changes most are halved first, so that a kink costs
 * a few evaluations wherever it lies.
 */

/** Its number at some points, and how much of that float32 cannot tell. */
export interface Value {
  readonly value: number;
  /** Standard deviation of the error that rounding the outputs alone makes. */
  readonly rounding: number;
}

export interface Line {
  /** Derivatives along the line, and lengths of the gradient in units of a typical direction. */
  slopes(at: readonly number[]): Promise<Slope[]>;
  values(at: readonly number[]): Promise<Value[]>;
  /** How far the rounding of the points themselves moves the function, a unit of the gradient. */
  readonly pointRounding: number;
}

export interface Slope {
  readonly at: number;
  readonly slope: number;
  readonly length: number;
}

export interface Integral {
  /** From the beginning of the segment to a place on it. */
  to(at: number): number;
  /** Mean length of the gradient. */
  readonly length: number;
  /** Where the derivative was evaluated. */
  readonly slopes: readonly Slope[];
  /** Whether the error is within the tolerance, relative to the gradient's length. */
  readonly settled: boolean;
}

const FIRST_POINTS = 17;
const MOST_HALVED = 32;

export async function integrate(
  line: Line,
  from: number,
  to: number,
  { points, tolerance }: { readonly points: number; readonly tolerance: number },
): Promise<Integral> {
  const first = Math.min(FIRST_POINTS, points);
  const even = Array.from({ length: first }, (_, k) => from + ((to - from) * k) / (first - 1));
  let slopes = await line.slopes(even);
  for (;;) {
    const length = meanLength(slopes, to - from);
    const errors = slopes.slice(1).map((slope, k) => intervalError(slopes[k] ?? slope, slope));
    const allowed = tolerance * length * (to - from);
    const settled = Math.hypot(...errors) <= allowed;
    // An interval at fault has more than its share of the error.
    const share = allowed / (2 * Math.sqrt(errors.length));
    const worst = errors
      .map((error, k) => ({ error, k }))
      .filter(({ error }) => !(error <= share))
      .sort((a, b) => b.error - a.error)
      .slice(0, Math.min(MOST_HALVED, points - slopes.length));
    const over = errors.filter((error) => !(error <= share));
    // Kinks everywhere, not in places: as many more points as the error is too great.
    const needed = over.reduce((sum, error) => sum + error / share, 0);
    const hopeless = over.length > errors.length / 2 && needed > 2 * points;
    if (settled || worst.length === 0 || hopeless) return integralOf(slopes, length, settled);
    const middles = worst.map(({ k }) => ((slopes[k]?.at ?? from) + (slopes[k + 1]?.at ?? to)) / 2);
    slopes = [...slopes, ...(await line.slopes(middles))].sort((a, b) => a.at - b.at);
  }
}

/** The integral with every interval halved. */
export async function refined(line: Line, { slopes, settled }: Integral): Promise<Integral> {
  const middles = slopes.slice(1).map((b, k) => (b.at + (slopes[k] ?? b).at) / 2);
  const all = [...slopes, ...(await line.slopes(middles))].sort((a, b) => a.at - b.at);
  const [from, to] = [all[0]?.at ?? 0, all.at(-1)?.at ?? 0];
  return integralOf(all, meanLength(all, to - from), settled);
}

/** The most by which the trapezoid is wrong, where the derivative jumps once between its ends. */
function intervalError(a: Slope, b: Slope): number {
  return (Math.abs(b.slope - a.slope) * (b.at - a.at)) / 2;
}

function meanLength(slopes: readonly Slope[], whole: number): number {
  let sum = 0;
  slopes.slice(1).forEach((b, k) => {
    const a = slopes[k] ?? b;
    sum += ((a.length + b.length) / 2) * (b.at - a.at);
  });
  return sum / whole;
}

function integralOf(slopes: readonly Slope[], length: number, settled: boolean): Integral {
  const sums = [0];
  slopes.slice(1).forEach((b, k) => {
    const a = slopes[k] ?? b;
    sums.push((sums[k] ?? 0) + ((a.slope + b.slope) / 2) * (b.at - a.at));
  });
  const to = (at: number): number => {
    const k = Math.max(
      0,
      slopes.findLastIndex((slope) => slope.at <= at),
    );
    const [a, b] = [slopes[k], slopes[k + 1]];
    if (!a || !b || at <= a.at) return sums[k] ?? 0;
    const share = (at - a.at) / (b.at - a.at);
    const here = a.slope + share * (b.slope - a.slope);
    return (sums[k] ?? 0) + ((a.slope + here) / 2) * (at - a.at);
  };
  return { to, length, slopes, settled };
}
