/** Exact sums and products of floats: numbers m · 2^e with a whole m. Every finite float is one. */

export interface Dyadic {
  readonly m: bigint;
  readonly e: number;
}

const value = new Float64Array(1);
const bits = new BigUint64Array(value.buffer);

/** The exact value of a finite float64. */
export function dyadic(x: number): Dyadic {
  if (!Number.isFinite(x)) throw new RangeError(`${x} has no exact value`);
  value[0] = x;
  const word = bits[0] ?? 0n;
  const biased = Number((word >> 52n) & 0x7ffn);
  const fraction = word & 0xfffffffffffffn;
  const size = biased === 0 ? fraction : fraction | (1n << 52n);
  return { m: x < 0 ? -size : size, e: Math.max(biased, 1) - 1075 };
}

export function sum(a: Dyadic, b: Dyadic): Dyadic {
  if (a.m === 0n) return b;
  if (b.m === 0n) return a;
  const e = Math.min(a.e, b.e);
  return { m: (a.m << BigInt(a.e - e)) + (b.m << BigInt(b.e - e)), e };
}

export function product(a: Dyadic, b: Dyadic): Dyadic {
  return { m: a.m * b.m, e: a.e + b.e };
}

export function opposite({ m, e }: Dyadic): Dyadic {
  return { m: -m, e };
}

/** −1, 0 or 1: the sign of a − b. */
export function compare(a: Dyadic, b: Dyadic): number {
  const { m } = sum(a, opposite(b));
  return m < 0n ? -1 : Number(m > 0n);
}
