/**
 * Decimal numerals as exact values, and the floats around them: below, above and nearest (ties to even),
 * in float32 or float64. The rounding is one integer division, so it is right for every numeral:
 * `Math.fround(Number(text))` rounds twice and is not.
 */

/** digits · 10^exponent, exactly. */
export interface Decimal {
  readonly digits: bigint;
  readonly exponent: number;
}

export type Precision = 'float32' | 'float64';

/** The floats on both sides of a value, equal when it is one of them, and the nearer of the two. */
export interface Neighbours {
  readonly down: number;
  readonly up: number;
  readonly nearest: number;
}

/** Beyond these a numeral is longer than the exact expansion of any float64. */
const LONGEST = 2000;
const FURTHEST = 5000;

const numeral = /^([+-]?)(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:[eE]([+-]?\d+))?$/;

export function isNumeral(text: string): boolean {
  return numeral.test(text);
}

/** The value of a numeral; null for what is none, or is of absurd length or exponent. */
export function parseDecimal(text: string): Decimal | null {
  if (text.length > LONGEST) return null;
  const match = numeral.exec(text);
  if (!match) return null;
  const [, sign, whole = '', part = match[4] ?? '', , power = '0'] = match;
  const exponent = Number(power) - part.length;
  if (Math.abs(exponent) > FURTHEST) return null;
  const digits = BigInt(whole + part);
  return { digits: sign === '-' ? -digits : digits, exponent };
}

/** Significand bits, the exponent of the least subnormal, and the greatest finite value. */
const formats = {
  float32: { bits: 24, least: -149, greatest: 2 ** 128 - 2 ** 104 },
  float64: { bits: 53, least: -1074, greatest: Number.MAX_VALUE },
} as const;

const powers = new Map<number, bigint>();

function powerOfTen(exponent: number): bigint {
  const known = powers.get(exponent);
  if (known !== undefined) return known;
  const power = 10n ** BigInt(exponent);
  powers.set(exponent, power);
  return power;
}

function bitLength(n: bigint): number {
  if (n <= 0x1fffffffffffffn) {
    const [high, low] = [Math.floor(Number(n) / 2 ** 32), Number(n) % 2 ** 32];
    return high > 0 ? 64 - Math.clz32(high) : 32 - Math.clz32(low);
  }
  const hex = n.toString(16);
  return 4 * hex.length - Math.clz32(parseInt(hex.charAt(0), 16)) + 28;
}

/** The neighbours of n / d > 0. The upper ones may be infinite. */
function roundRatio(n: bigint, d: bigint, precision: Precision): Neighbours {
  const { bits, least, greatest } = formats[precision];
  // n/d lies in (2^(size−1), 2^(size+1)), so the quotient by 2^(size−bits) has bits or bits + 1 of them.
  const size = bitLength(n) - bitLength(d);
  let unit = Math.max(size - bits, least);
  const over = unit < 0 ? n << BigInt(-unit) : n;
  let under = unit > 0 ? d << BigInt(unit) : d;
  let quotient = over / under;
  if (quotient >= 1n << BigInt(bits)) {
    unit++;
    under <<= 1n;
    quotient >>= 1n;
  }
  const rest = over - quotient * under;
  // Halved: 2^unit alone may be out of range where the product is not.
  const half = Math.trunc(unit / 2);
  const valueOf = (whole: number): number => {
    const value = whole * 2 ** half * 2 ** (unit - half);
    return value > greatest ? Infinity : value;
  };
  const below = valueOf(Number(quotient));
  if (below === Infinity) return { down: greatest, up: Infinity, nearest: Infinity };
  if (rest === 0n) return { down: below, up: below, nearest: below };
  const above = valueOf(Number(quotient) + 1);
  const twice = rest << 1n;
  const isNearAbove = twice > under || (twice === under && (quotient & 1n) === 1n);
  return { down: below, up: above, nearest: isNearAbove ? above : below };
}

/** The floats around a decimal, and the nearest (ties to even). Zero is never negative. */
export function neighboursOf({ digits, exponent }: Decimal, precision: Precision): Neighbours {
  if (digits === 0n) return { down: 0, up: 0, nearest: 0 };
  const isNegative = digits < 0n;
  const size = isNegative ? -digits : digits;
  const n = exponent > 0 ? size * powerOfTen(exponent) : size;
  const d = exponent < 0 ? powerOfTen(-exponent) : 1n;
  const { down, up, nearest } = roundRatio(n, d, precision);
  return isNegative ? { down: 0 - up, up: 0 - down, nearest: 0 - nearest } : { down, up, nearest };
}
