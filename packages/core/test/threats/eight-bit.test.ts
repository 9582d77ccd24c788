// Inputs that eight bits can store: whatever an attack proposes ends on a step of the valid range and in
// the ball, by the float64 distance of the stored float32 numbers.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { audit } from '../../src/audit/audit.ts';
import type { NormName } from '../../src/audit/run.ts';
import { RandomBlock } from '../../src/tensor/random.ts';
import type { StepRounding } from '../../src/threats/eight-bit.ts';
import { roundAlong } from '../../src/threats/slope-rounding.ts';
import { Threat } from '../../src/threats/threat.ts';
import { linearClassifier, randomWeights, runtime } from '../attacks/linear-model.ts';

const norms: readonly NormName[] = ['linf', 'l2', 'l1', 'l0'];
const roundings: readonly StepRounding[] = ['inward', 'nearest', 'outward'];
const level = fc.integer({ min: 0, max: 255 });
const clips = fc.constantFrom([0, 1] as const, [-1, 1] as const, [0, 255] as const);
const stored = (k: number, [low, high]: readonly [number, number]): number =>
  Math.fround(low + (k * (high - low)) / 255);

describe.each(norms)('in a %s ball', (norm) => {
  test.each(roundings)('what is rounded %s is on the grid and inside', (rounding) => {
    fc.assert(
      fc.property(
        clips,
        fc.array(fc.tuple(level, fc.double({ min: -2, max: 2, noNaN: true })), {
          minLength: 3,
          maxLength: 9,
        }),
        fc.double({ min: 0.002, max: 1, noNaN: true }),
        (clip, features, share) => {
          const eps = norm === 'l0' ? Math.ceil(3 * share) : share * (clip[1] - clip[0]);
          const threat = new Threat(norm, { eps, clip, eightBit: true });
          const centre = Float32Array.from(features, ([k]) => stored(k, clip));
          const x = centre.map((c, i) => c + (features[i]?.[1] ?? 0) * (clip[1] - clip[0]));
          const distance = threat.legalise(centre, x, eps, rounding);
          expect(distance).toBeLessThanOrEqual(eps);
          const lengths = Float64Array.from(x, (value, i) => value - (centre[i] ?? 0));
          expect(threat.norm.length(lengths)).toBe(distance);
          const grid = new Set(Array.from({ length: 256 }, (_, k) => stored(k, clip)));
          expect(x.every((value) => grid.has(value))).toBe(true);
        },
      ),
      { seed: 5, numRuns: 300 },
    );
  });
});

test('a ball of 8/255 holds eight steps where their float32 ends are inside, and else seven', () => {
  const threat = new Threat('linf', { eps: 8 / 255, clip: [0, 1], eightBit: true });
  const centre = Float32Array.from({ length: 240 }, (_, k) => (k + 8) / 255);
  for (const side of [1, -1]) {
    const x = centre.map((c) => c + (side * 8) / 255);
    const distance = threat.legalise(centre, x, threat.eps);
    const ends = Float32Array.from({ length: 240 }, (_, k) => (k + 8 + 8 * side) / 255);
    const inner = Float32Array.from({ length: 240 }, (_, k) => (k + 8 + 7 * side) / 255);
    const fits = ends.map((end, k) => (Math.abs(end - (centre[k] ?? 0)) <= 8 / 255 ? 1 : 0));
    expect(fits.includes(0) && fits.includes(1)).toBe(true);
    expect(x).toEqual(ends.map((end, k) => (fits[k] === 1 ? end : (inner[k] ?? 0))));
    expect(distance).toBeLessThanOrEqual(8 / 255);
  }
});

test.each(['l1', 'l2'] as const)('where steps leave an %s ball together, few go back', (norm) => {
  const centre = Float32Array.from({ length: 40 }, (_, k) => (3 * k + 20) / 255);
  const steps = centre.map((c) => Math.fround(Math.round(c * 255 + 2) / 255));
  const exact = norm === 'l1' ? 80 / 255 : (2 / 255) * Math.sqrt(40);
  const threat = new Threat(norm, { eps: exact * (1 - 1e-6), clip: [0, 1], eightBit: true });
  const x = steps.slice();
  const distance = threat.legalise(centre, x, threat.eps);
  expect(distance).toBeLessThanOrEqual(threat.eps);
  expect(x.filter((value, i) => value !== steps[i]).length).toBe(1);
});

test('of a linear model the least break is a whole number of steps, and proofs stay below it', async () => {
  const w = randomWeights(30);
  const classifier = await linearClassifier(w);
  const random = new RandomBlock(8, 0, 0);
  const x = Float32Array.from({ length: 10 * 30 }, (_, i) =>
    Math.fround(Math.round(40 + 170 * random.uniform(i)) / 255),
  );
  const threat = new Threat('linf', { eps: 4 / 255, clip: [0, 1], eightBit: true });
  const { samples, adversarial } = await audit({
    model: classifier.model,
    classifier,
    runtime,
    threat,
    data: { x: { type: 'float32', shape: [10, 30], data: x } },
  });
  const dual = threat.norm.dualLength(w);
  samples.forEach(({ margin, upper, lower }, row) => {
    const exact = (Math.abs(margin ?? 0) / dual) * 255;
    // All features move by the same whole number of steps, up to the rounding of the score.
    expect((upper ?? 0) * 255).toBeCloseTo(Math.ceil(exact), 4);
    const ends = Float64Array.from(adversarial[row] ?? [], (v, i) => v - (x[30 * row + i] ?? 0));
    expect(upper).toBe(threat.norm.length(ends));
    expect((lower ?? 0) * 255).toBeLessThan(exact);
    expect(Array.from(adversarial[row] ?? []).every((v) => threat.grid?.holds(v))).toBe(true);
  });
  await classifier.release();
});

test('eight bits need a range of valid values', () => {
  expect(() => new Threat('linf', { eps: 1, eightBit: true })).toThrow(/range of valid values/);
});

describe.each(norms)('rounded along a slope in a %s ball', (norm) => {
  test('a candidate is on the grid, inside, and gains no less than rounded inward', () => {
    fc.assert(
      fc.property(
        clips,
        fc.array(
          fc.tuple(
            level,
            fc.double({ min: -2, max: 2, noNaN: true }),
            fc.double({ min: -1, max: 1, noNaN: true }),
          ),
          { minLength: 3, maxLength: 9 },
        ),
        fc.double({ min: 0.002, max: 1, noNaN: true }),
        (clip, features, share) => {
          const eps = norm === 'l0' ? Math.ceil(3 * share) : share * (clip[1] - clip[0]);
          const threat = new Threat(norm, { eps, clip, eightBit: true });
          const { grid } = threat;
          if (!grid) throw new Error('the threat has no grid');
          const centre = Float32Array.from(features, ([k]) => stored(k, clip));
          const given = centre.map((c, i) => c + (features[i]?.[1] ?? 0) * (clip[1] - clip[0]));
          const slope = features.map(([, , value]) => value);
          const gain = (x: Float32Array): number =>
            x.reduce((sum, value, i) => sum + (slope[i] ?? 0) * (value - (centre[i] ?? 0)), 0);
          const [inward, along] = [given.slice(), given.slice()];
          threat.legalise(centre, inward, eps);
          const distance = roundAlong(threat, grid, centre, along, eps, slope);
          expect(distance).toBeLessThanOrEqual(eps);
          expect(threat.distance(centre, along)).toBe(distance);
          expect(along.every((value) => grid.holds(value))).toBe(true);
          expect(gain(along)).toBeGreaterThanOrEqual(gain(inward));
        },
      ),
      { seed: 6, numRuns: 300 },
    );
  });
});
