// HopSkipJump against the exact distance to a linear boundary, from decisions alone.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hopSkipJump } from '../../src/attacks/hop-skip-jump.ts';
import type { Classifier } from '../../src/runtime/classifier.ts';
import { Threat } from '../../src/threats/threat.ts';
import { linearClassifier, randomWeights, rowAlone, rowsOn } from './linear-model.ts';

const FEATURES = 20;
const ROWS = 4;
const w = randomWeights(FEATURES);
const UNBOUNDED = 1e30;

let linear: Classifier;
beforeAll(async () => {
  linear = await linearClassifier(w);
});
afterAll(() => linear.release());

describe.each(['l2', 'linf'] as const)('in %s', (norm) => {
  const { rows, margins } = rowsOn(w, ROWS, UNBOUNDED);
  const threat = new Threat(norm, { eps: 1 });
  const context = () => ({ classifier: linear, threat, seed: 1 });
  const exact = margins.map((margin) => margin / threat.norm.dualLength(w));
  const distanceOf = (best: Float32Array, row: number, own = threat): number => {
    const [start, end] = [row * FEATURES, (row + 1) * FEATURES];
    return own.distance(rows.x.slice(start, end), best.slice(start, end));
  };

  test('it ends within a twentieth of the exact distance, and beyond the boundary', async () => {
    const { best, margins: found } = await hopSkipJump({ queries: 20_000 }).run(context(), rows);
    exact.forEach((distance, row) => {
      expect(found[row]).toBeLessThanOrEqual(0);
      expect(distanceOf(best, row)).toBeGreaterThanOrEqual(distance * (1 - 1e-4));
      expect(distanceOf(best, row)).toBeLessThanOrEqual(distance * 1.05);
    });
    const { predictions } = await linear.judge(best, rows.streams);
    predictions.forEach((answer, row) => expect(answer).not.toBe(rows.labels[row]));
  });

  test('a row alone is answered as among others, within its queries', async () => {
    const attack = hopSkipJump({ queries: 1500 });
    const together = await attack.run(context(), rows);
    for (let row = 0; row < ROWS; row++) {
      const alone = await attack.run(context(), rowAlone(rows, row));
      const [start, end] = [row * FEATURES, (row + 1) * FEATURES];
      expect(alone.best).toEqual(together.best.slice(start, end));
      expect(alone.forwards[0]).toBe(together.forwards[row]);
      expect(alone.forwards[0]).toBeLessThanOrEqual(1500);
    }
  });

  test('weights measure the distance and frozen features stay', async () => {
    const weights = Float32Array.from({ length: FEATURES }, (_, i) => 0.5 + (i % 3));
    const own = new Threat(norm, { eps: 1, weights, frozen: [3] });
    const slopes = w.map((slope, i) => (i === 3 ? 0 : slope * (weights[i] ?? 1)));
    const { best } = await hopSkipJump({ queries: 20_000 }).run(
      { ...context(), threat: own },
      rows,
    );
    margins.forEach((margin, row) => {
      const distance = margin / own.norm.dualLength(slopes);
      expect(distanceOf(best, row, own)).toBeLessThanOrEqual(distance * 1.05);
      expect(best[row * FEATURES + 3]).toBe(rows.x[row * FEATURES + 3]);
    });
  });

  test('what lies farther than the nearest break known is not handed back', async () => {
    const near = { ...rows, radii: Float64Array.from(exact, (distance) => distance / 2) };
    const { best, margins: found } = await hopSkipJump({ queries: 1000 }).run(context(), near);
    expect(best).toEqual(rows.x);
    expect([...found].every((margin) => margin > 0)).toBe(true);
  });

  test('with a valid box it stays inside, and a known start is where it begins', async () => {
    const boxed = new Threat(norm, { eps: 1, clip: [0, 1] });
    const first = await hopSkipJump({ queries: 1500 }).run({ ...context(), threat: boxed }, rows);
    const started = { ...rows, starts: first.best };
    const later = await hopSkipJump({ queries: 1500 }).run(
      { ...context(), threat: boxed },
      started,
    );
    for (let row = 0; row < ROWS; row++) {
      if ((first.margins[row] ?? 1) > 0) continue;
      expect(distanceOf(later.best, row, boxed)).toBeLessThanOrEqual(
        distanceOf(first.best, row, boxed),
      );
    }
    expect(Math.min(...first.best, ...later.best)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...first.best, ...later.best)).toBeLessThanOrEqual(1);
  });
});

test('it says which norms it serves', () => {
  const attack = hopSkipJump({ queries: 10 });
  const context = (norm: 'l1' | 'l2') => ({
    classifier: linear,
    threat: new Threat(norm, { eps: 1 }),
  });
  expect(attack.refusal?.(context('l1'))).toContain('ℓ∞ and ℓ2');
  expect(attack.refusal?.(context('l2'))).toBeNull();
});
