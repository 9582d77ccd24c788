/**
 * Decimal numerals as exact values, and their rounding to float32 or float64 towards −∞, +∞ or the
 * nearest (ties to even). The rounding is one integer division, so it is right for every numeral:
 * `Math.fround(Number(text))` rounds twice and is not.
 */

/** digits · 10^exponent, exactly. */
export interface Decimal {
  readonly digits: bigint;
  readonly exponent: number;
}

export type Precision = 'float32' | 'float64';
export type Rounding = 'down' | 'up' | 'nearest';

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

/** The magnitude n / d > 0, rounded. The result may be infinite. */
function roundRatio(n: bigint, d: bigint, precision: Precision, rounding: Rounding): number {
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
  const twice = rest << 1n;
  const isAbove = twice > under || (twice === under && (quotient & 1n) === 1n);
  if (rounding === 'up' ? rest > 0n : rounding === 'nearest' && isAbove) quotient += 1n;
  // Halved twice: 2^unit alone may be out of range where the product is not.
  const half = Math.trunc(unit / 2);
  const result = Number(quotient) * 2 ** half * 2 ** (unit - half);
  if (result <= greatest) return result;
  return rounding === 'down' ? greatest : Infinity;
}

const mirrored: Record<Rounding, Rounding> = { down: 'up', up: 'down', nearest: 'nearest' };

/** A decimal in a format, rounded to a side or to the nearest. Zero is never negative. */
export function roundDecimal(value: Decimal, precision: Precision, rounding: Rounding): number {
  const { digits, exponent } = value;
  if (digits === 0n) return 0;
  const isNegative = digits < 0n;
  const size = isNegative ? -digits : digits;
  const n = exponent > 0 ? size * powerOfTen(exponent) : size;
  const d = exponent < 0 ? powerOfTen(-exponent) : 1n;
  const direction = isNegative ? mirrored[rounding] : rounding;
  const magnitude = roundRatio(n, d, precision, direction);
  if (!isNegative) return magnitude;
  return magnitude === 0 ? 0 : -magnitude;
}
