/** Directed rounding from float64 to float32, and the neighbours of a float32. */

const value = new Float32Array(1);
const bits = new Int32Array(value.buffer);
const SMALLEST = 2 ** -149;

/** The next float32 above x (a float32). Infinity stays. */
export function nextUp(x: number): number {
  if (Number.isNaN(x) || x === Infinity) return x;
  if (x === 0) return SMALLEST;
  value[0] = x;
  bits[0] = (bits[0] ?? 0) + (x > 0 ? 1 : -1);
  return value[0];
}

/** The next float32 below x (a float32). */
export function nextDown(x: number): number {
  return -nextUp(-x);
}

/** The least float32 ≥ x. */
export function roundUp(x: number): number {
  const nearest = Math.fround(x);
  return nearest >= x || Number.isNaN(x) ? nearest : nextUp(nearest);
}

/** The greatest float32 ≤ x. */
export function roundDown(x: number): number {
  return -roundUp(-x);
}
