// Square Attack against closed forms: separable models whose least margin over the set is known, some
// of them without any gradient; every point it asks about; and its independence of the batch.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pgd } from '../../src/attacks/pgd.ts';
import { noise } from '../../src/attacks/noise.ts';
import { shareAt, square } from '../../src/attacks/square.ts';
import type { Classifier } from '../../src/runtime/classifier.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { Threat } from '../../src/threats/threat.ts';
import { linearClassifier, randomWeights, rowAlone, rowsOn, runtime } from './linear-model.ts';

const FEATURES = 40;
const ROWS = 6;
const w = randomWeights(FEATURES);

/** Every point that a program is asked about, as far as its input is called x. */
const asked: Float32Array[] = [];
const watching: Runtime = {
  ...runtime,
  session: async (bytes) => {
    const session = await runtime.session(bytes);
    return {
      ...session,
      release: () => session.release(),
      run: (feeds) => {
        if (feeds['x']?.data instanceof Float32Array && feeds['labels']) {
          asked.push(feeds['x'].data.slice());
        }
        return session.run(feeds);
      },
    };
  },
};

let linear: Classifier;
beforeAll(async () => {
  linear = await linearClassifier(w, undefined, watching);
});
afterAll(() => linear.release());

const radii = { linf: 0.02, l2: 0.1, l1: 0.3 } as const;
const clip = [0, 1] as const;

describe.each(['linf', 'l2', 'l1'] as const)('in %s', (norm) => {
  const eps = radii[norm];
  const threat = new Threat(norm, { eps, clip });
  const { rows, margins } = rowsOn(w, ROWS, eps);
  const context = () => ({ classifier: linear, threat, seed: 1 });

  test('no point it asks about leaves ball ∩ box, beyond what float32 rounds', async () => {
    asked.length = 0;
    await square({ queries: 60 }).run(context(), rowAlone(rows, 2));
    expect(asked.length).toBeGreaterThan(0);
    const centre = rowAlone(rows, 2).x;
    const distances = asked.map((x) => threat.distance(centre, x));
    expect(Math.max(...distances)).toBeLessThanOrEqual(eps * (1 + 1e-5));
  });

  test('it never gets below the least margin, and nearer to it than as many draws of noise', async () => {
    const least = margins.map((margin) => margin - eps * threat.norm.dualLength(w));
    const queries = 300;
    const found = await square({ queries }).run(context(), rows);
    const chance = await noise({ draws: queries }).run(context(), rows);
    least.forEach((exact, row) => {
      const margin = found.margins[row] ?? Number.NaN;
      expect(margin).toBeGreaterThanOrEqual(exact - 1e-4);
      if (margin > 0) expect(margin).toBeLessThan(chance.margins[row] ?? 0);
    });
  });

  test('a row alone is answered as among others, and the same seed gives the same', async () => {
    const attack = square({ queries: 120 });
    const together = await attack.run(context(), rows);
    const again = await attack.run(context(), rows);
    expect(again.best).toEqual(together.best);
    for (let row = 0; row < ROWS; row++) {
      const alone = await attack.run(context(), rowAlone(rows, row));
      const [start, end] = [row * FEATURES, (row + 1) * FEATURES];
      expect(alone.best).toEqual(together.best.slice(start, end));
      expect(alone.forwards[0]).toBe(together.forwards[row]);
    }
  });

  test('weights stretch the ball and frozen features stay', async () => {
    const weights = Float32Array.from({ length: FEATURES }, (_, i) => 0.5 + (i % 3));
    const own = new Threat(norm, { eps, clip, weights, frozen: [3, 7] });
    const { best } = await square({ queries: 200 }).run({ ...context(), threat: own }, rows);
    for (let row = 0; row < ROWS; row++) {
      const [start, end] = [row * FEATURES, (row + 1) * FEATURES];
      const reached = best.slice(start, end);
      expect(own.distance(rows.x.slice(start, end), reached)).toBeLessThanOrEqual(eps * (1 + 1e-5));
      expect(reached[3]).toBe(rows.x[start + 3]);
      expect(reached[7]).toBe(rows.x[start + 7]);
    }
  });
});

test('in ℓ∞ a linear model ends at its closed form, the valid box included', async () => {
  const eps = 0.02;
  const threat = new Threat('linf', { eps, clip });
  const { rows, margins } = rowsOn(w, ROWS, eps);
  const { margins: found } = await square({ queries: 800 }).run(
    { classifier: linear, threat, seed: 1 },
    rows,
  );
  margins.forEach((margin, row) => {
    const sign = rows.labels[row] === 0 ? 1 : -1;
    let exact = margin;
    for (let i = 0; i < FEATURES; i++) {
      const value = rows.x[row * FEATURES + i] ?? 0;
      const slope = sign * (w[i] ?? 0);
      exact -= Math.abs(slope) * Math.min(eps, slope > 0 ? value : 1 - value);
    }
    if (exact > 0) expect(found[row]).toBeCloseTo(exact, 4);
    else expect(found[row]).toBeLessThanOrEqual(0);
  });
});

describe('a model of steps, whose gradient is zero everywhere', () => {
  const LEVELS = 9;
  // What float32 multiplication and rounding half to even make of a value.
  const level = (value: number): number => {
    const scaled = Math.fround(Math.fround(value) * LEVELS);
    const below = Math.floor(scaled);
    const up = scaled - below > 0.5 || (scaled - below === 0.5 && below % 2 === 1);
    return Math.fround((below + Number(up)) * Math.fround(1 / LEVELS));
  };
  const eps = 0.04;
  const threat = new Threat('linf', { eps, clip });
  const { rows, margins } = rowsOn(w, ROWS, eps, level);
  let stepped: Classifier;
  beforeAll(async () => {
    stepped = await linearClassifier(w, (b, x) =>
      b.mul(b.push('round', [b.mul(x, LEVELS)], {}), Math.fround(1 / LEVELS)),
    );
  });
  afterAll(() => stepped.release());

  /** Each feature goes to the end of its range that costs the label most. */
  const least = margins.map((margin, row) => {
    const sign = rows.labels[row] === 0 ? 1 : -1;
    const size = FEATURES;
    const centre = rows.x.slice(row * size, (row + 1) * size);
    const [lower, upper] = [new Float32Array(size), new Float32Array(size)];
    threat.enclose(centre, eps, 'inward', lower, upper);
    return centre.reduce((sum, value, i) => {
      const slope = sign * (w[i] ?? 0);
      const end = (slope > 0 ? lower[i] : upper[i]) ?? 0;
      return sum + slope * (level(end) - level(value));
    }, margin);
  });

  test('the least margin is found where steps along the gradient find nothing', async () => {
    const context = { classifier: stepped, threat, seed: 1 };
    const climbed = await pgd({ loss: 'margin', steps: 20, restarts: 1 }).run(context, rows);
    const { margins: found } = await square({ queries: 1500 }).run(context, rows);
    least.forEach((exact, row) => {
      expect(climbed.margins[row]).toBeCloseTo(margins[row] ?? 0, 4);
      if (exact > 1e-4) expect(found[row]).toBeCloseTo(exact, 4);
      else expect(found[row]).toBeLessThanOrEqual(1e-4);
    });
    expect(least.some((exact) => exact > 1e-4)).toBe(true);
    expect(least.some((exact) => exact <= 0)).toBe(true);
  });

  test('a row that only seems broken walks on until the original file agrees', async () => {
    let refusals = 0;
    const doubting: Classifier = {
      ...stepped,
      judge: async (x, streams) => {
        const judgement = await stepped.judge(x, streams);
        // The first time every row is said to be answered right.
        if (refusals++ > 0) return judgement;
        const scores = new Float64Array(judgement.scores.length);
        streams.forEach((stream, i) => (scores[2 * i + (rows.labels[stream] ?? 0)] = 1));
        return { ...judgement, scores };
      },
    };
    const outcome = await square({ queries: 1500 }).run(
      { classifier: doubting, threat, seed: 1 },
      rows,
    );
    expect(refusals).toBeGreaterThan(1);
    least.forEach((exact, row) => {
      if (exact <= 0) expect(outcome.margins[row]).toBeLessThanOrEqual(0);
    });
  });
});

test('the share of the plane halves at the queries of the paper', () => {
  const options = { queries: 10_000, share: 0.8 };
  const at = [0, 10, 11, 50, 51, 201, 501, 1001, 2001, 4001, 6001, 8001];
  const halvings = [0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  expect(at.map((query) => shareAt(options, query))).toEqual(halvings.map((k) => 0.8 / 2 ** k));
});
