// Attacks against closed forms. On a linear two-class model the least margin over an ℓp ball is
// margin − ε·‖w‖_q: one step attains it, iterated attacks reach it, and noise does not.
import * as ort from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fgsm } from '../../src/attacks/fgsm.ts';
import { noise } from '../../src/attacks/noise.ts';
import { pgd } from '../../src/attacks/pgd.ts';
import { rivals } from '../../src/attacks/rivals.ts';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import { readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import type { Classifier } from '../../src/runtime/classifier.ts';
import { openClassifier } from '../../src/runtime/open-classifier.ts';
import { ortRuntime } from '../../src/runtime/runtime.ts';
import { RandomBlock } from '../../src/tensor/random.ts';
import { floats } from '../../src/tensor/tensor.ts';
import type { Rows } from '../../src/threats/ball.ts';
import { Threat } from '../../src/threats/threat.ts';

const FEATURES = 40;
const ROWS = 12;
const EPS = 0.05;
const random = new RandomBlock(4, 0, 0);
const w = Float32Array.from({ length: FEATURES }, (_, i) => random.normal(i));
const x = Float32Array.from({ length: ROWS * FEATURES }, (_, i) => random.uniform(1000 + i));

let classifier: Classifier;

beforeAll(async () => {
  const b = new Builder();
  const input = b.input('x', [BATCH, FEATURES]);
  const score = b.matMul(input, b.constant(floats(w, [FEATURES, 1])));
  const scores = b.concat([score, b.mul(score, 0)], 1);
  const model = readModel(writeModel(b.graph({ scores })));
  classifier = await openClassifier(model, ortRuntime(ort, { name: 'onnxruntime-node' }));
});
afterAll(() => classifier.release());

const margins = Array.from({ length: ROWS }, (_, row) =>
  w.reduce((sum, weight, i) => sum + weight * (x[row * FEATURES + i] ?? 0), 0),
);

/** Every row is labelled with its own side, so that its margin is |w·x|. */
const rows: Rows = {
  count: ROWS,
  x,
  labels: Int32Array.from(margins, (margin) => (margin > 0 ? 0 : 1)),
  radii: new Float64Array(ROWS).fill(EPS),
  streams: Array.from({ length: ROWS }, (_, i) => i),
};

describe.each(['linf', 'l2', 'l1'] as const)('in %s', (norm) => {
  const threat = new Threat(norm, { eps: EPS });
  const least = margins.map((margin) => Math.abs(margin) - EPS * threat.norm.dualLength(w));
  const context = (): Parameters<ReturnType<typeof fgsm>['run']>[0] => ({
    classifier,
    threat,
    seed: 1,
  });

  test.each([
    ['one step', fgsm()],
    ['one step on cross-entropy', fgsm({ loss: 'cross-entropy' })],
    ['one step towards each rival', rivals({ most: 3 })],
  ])('%s attains the closed form', async (_, attack) => {
    const { margins: found } = await attack.run(context(), rows);
    least.forEach((exact, row) => expect(found[row]).toBeCloseTo(exact, 4));
  });

  test('iterated steps come within a hundredth of it, or break the row on the way', async () => {
    const attack = pgd({ loss: 'margin', steps: 60, restarts: 1 });
    const { margins: found, best } = await attack.run(context(), rows);
    least.forEach((exact, row) => {
      const own = x.subarray(row * FEATURES, (row + 1) * FEATURES);
      const reached = best.slice(row * FEATURES, (row + 1) * FEATURES);
      expect(threat.distance(own, reached)).toBeLessThanOrEqual(EPS * (1 + 1e-4));
      if (exact > 0) expect(found[row]).toBeLessThan(exact + 0.01 * Math.abs(margins[row] ?? 0));
      else expect(found[row]).toBeLessThanOrEqual(0.01 * Math.abs(margins[row] ?? 0));
    });
  });

  test.each(['sphere', 'uniform', 'gaussian'] as const)(
    '%s noise has the full length, and its coordinates the form of their distribution',
    async (form) => {
      const { best } = await noise({ draws: 3, form }).run(context(), rows);
      let [second, fourth] = [0, 0];
      for (let row = 0; row < ROWS; row++) {
        const own = x.subarray(row * FEATURES, (row + 1) * FEATURES);
        const reached = best.slice(row * FEATURES, (row + 1) * FEATURES);
        expect(threat.distance(own, reached) / EPS).toBeCloseTo(1, 4);
        const delta = reached.map((value, i) => value - (own[i] ?? 0));
        const scale = Math.sqrt(FEATURES) / Math.hypot(...delta);
        for (const value of delta) {
          second += (value * scale) ** 2 / delta.length;
          fourth += (value * scale) ** 4 / delta.length;
        }
      }
      // A uniform variable has the kurtosis 9/5, a normal one 3.
      const kurtosis = fourth / ROWS / (second / ROWS) ** 2;
      if (form === 'uniform') expect(Math.abs(kurtosis - 1.8)).toBeLessThan(0.3);
      if (form === 'gaussian') expect(Math.abs(kurtosis - 3)).toBeLessThan(0.7);
    },
  );

  test('noise of the same length comes nowhere near', async () => {
    const { margins: found } = await noise({ draws: 10 }).run(context(), rows);
    const share = Array.from(found, (margin, row) => {
      const clean = Math.abs(margins[row] ?? 0);
      return (clean - margin) / (clean - (least[row] ?? 0));
    });
    expect(Math.max(...share)).toBeLessThan(0.9);
    expect(share.reduce((sum, value) => sum + value, 0) / ROWS).toBeLessThan(0.6);
  });
});
