/** Numbers as people read them: what is proven is never rounded to more. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { provenRadius, radius } from '../../src/report/numbers.ts';

test('a proven radius has three digits and is never more than was proven', () => {
  expect(provenRadius(17.9995)).toBe('17.9');
  expect(provenRadius(0.02766)).toBe('0.0276');
  expect(provenRadius(0.5)).toBe('0.5');
  expect(provenRadius(null)).toBe(radius(null));
  expect(provenRadius(0)).toBe('0');
  fc.assert(
    fc.property(fc.double({ min: 1e-30, max: 1e30, noNaN: true }), (value) => {
      const read = Number(provenRadius(value).replace('−', '-'));
      expect(read).toBeLessThanOrEqual(value);
      expect(read).toBeGreaterThan(0.989 * value);
    }),
  );
});
