// Transfer: what a surrogate's gradient reaches is found on a model that has the same boundary and no
// gradient; a surrogate that knows nothing finds nothing that is not there.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pgd } from '../../src/attacks/pgd.ts';
import { surrogateMismatch, transfer } from '../../src/attacks/transfer.ts';
import type { Classifier } from '../../src/runtime/classifier.ts';
import { Threat } from '../../src/threats/threat.ts';
import { linearClassifier, randomWeights, rowAlone, rowsOn } from './linear-model.ts';

const FEATURES = 30;
const ROWS = 8;
const EPS = 0.08;
const w = randomWeights(FEATURES);
const threat = new Threat('linf', { eps: EPS, clip: [0, 1] });
const { rows, margins } = rowsOn(w, ROWS, EPS);

/** So fine that it moves no score by more than 1e-3, and still the gradient is zero. */
const LEVELS = 2 ** 14;
let [plain, hidden, narrow]: Classifier[] = [];
const opened = (classifier: Classifier | undefined): Classifier => {
  if (!classifier) throw new Error('the model is not open');
  return classifier;
};

beforeAll(async () => {
  plain = await linearClassifier(w);
  hidden = await linearClassifier(w, (b, x) =>
    b.mul(b.push('round', [b.mul(x, LEVELS)], {}), 1 / LEVELS),
  );
  narrow = await linearClassifier(w.slice(1));
});
afterAll(async () => {
  for (const classifier of [plain, hidden, narrow]) await classifier?.release();
});

const attack = () => transfer({ surrogate: opened(plain), steps: 30, climbs: { margin: 1 } });
const context = () => ({ classifier: opened(hidden), threat, seed: 1 });

/** The least margin of the linear model over ball ∩ box. */
const least = margins.map((margin, row) => {
  const sign = rows.labels[row] === 0 ? 1 : -1;
  return w.reduce((sum, weight, i) => {
    const [value, slope] = [rows.x[row * FEATURES + i] ?? 0, sign * weight];
    return sum - Math.abs(slope) * Math.min(EPS, slope > 0 ? value : 1 - value);
  }, margin);
});

test('it reaches the least margin of a model whose own gradient is zero', async () => {
  const own = await pgd({ loss: 'margin', steps: 30, restarts: 1 }).run(context(), rows);
  const { margins: found, best } = await attack().run(context(), rows);
  expect(least.some((exact) => exact > 0.01)).toBe(true);
  expect(least.some((exact) => exact < -0.01)).toBe(true);
  least.forEach((exact, row) => {
    expect(own.margins[row]).toBeCloseTo(margins[row] ?? 0, 2);
    if (exact > 0.01) expect(Math.abs((found[row] ?? 0) - exact)).toBeLessThan(2e-3);
    else if (exact < -0.01) expect(found[row]).toBeLessThanOrEqual(0);
    const [start, end] = [row * FEATURES, (row + 1) * FEATURES];
    expect(threat.distance(rows.x.slice(start, end), best.slice(start, end))).toBeLessThanOrEqual(
      EPS,
    );
  });
});

test('a row alone is answered as among others', async () => {
  const together = await attack().run(context(), rows);
  for (let row = 0; row < ROWS; row++) {
    const alone = await attack().run(context(), rowAlone(rows, row));
    expect(alone.best).toEqual(together.best.slice(row * FEATURES, (row + 1) * FEATURES));
    expect(alone.gradients[0]).toBe(together.gradients[row]);
  }
});

test('a surrogate of other inputs is refused, with both shapes', () => {
  const why = surrogateMismatch(opened(narrow), opened(hidden));
  expect(why).toBe(`takes inputs of shape ${FEATURES - 1}, the model ${FEATURES}`);
  expect(surrogateMismatch(opened(plain), opened(hidden))).toBeNull();
  const borrowed = transfer({ surrogate: opened(narrow), steps: 1, climbs: {} });
  expect(borrowed.refusal?.(context())).toContain('the surrogate takes inputs');
});
