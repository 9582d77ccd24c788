import { expect, test } from 'vitest';
import {
  addDown,
  addUp,
  nextDown64,
  nextUp64,
  overDown,
  overUp,
  timesDown,
  timesUp,
} from '../../src/tensor/float64.ts';
import { Draw } from '../generators/draw.ts';

/** x · 2^1200, a whole number for every float64. */
const scaled = (x: number): bigint => {
  let [value, shift] = [x, 1200];
  while (!Number.isInteger(value)) {
    value *= 2;
    shift--;
  }
  return BigInt(value) << BigInt(shift);
};

function numberOf(draw: Draw): number {
  const size = 2 ** draw.integer(-60, 60);
  const value = (draw.next() - 0.5) * size;
  return draw.chance(0.2) ? Math.fround(value) : value;
}

test('directed sums are the neighbours that enclose the exact sum', () => {
  const draw = new Draw(1);
  for (let i = 0; i < 3000; i++) {
    const [a, b] = [numberOf(draw), numberOf(draw)];
    const exact = scaled(a) + scaled(b);
    const [down, up] = [addDown(a, b), addUp(a, b)];
    expect(scaled(down) <= exact && exact <= scaled(up)).toBe(true);
    expect(up === down || up === nextUp64(down)).toBe(true);
    expect(up === down).toBe(scaled(down) === exact);
  }
});

test('directed products and quotients enclose the exact ones within two neighbours', () => {
  const draw = new Draw(2);
  for (let i = 0; i < 3000; i++) {
    const [a, b] = [numberOf(draw), numberOf(draw) || 1];
    const product = scaled(a) * scaled(b);
    const one = 1n << 1200n;
    expect(scaled(timesDown(a, b)) * one <= product).toBe(true);
    expect(product <= scaled(timesUp(a, b)) * one).toBe(true);
    expect(timesUp(a, b)).toBeLessThanOrEqual(nextUp64(timesDown(a, b)));
    const [low, high] = [overDown(a, b), overUp(a, b)];
    const [left, right] = [scaled(low) * scaled(b), scaled(high) * scaled(b)];
    const numerator = scaled(a) * one;
    expect(b > 0 ? left <= numerator : left >= numerator).toBe(true);
    expect(b > 0 ? numerator <= right : numerator >= right).toBe(true);
    expect(high).toBeLessThanOrEqual(nextUp64(nextUp64(low)));
  }
});

test('exact results stay exact', () => {
  expect([timesUp(3, 0.5), timesDown(3, 0.5)]).toEqual([1.5, 1.5]);
  expect([overUp(1, 4), overDown(1, 4)]).toEqual([0.25, 0.25]);
  expect([addUp(0.5, 0.25), addDown(0.5, 0.25)]).toEqual([0.75, 0.75]);
});

test('an overflow is infinite on one side and the greatest number on the other', () => {
  const most = Number.MAX_VALUE;
  expect([addUp(most, most), addDown(most, most)]).toEqual([Infinity, most]);
  expect([timesUp(most, -2), timesDown(most, -2)]).toEqual([-most, -Infinity]);
  expect(timesUp(5e-324, 0.1)).toBe(5e-324);
  expect([nextUp64(-0), nextDown64(Infinity), nextUp64(Infinity)]).toEqual([
    5e-324,
    most,
    Infinity,
  ]);
});
