/**
 * The one place where computed numbers are compared: |actual − expected| ≤ absolute +
 * relative·|expected|, element by element. NaN and infinities agree only with themselves.
 */
import assert from 'node:assert/strict';

export interface Tolerance {
  readonly relative?: number;
  readonly absolute?: number;
}

interface Numbers {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number | bigint>;
}

/** What float32 arithmetic of a small graph is held to. */
export const FLOAT32: Tolerance = { relative: 1e-4, absolute: 1e-5 };

export function isClose(actual: number, expected: number, tolerance: Tolerance = {}): boolean {
  const { relative = 1e-4, absolute = 1e-5 } = tolerance;
  if (Object.is(actual, expected) || actual === expected) return true;
  return Math.abs(actual - expected) <= absolute + relative * Math.abs(expected);
}

export function expectAllclose(
  actual: Numbers | undefined,
  expected: Numbers | undefined,
  tolerance: Tolerance = FLOAT32,
  what = 'the values',
): void {
  const [shape, other] = [String(actual?.shape), String(expected?.shape)];
  assert.equal(shape, other, `${what} have the shape ${shape} where ${other} was expected`);
  const [found, wanted] = [actual?.data ?? [], expected?.data ?? []];
  for (let i = 0; i < wanted.length; i++) {
    const [a, e] = [Number(found[i]), Number(wanted[i])];
    if (!isClose(a, e, tolerance)) {
      assert.fail(`element ${i} of ${what} is ${a} where ${e} was expected`);
    }
  }
}
