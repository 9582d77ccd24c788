/** The curves are the fractions they claim to be, and numbers are written without lying. */
import { describe, expect, it } from 'vitest';
import { ballOutlines } from '../../src/report/ball.ts';
import { bracketsOf } from '../../src/report/brackets.ts';
import { curveOf } from '../../src/report/curve.ts';
import { duration, epsilon, percent, radius, shortCount } from '../../src/report/numbers.ts';
import { horizon, quantile } from '../../src/report/quantile.ts';
import { fakeRun } from './fixture.ts';

describe('the curves', () => {
  it.each([40, 3000])('count what stands and what is proven, for %d inputs', (samples) => {
    const run = fakeRun({ samples });
    const end = horizon(run);
    const { steps } = curveOf(run, end);
    const right = run.samples.filter((sample) => sample.verdict !== 'misclassified');
    steps.forEach(({ eps, standing, proven }, index) => {
      const above = right.filter((sample) => (sample.upper ?? Infinity) > eps).length;
      const safe = right.filter((sample) => (sample.lower ?? 0) > eps).length;
      expect(standing).toBe(above / samples);
      expect(proven).toBe(safe / samples);
      expect(proven).toBeLessThanOrEqual(standing);
      if (index > 0) expect(eps).toBeGreaterThan(steps[index - 1]?.eps ?? -1);
    });
  });

  it('gather many brackets into few rows, the most fragile first', () => {
    const run = fakeRun({ samples: 2000 });
    const { rows, inputs } = bracketsOf(run, horizon(run));
    expect(inputs).toBe(2000 - run.verdicts.misclassified);
    expect(rows.length).toBeLessThan(200);
    const uppers = rows.map((row) => row.upper ?? Infinity);
    expect(uppers).toEqual([...uppers].sort((a, b) => a - b));
  });
});

describe('numbers', () => {
  it('never round to a false 0 or 100 %', () => {
    expect([0, 0.0001, 0.5, 0.983, 0.9999, 1, null].map(percent)).toEqual([
      '0%',
      '<0.1%',
      '50%',
      '98.3%',
      '99.9%',
      '100%',
      '–',
    ]);
  });

  it('keep three digits of a radius and the spelling of ε', () => {
    expect([0.0123456, 1234.5, -0.5, 0.1, Infinity].map(radius)).toEqual([
      '0.0123',
      '1230',
      '−0.5',
      '0.1',
      '∞',
    ]);
    expect([8 / 255, Math.fround(2 / 255), 0.1, 0.2, 0.3137].map(epsilon)).toEqual([
      '8/255',
      '2/255',
      '0.1',
      '0.2',
      '0.314',
    ]);
  });

  it('have quantiles that stay finite beside what was never broken', () => {
    expect(quantile([1, 2, Infinity], 0.5)).toBe(2);
    expect(quantile([1, Infinity, Infinity], 0.5)).toBe(Infinity);
    expect(quantile([], 0.5)).toBeNull();
  });

  it('are short where room is short', () => {
    expect([0.012, 12.34, 83, 7300].map(duration)).toEqual([
      '0.012 s',
      '12.3 s',
      '1 min 23 s',
      '2 h 02 min',
    ]);
    expect([950, 12_345, 999_900, 4_100_000].map(shortCount)).toEqual([
      '950',
      '12.3k',
      '1M',
      '4.1M',
    ]);
  });
});

describe('a ball in the plane', () => {
  const view = { xRange: [-2, 2], yRange: [-2, 2] } as const;
  it.each([
    ['linf', (x: number, y: number) => Math.max(Math.abs(x), Math.abs(y))],
    ['l2', (x: number, y: number) => Math.hypot(x, y)],
    ['l1', (x: number, y: number) => Math.abs(x) + Math.abs(y)],
  ] as const)('has every corner of its %s outline at its radius', (norm, size) => {
    const [outline = []] = ballOutlines(norm, [0.5, -0.25], 0.7, view);
    expect(outline.length).toBeGreaterThanOrEqual(4);
    for (const [x, y] of outline) expect(size(x - 0.5, y + 0.25)).toBeCloseTo(0.7, 12);
  });
});
