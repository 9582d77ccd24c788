/** Values that a file may hold and no exporter writes, and the mutation they are drawn for. */
import type { ModelProto } from 'onnx-buf';
import type { Draw } from '../../generators/draw.ts';

/** Changes a decoded file in place; false where it has nothing to change. */
export type Mutation = (draw: Draw, proto: ModelProto) => boolean;

const whole = [
  0n,
  1n,
  -1n,
  2n,
  3n,
  7n,
  64n,
  1000n,
  4097n,
  65_537n,
  10n ** 6n,
  10n ** 9n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n,
  2n ** 40n,
  2n ** 53n,
  2n ** 53n + 1n,
  2n ** 60n,
  2n ** 63n - 1n,
  -2n,
  -(2n ** 31n),
  -(2n ** 63n),
];

/** Small whole numbers half of the time, absurd ones the other half. */
export function hostileInt(draw: Draw): bigint {
  return draw.chance(0.5) ? BigInt(draw.integer(-3, 5)) : draw.pick(whole);
}

export function hostileFloat(draw: Draw): number {
  const values = [Number.NaN, Infinity, -Infinity, 0, -0, 3e38, -3e38, 1e-45, -1, 2.5];
  return draw.pick(values);
}

const texts = ['', '..', 'NOTSET', 'SAME_UPPER', 'linear', 'wrap', 'x', '\0', '\u{10ffff}'];

export function hostileText(draw: Draw): string {
  return draw.chance(0.2) ? 'x'.repeat(draw.integer(1, 300_000)) : draw.pick(texts);
}

/** A number of repetitions that is mostly small, and sometimes far too large. */
export function hostileCount(draw: Draw): number {
  return draw.chance(0.7) ? draw.integer(0, 6) : draw.pick([65, 1000, 5000, 200_000]);
}
