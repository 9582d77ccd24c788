/**
 * A directional derivative by central differences, where the function has one: steps of several sizes
 * must agree, or there is a kink in between and no number is given.
 */

const STEPS = [4e-2, 2e-2, 1e-2, 5e-3, 2.5e-3, 1.25e-3];

/**
 * The slope of `f` at `x` along `direction` from the two neighbouring step sizes that agree best;
 * null when none agree to `tolerance`.
 */
export async function steadySlope(
  f: (x: Float32Array) => Promise<number>,
  x: Float32Array,
  direction: Float32Array,
  tolerance: number,
): Promise<number | null> {
  const at = (t: number): Promise<number> =>
    f(x.map((value, i) => value + t * (direction[i] ?? 0)));
  // As float32 holds it: the step that is really taken.
  const middle = await at(0);
  let before: number | null = null;
  let best: { slope: number; gap: number } | null = null;
  for (const step of STEPS) {
    const [up, down] = [await at(step), await at(-step)];
    const slope = (up - down) / (2 * step);
    // At a kink the two sides differ, however small the step.
    const bend = Math.abs(up - 2 * middle + down) / step;
    const gap = Math.max(before === null ? Infinity : Math.abs(slope - before), bend / 4);
    if (!best || gap < best.gap) best = { slope, gap };
    before = slope;
  }
  return best && best.gap <= tolerance ? best.slope : null;
}
