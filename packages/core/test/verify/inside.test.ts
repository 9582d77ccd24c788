/** Verdicts on networks of many inputs, which are cut inside, are those of mixed-integer programs (HiGHS). */
import { describe, expect, test, vi } from 'vitest';
import { type Found, LayerwiseBounds } from '../../src/bounds/layerwise.ts';
import { checkInsideVerdict, type VerdictNote } from '../random-verdict.ts';

const SLICES = 2;
const QUERIES = 8;

describe('random queries near the threshold', () => {
  test.each(Array.from({ length: SLICES }, (_, i) => i))('slice %i', async (slice) => {
    const notes: VerdictNote[] = [];
    for (let i = 0; i < QUERIES; i++) {
      notes.push(await checkInsideVerdict((slice + 1) * QUERIES + i));
    }
    // A verdict that differs has thrown.
    const decided = notes.filter(({ outcome }) => outcome === 'sat' || outcome === 'unsat');
    expect(decided.length).toBeGreaterThanOrEqual(QUERIES / 2);
    expect(notes.some(({ method }) => method === 'activation-splitting')).toBe(true);
  });
});

type Inside = (
  this: LayerwiseBounds,
  ...of: Parameters<LayerwiseBounds['inside']>
) => Promise<Found>;

test('where optimised bounds come to nothing the ones before go on: no alternative is lost', async () => {
  const own = Object.getOwnPropertyDescriptor(LayerwiseBounds.prototype, 'inside');
  const inside = own?.value as Inside;
  const spy = vi.spyOn(LayerwiseBounds.prototype, 'inside').mockImplementation(function (
    this: LayerwiseBounds,
    set,
    method,
    outer,
  ) {
    const isOptimised = typeof method.inside === 'object';
    return isOptimised ? Promise.resolve(null) : inside.call(this, set, method, outer);
  });
  try {
    // A witness of this one is found after hundreds of domains.
    const { outcome } = await checkInsideVerdict(206);
    expect(outcome).toBe('sat');
    expect(spy.mock.calls.some(([, { inside: how }]) => typeof how === 'object')).toBe(true);
  } finally {
    spy.mockRestore();
  }
});
