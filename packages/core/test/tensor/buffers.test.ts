/** Leases: what one has nobody else has, and what is given back is clean when it is taken again. */
import { expect, test } from 'vitest';
import { Buffers } from '../../src/tensor/buffers.ts';

test('arrays are used again once a lease has ended, as zeros, and by one at a time', () => {
  const buffers = new Buffers();
  const [one, other] = [buffers.lease(), buffers.lease()];
  const [first, second] = [one.take(4), other.take(4)];
  expect(first).not.toBe(second);
  first.fill(7);
  one.end();
  const again = other.take(4);
  expect(again).toBe(first);
  expect([...again]).toEqual([0, 0, 0, 0]);
  expect(other.take(4)).not.toBe(again);
  expect(other.take(5)).toHaveLength(5);
});

test('results are written into again only when their lease has ended, and only once', () => {
  const buffers = new Buffers();
  const one = buffers.lease();
  const results = { y: { type: 'float32', shape: [1], data: Float32Array.of(3) } } as const;
  one.spend('program/1', results);
  expect(buffers.lease().into('program/1')).toBeUndefined();
  one.end();
  const other = buffers.lease();
  expect(other.into('program/2')).toBeUndefined();
  expect(other.into('program/1')).toBe(results);
  expect(other.into('program/1')).toBeUndefined();
});

test('no more lies unused than may; other sizes make room', () => {
  const buffers = new Buffers(40);
  const first = buffers.lease();
  const [small, large] = [first.take(4), first.take(20)];
  first.end();
  const second = buffers.lease();
  // Together they were too much.
  expect(second.take(4)).not.toBe(small);
  expect(second.take(20)).not.toBe(large);
  const third = buffers.lease();
  const eight = third.take(8);
  third.end();
  const fourth = buffers.lease();
  const four = fourth.take(4);
  fourth.end();
  const last = buffers.lease();
  expect(last.take(4)).toBe(four);
  expect(last.take(8)).not.toBe(eight);
});
