// With all that is valid to choose from, gradient steps find what is broken whatever the norm's own steps are like:
// on a linear model whose one steep feature comes to its end long before the others have moved.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pgd } from '../../src/attacks/pgd.ts';
import { unbounded, unboundedRadius } from '../../src/attacks/unbounded.ts';
import type { Classifier } from '../../src/runtime/classifier.ts';
import { RandomBlock } from '../../src/tensor/random.ts';
import { Threat } from '../../src/threats/threat.ts';
import { linearClassifier } from './linear-model.ts';

const [FEATURES, ROWS] = [20, 8];
/** The margin Σ w·(x − SHIFT) is not positive only where the steep feature is 0 and the others have lost much. */
const SHIFT = 0.008;
const w = Float32Array.from({ length: FEATURES }, (_, k) => (k === 0 ? 10 : 0.01));
const random = new RandomBlock(5, 0, 0);
const x = Float32Array.from({ length: ROWS * FEATURES }, (_, k) => 0.6 + 0.2 * random.uniform(k));
const attack = unbounded({ loss: 'softmax-cross-entropy', steps: 100 });
let classifier: Classifier;

beforeAll(async () => {
  classifier = await linearClassifier(w, (b, input) => b.sub(input, SHIFT));
});
afterAll(() => classifier.release());

const rowsOf = (threat: Threat) => ({
  count: ROWS,
  x,
  labels: new Int32Array(ROWS),
  radii: Float64Array.from({ length: ROWS }, (_, row) =>
    unboundedRadius(threat, x.subarray(row * FEATURES, (row + 1) * FEATURES)),
  ),
  streams: Array.from({ length: ROWS }, (_, row) => row),
});

/** Whether no row stands; the candidates are valid, and within the radius that is said to hold them. */
const broken = async (threat: Threat, steep = classifier): Promise<number> => {
  const rows = rowsOf(threat);
  const { best, margins } = await attack.run({ classifier: steep, threat, seed: 1 }, rows);
  margins.forEach((_, row) => {
    const part = (all: Float32Array) => all.subarray(row * FEATURES, (row + 1) * FEATURES);
    expect(threat.distance(part(x), part(best))).toBeLessThanOrEqual(rows.radii[row] ?? 0);
  });
  return margins.filter((margin) => !(margin > 0)).length;
};

test('the normalised steps of ℓ2 stand still once the steep feature has come to its end', async () => {
  const threat = new Threat('l2', { eps: 0.1, clip: [0, 1] });
  const steps = pgd({ loss: 'softmax-cross-entropy', steps: 100, restarts: 1 });
  const { margins } = await steps.run({ classifier, threat, seed: 1 }, rowsOf(threat));
  expect(margins.every((margin) => margin > 0)).toBe(true);
});

describe.each(['linf', 'l2', 'l1', 'l0'] as const)('in %s', (norm) => {
  const eps = norm === 'l0' ? 1 : 0.1;

  test('every input is broken within the valid box', async () => {
    expect(await broken(new Threat(norm, { eps, clip: [0, 1] }))).toBe(ROWS);
  });

  test('none is where the steep feature is frozen: no choice of the others suffices', async () => {
    expect(await broken(new Threat(norm, { eps, clip: [0, 1], frozen: [0] }))).toBe(0);
  });

  test('none is where cross-entropy has no gradient to follow', async () => {
    const saturated = await linearClassifier(
      w.map((weight) => 1e4 * weight),
      (b, input) => b.sub(input, SHIFT),
    );
    try {
      expect(await broken(new Threat(norm, { eps, clip: [0, 1] }), saturated)).toBe(0);
    } finally {
      await saturated.release();
    }
  });
});

test.each(['linf', 'l2', 'l1'] as const)(
  'in %s without a valid box it goes far beyond the inputs',
  async (norm) => {
    expect(await broken(new Threat(norm, { eps: 0.1 }))).toBe(ROWS);
  },
);
