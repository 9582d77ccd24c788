/**
 * Directed rounding in float64: the neighbours of a number, and sums, products and quotients rounded
 * towards one side. Sums are the nearest bound on that side (Knuth's two-sum gives the error exactly);
 * products and quotients may be one neighbour further out where the error cannot be told.
 */

const value = new Float64Array(1);
const bits = new BigInt64Array(value.buffer);

/** The next float64 above x. Infinity stays. */
export function nextUp64(x: number): number {
  if (Number.isNaN(x) || x === Infinity) return x;
  if (x === 0) return Number.MIN_VALUE;
  value[0] = x;
  bits[0] = (bits[0] ?? 0n) + (x > 0 ? 1n : -1n);
  return value[0];
}

/** The next float64 below x. */
export function nextDown64(x: number): number {
  return -nextUp64(-x);
}

/** The least float64 ≥ a + b. Opposite infinities give NaN. */
export function addUp(a: number, b: number): number {
  const sum = a + b;
  if (!Number.isFinite(sum)) {
    const overflows = sum === -Infinity && Number.isFinite(a) && Number.isFinite(b);
    return overflows ? -Number.MAX_VALUE : sum;
  }
  const other = sum - a;
  const error = a - (sum - other) + (b - other);
  // An overflow inside the error term says nothing: step outwards.
  return error > 0 || Number.isNaN(error) ? nextUp64(sum) : sum;
}

/** The greatest float64 ≤ a + b. */
export function addDown(a: number, b: number): number {
  // 0 − x: no zero is negative.
  return 0 - addUp(-a, -b);
}

const SPLIT = 2 ** 27 + 1;
/** Between these magnitudes Dekker's product neither overflows nor loses bits. */
const [TINY, HUGE] = [2 ** -960, 2 ** 990];

function productError(a: number, b: number, product: number): number {
  const size = Math.abs(product);
  if (!(size > TINY && size < HUGE && Math.abs(a) < HUGE && Math.abs(b) < HUGE)) return NaN;
  const [scaledA, scaledB] = [SPLIT * a, SPLIT * b];
  const [highA, highB] = [scaledA - (scaledA - a), scaledB - (scaledB - b)];
  const [lowA, lowB] = [a - highA, b - highB];
  return lowA * lowB - (product - highA * highB - lowA * highB - highA * lowB);
}

/** A float64 ≥ a·b: the least, but for extreme magnitudes. Zero times infinity is zero. */
export function timesUp(a: number, b: number): number {
  if (a === 0 || b === 0) return 0;
  if (Math.abs(a) === 1 || Math.abs(b) === 1) return a * b;
  const product = a * b;
  if (Math.abs(a) === Infinity || Math.abs(b) === Infinity) return product;
  const error = productError(a, b, product);
  return error > 0 || Number.isNaN(error) ? nextUp64(product) : product;
}

/** A float64 ≤ a·b. */
export function timesDown(a: number, b: number): number {
  return 0 - timesUp(-a, b);
}

/** A float64 ≥ a / b, b not zero: exact quotients are kept, others rounded up. */
export function overUp(a: number, b: number): number {
  if (a === 0) return 0;
  if (Math.abs(b) === 1 || Math.abs(a) === Infinity) return a / b;
  const quotient = a / b;
  const product = quotient * b;
  if (product === a && productError(quotient, b, product) === 0) return quotient;
  return nextUp64(quotient);
}

/** A float64 ≤ a / b. */
export function overDown(a: number, b: number): number {
  return 0 - overUp(-a, b);
}
