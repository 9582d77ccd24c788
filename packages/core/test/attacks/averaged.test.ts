// Averaged gradients: on a linear model under a ripple that turns every gradient about, the mean leads where the
// linear model's own gradient would, and a single gradient does not.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { averaged } from '../../src/attacks/averaged.ts';
import { pgd } from '../../src/attacks/pgd.ts';
import { polished } from '../../src/attacks/polished.ts';
import type { Classifier } from '../../src/runtime/classifier.ts';
import { Threat } from '../../src/threats/threat.ts';
import { bent } from '../diagnose/models.ts';
import { linearClassifier, randomWeights, rowAlone, rowsOn } from './linear-model.ts';

const [FEATURES, ROWS, EPS] = [20, 8, 0.2];
const w = randomWeights(FEATURES);
/** Slopes of up to ±5 on a function that is never off by more than AMPLITUDE. */
const [AMPLITUDE, FREQUENCY] = [1e-3, 5000];
const ripple = (value: number): number => value + AMPLITUDE * Math.sin(FREQUENCY * value);
const { rows, margins } = rowsOn(w, ROWS, EPS, ripple);
const slack = AMPLITUDE * w.reduce((sum, weight) => sum + Math.abs(weight), 0);
const attack = averaged({ steps: 40, draws: 4 });
let classifier: Classifier;

beforeAll(async () => {
  classifier = await linearClassifier(w, (b, x) =>
    b.add(x, b.mul(b.push('sin', [b.mul(x, FREQUENCY)], {}), AMPLITUDE)),
  );
});
afterAll(() => classifier.release());

test.each(['linf', 'l2'] as const)(
  'in %s they come near the least margin of the model beneath, which single gradients miss',
  async (norm) => {
    const threat = new Threat(norm, { eps: EPS });
    const context = { classifier, threat, seed: 1 };
    const reach = EPS * threat.norm.dualLength(w);
    const { margins: found, best } = await attack.run(context, rows);
    const single = await pgd({ loss: 'margin', steps: 40, restarts: 1 }).run(context, rows);
    let nearer = 0;
    margins.forEach((margin, row) => {
      const least = margin - reach;
      if (least < -0.2 * reach) expect(found[row]).toBeLessThanOrEqual(0);
      else if (least > 0) expect(found[row]).toBeLessThan(least + 0.25 * reach + 2 * slack);
      if ((found[row] ?? 0) < (single.margins[row] ?? 0)) nearer++;
      const [start, end] = [row * FEATURES, (row + 1) * FEATURES];
      expect(threat.distance(rows.x.slice(start, end), best.slice(start, end))).toBeLessThanOrEqual(
        EPS * (1 + 1e-6),
      );
    });
    expect(nearer).toBeGreaterThan(ROWS / 2);
  },
);

test('short steps from there climb ripples too, and break what only their tops reach', async () => {
  const threat = new Threat('linf', { eps: EPS });
  const context = { classifier, threat, seed: 1 };
  // The linear model beneath is not broken within these radii, however little is missing.
  const beyond = 0.1 * slack;
  const radii = Float64Array.from(
    margins,
    (margin) => (margin - beyond) / threat.norm.dualLength(w),
  );
  const short = { ...rows, radii };
  const { margins: coarse } = await attack.run(context, short);
  const { margins: fine, best } = await polished(attack).run(context, short);
  let [standing, fallen] = [0, 0];
  margins.forEach((_, row) => {
    if ((coarse[row] ?? 0) > 0) standing++;
    if ((coarse[row] ?? 0) > 0 && (fine[row] ?? 1) <= 0) fallen++;
    expect(fine[row]).toBeLessThanOrEqual(coarse[row] ?? 0);
    // No point of the ball is lower than the linear model's least margin and every ripple at its top.
    expect(fine[row]).toBeGreaterThan(beyond - 2 * slack);
    const [start, end] = [row * FEATURES, (row + 1) * FEATURES];
    const distance = threat.distance(rows.x.slice(start, end), best.slice(start, end));
    expect(distance).toBeLessThanOrEqual((radii[row] ?? 0) * (1 + 1e-5));
  });
  expect(fallen).toBeGreaterThan(standing / 2);
});

test('chords along the way lead past a ripple on the score, which a random move hardly changes', async () => {
  // Of so many features a random move changes the score by a twentieth of what the steepest one does.
  const many = randomWeights(400);
  const height = 0.02 * EPS * many.reduce((sum, weight) => sum + Math.abs(weight), 0);
  const deep = await bent(many, (b, t) =>
    b.add(t, b.mul(b.push('sin', [b.mul(t, 40 / height)], {}), height)),
  );
  const { rows: open, margins: flat } = rowsOn(many, ROWS, EPS);
  const threat = new Threat('linf', { eps: EPS });
  const run = (along: boolean) =>
    averaged({ steps: 40, draws: 4, along }).run({ classifier: deep, threat, seed: 1 }, open);
  const [anywhere, ahead] = [await run(false), await run(true)];
  await deep.release();
  const reach = EPS * threat.norm.dualLength(many);
  const sum = (values: ArrayLike<number>): number =>
    Array.from(values).reduce((total, value) => total + value, 0);
  flat.forEach((margin, row) => {
    const least = margin - reach;
    if (least > 0) expect(ahead.margins[row]).toBeLessThan(least + 0.25 * reach);
    else expect(ahead.margins[row]).toBeLessThan(0.25 * reach);
  });
  expect(sum(ahead.margins)).toBeLessThan(sum(anywhere.margins));
});

test('a row alone is answered as among others', async () => {
  const context = { classifier, threat: new Threat('linf', { eps: EPS }), seed: 1 };
  const together = await attack.run(context, rows);
  for (let row = 0; row < ROWS; row++) {
    const alone = await attack.run(context, rowAlone(rows, row));
    expect(alone.best).toEqual(together.best.slice(row * FEATURES, (row + 1) * FEATURES));
  }
});

test('it refuses norms whose steepest step is not one of all features', () => {
  const threat = new Threat('l1', { eps: EPS });
  expect(attack.refusal?.({ classifier, threat })).toContain('serves ℓ∞ and ℓ2');
});
