// Candidates that are no numbers, or beyond every number, are brought into the set like any other.
import { expect, test } from 'vitest';
import type { NormName } from '../../src/audit/run.ts';
import { RandomBlock } from '../../src/tensor/random.ts';
import { linf, Threat } from '../../src/threats/threat.ts';

test.each<NormName>(['linf', 'l2', 'l1'])(
  'an infinite candidate ends inside the %s ball',
  (norm) => {
    for (const clip of [null, [0, 1] as const]) {
      for (const radius of [0, 1e-30, 0.3, 1e30]) {
        const threat = new Threat(norm, { eps: radius, clip });
        const centre = Float32Array.of(0.25, 0.5, 1, 0);
        const x = Float32Array.of(Infinity, -Infinity, Number.NaN, 3.4e38);
        const distance = threat.legalise(centre, x, radius);
        expect(distance).toBeLessThanOrEqual(radius);
        expect(threat.distance(centre, x)).toBe(distance);
      }
    }
  },
);

test('a sample of the largest radius is finite and in the set', () => {
  const threat = linf({ eps: 1e38 });
  const centre = Float32Array.of(0, 3e38);
  const out = new Float32Array(2);
  threat.sample(centre, 1e38, new RandomBlock(0, 0, 0), out);
  expect(threat.distance(centre, out)).toBeLessThanOrEqual(1e38);
  expect(() => linf({ eps: 1e39 })).toThrow(/at most 1e38/);
});
