import { describe, expect, test } from 'vitest';
import {
  type Neighbours,
  neighboursOf,
  parseDecimal,
  type Precision,
} from '../../src/tensor/decimal.ts';
import { nextDown, nextUp } from '../../src/tensor/float32.ts';
import { nextDown64, nextUp64 } from '../../src/tensor/float64.ts';
import { Draw } from '../generators/draw.ts';

/** n / 2^k with k ≥ 0: every finite float, exactly. */
function dyadic(x: number): { n: bigint; k: number } {
  let [scaled, k] = [x, 0];
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    k++;
  }
  return { n: BigInt(scaled), k };
}

/** The sign of float − decimal, in integers alone. */
function compare(x: number, digits: bigint, exponent: number): number {
  if (Math.abs(x) === Infinity) return Math.sign(x);
  const { n, k } = dyadic(x);
  const tens = 10n ** BigInt(Math.abs(exponent));
  const left = exponent < 0 ? n * tens : n;
  const right = (exponent > 0 ? digits * tens : digits) << BigInt(k);
  return left < right ? -1 : Number(left > right);
}

function numeralOf(draw: Draw): { text: string; digits: bigint; exponent: number } {
  const sign = draw.chance(0.5) ? '-' : '';
  const length = draw.integer(1, draw.chance(0.2) ? 40 : 18);
  const digits = Array.from({ length }, () => draw.integer(0, 9)).join('');
  const exponent = draw.integer(-length - 3, draw.chance(0.1) ? 30 : 3);
  return { text: `${sign}${digits}e${exponent}`, digits: BigInt(`${sign}${digits}`), exponent };
}

const neighbours = {
  float32: [nextDown, nextUp],
  float64: [nextDown64, nextUp64],
} as const;

describe.each<Precision>(['float32', 'float64'])('decimals in %s', (precision) => {
  const [below, above] = neighbours[precision];
  const round = (text: string, how: keyof Neighbours): number => {
    const value = parseDecimal(text);
    if (!value) throw new RangeError(text);
    return neighboursOf(value, precision)[how];
  };

  test('directed rounding gives the neighbours that enclose the exact value', () => {
    const draw = new Draw(1);
    for (let i = 0; i < 5000; i++) {
      const { text, digits, exponent } = numeralOf(draw);
      const [down, up] = [round(text, 'down'), round(text, 'up')];
      expect(compare(down, digits, exponent), `${text} down`).toBeLessThanOrEqual(0);
      expect(compare(up, digits, exponent), `${text} up`).toBeGreaterThanOrEqual(0);
      const isExact = compare(down, digits, exponent) === 0;
      expect(up, `for ${text}`).toBe(isExact ? down : above(down) + 0);
      expect([down, up]).toContain(round(text, 'nearest'));
    }
  });

  test('a number halfway between neighbours goes to the even one, a hair off it to the nearer', () => {
    const draw = new Draw(2);
    for (let i = 0; i < 300; i++) {
      const low = draw.real(1, 2);
      const gap = above(low) - low;
      const { n, k } = dyadic(low);
      const half = (n << 60n) + ((BigInt(gap * 2 ** 60) << BigInt(k)) >> 1n);
      const digits = half * 5n ** BigInt(k + 60);
      const at = (shift: bigint): number =>
        round(`${digits * 1000n + shift}e${-(k + 63)}`, 'nearest');
      expect([at(-1n), at(1n)]).toEqual([low, above(low)]);
      const isEven = BigInt(low / gap) % 2n === 0n;
      expect(at(0n)).toBe(isEven ? low : above(low));
    }
  });

  test('the ends of the range', () => {
    const greatest = below(Infinity);
    const least = above(0);
    expect([round('1e400', 'down'), round('1e400', 'up')]).toEqual([greatest, Infinity]);
    expect([round('-1e400', 'down'), round('-1e400', 'up')]).toEqual([-Infinity, -greatest]);
    expect([round('1e-400', 'down'), round('1e-400', 'up')]).toEqual([0, least]);
    expect(Object.is(round('-1e-400', 'up'), 0)).toBe(true);
    expect(Object.is(round('-0.0', 'nearest'), 0)).toBe(true);
  });
});

test('the nearest float64 of a numeral is what JavaScript reads', () => {
  const draw = new Draw(3);
  for (let i = 0; i < 5000; i++) {
    const text = `${draw.integer(0, 2 ** 53)}e${draw.integer(-345, 300)}`;
    const value = parseDecimal(text);
    expect(value && neighboursOf(value, 'float64').nearest, `for ${text}`).toBe(Number(text));
  }
});

test('the nearest float32 is rounded once, not through float64', () => {
  // Just above the middle of 1 and its neighbour; float64 rounds it onto the middle.
  const value = parseDecimal('1.00000005960464477539062500000001');
  expect(value && neighboursOf(value, 'float32').nearest).toBe(1 + 2 ** -23);
});

test('what is no numeral, or an absurd one, has no value', () => {
  for (const text of ['', '.', '-', '1e', 'e5', '1.2.3', '0x10', 'NaN', 'Infinity', '1e99999']) {
    expect(parseDecimal(text), `for ${text}`).toBeNull();
  }
  expect(parseDecimal('9'.repeat(5000))).toBeNull();
  expect(parseDecimal('-.5')).toEqual({ digits: -5n, exponent: -1 });
  expect(parseDecimal('+1.')).toEqual({ digits: 1n, exponent: 0 });
});
