// Randomised smoothing against closed forms. Gaussian noise moves w·x by σ‖w‖₂ times a normal number, so
// that a linear classifier, smoothed, answers with probability Φ(d/σ) at distance d from its boundary,
// and the radius of its smoothed answer is d.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { normalQuantile } from '../../src/bounds/clopper-pearson.ts';
import { certifySmoothed, type SmoothingOptions } from '../../src/bounds/smoothing.ts';
import type { Classifier } from '../../src/runtime/classifier.ts';
import { linearClassifier, randomWeights, rowsOn } from '../attacks/linear-model.ts';

const w = randomWeights(11);
const ROWS = 6;
const { rows, margins } = rowsOn(w, ROWS, 0);
const distances = margins.map((margin) => margin / Math.hypot(...w));
const options: SmoothingOptions = { sigma: 0.5, n0: 100, n: 4000, alpha: 0.001, seed: 3 };

let linear: Classifier;
beforeAll(async () => {
  linear = await linearClassifier(w);
});
afterAll(() => linear.release());

/** Φ by its series, for moderate z. */
function normalDistribution(z: number): number {
  let [term, sum] = [z, z];
  for (let k = 1; k < 200; k++) {
    term *= (z * z) / (2 * k + 1);
    sum += term;
  }
  return 0.5 + (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * sum;
}

describe('a linear classifier, smoothed', () => {
  test('answers as often as the distance to its boundary says', async () => {
    const { inputs } = await certifySmoothed(linear, rows, options);
    inputs.forEach(({ hits, selected }, i) => {
      const p = normalDistribution((distances[i] ?? 0) / options.sigma);
      if (selected !== rows.labels[i]) return;
      const deviation = Math.sqrt((p * (1 - p)) / options.n);
      expect(Math.abs(hits / options.n - p)).toBeLessThan(5 * deviation);
    });
  });

  test('is certified to nearly its distance from the boundary and never beyond', async () => {
    const sigma = 2 * Math.max(...distances);
    const { inputs, failureProbability } = await certifySmoothed(linear, rows, {
      ...options,
      sigma,
      n: 20_000,
    });
    expect(failureProbability).toBeCloseTo(ROWS * options.alpha, 12);
    inputs.forEach(({ prediction, radius, probability }, i) => {
      const distance = distances[i] ?? 0;
      expect(radius).toBeLessThanOrEqual(distance);
      // What 20,000 samples cannot tell: three deviations of the share, for the bound and for chance.
      const slack = sigma * Math.sqrt(2 * Math.PI) * 7 * 0.5 * Math.sqrt(1 / 20_000);
      expect(radius).toBeGreaterThanOrEqual(Math.max(0, distance - slack));
      if (prediction === null) expect(probability).toBeLessThanOrEqual(0.5);
      else expect(prediction).toBe(rows.labels[i]);
    });
    expect(inputs.some(({ prediction }) => prediction !== null)).toBe(true);
  });

  test('abstains on its boundary', async () => {
    const x = new Float32Array(w.length);
    const { inputs } = await certifySmoothed(linear, { x, streams: [0] }, options);
    expect(inputs[0]).toMatchObject({ prediction: null, radius: 0 });
  });

  test('gives each input its own noise, whatever stands beside it', async () => {
    const all = await certifySmoothed(linear, rows, options);
    const size = w.length;
    const last = { x: rows.x.subarray((ROWS - 1) * size), streams: [ROWS - 1] };
    expect((await certifySmoothed(linear, last, options)).inputs).toEqual(all.inputs.slice(-1));
    const other = await certifySmoothed(linear, rows, { ...options, seed: 4 });
    expect(other.inputs.map(({ hits }) => hits)).not.toEqual(all.inputs.map(({ hits }) => hits));
  });
});

test('what always answers the same has the radius of n hits in n', async () => {
  const certain = await linearClassifier(w, (b, x) =>
    b.add(b.mul(x, 0), b.floats(w, [1, w.length])),
  );
  const { inputs } = await certifySmoothed(certain, rows, options);
  const expected = options.sigma * normalQuantile(options.alpha ** (1 / options.n));
  for (const { hits, radius, prediction } of inputs) {
    expect(hits).toBe(options.n);
    expect(prediction).toBe(0);
    expect(radius).toBeLessThanOrEqual(expected);
    expect(radius).toBeCloseTo(expected, 6);
  }
  await certain.release();
});

test('an answer that is tied, or no number, is none', async () => {
  const tied = await linearClassifier(w, (b, x) => b.mul(x, 0));
  const broken = await linearClassifier(w, (b, x) => b.log(b.sub(b.mul(x, 0), 1)));
  for (const classifier of [tied, broken]) {
    const { inputs } = await certifySmoothed(classifier, rows, { ...options, n: 200 });
    for (const { prediction, radius } of inputs) expect([prediction, radius]).toEqual([null, 0]);
    await classifier.release();
  }
});

test('progress is told after each input, and a cancelled run stops', async () => {
  const told: number[] = [];
  await certifySmoothed(linear, rows, { ...options, n: 100 }, { onProgress: (n) => told.push(n) });
  expect(told).toEqual([1, 2, 3, 4, 5, 6]);
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(certifySmoothed(linear, rows, options, { signal })).rejects.toThrow('enough');
});

test.each<[Partial<SmoothingOptions>, RegExp]>([
  [{ sigma: 0 }, /sigma/],
  [{ sigma: Number.NaN }, /sigma/],
  [{ n0: 0 }, /n0/],
  [{ n: 1.5 }, /n must/],
  [{ alpha: 0 }, /alpha/],
  [{ alpha: 0.7 }, /alpha/],
])('%o is refused', async (wrong, message) => {
  await expect(certifySmoothed(linear, rows, { ...options, ...wrong })).rejects.toThrow(message);
});
