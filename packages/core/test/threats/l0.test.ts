// ℓ0: exact on linear models, where the best k changes are the k largest |w_i|·room_i; the projection
// against all choices of k features; proofs that hold every point of the set.
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fgsm } from '../../src/attacks/fgsm.ts';
import { pgd } from '../../src/attacks/pgd.ts';
import { rivals } from '../../src/attacks/rivals.ts';
import { audit } from '../../src/audit/audit.ts';
import { interval } from '../../src/bounds/interval.ts';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import { writeModel } from '../../src/onnx/write.ts';
import type { Classifier } from '../../src/runtime/classifier.ts';
import { floats, tensor } from '../../src/tensor/tensor.ts';
import { RandomBlock } from '../../src/tensor/random.ts';
import { l0Norm } from '../../src/threats/norms/l0.ts';
import { l0 } from '../../src/threats/threat.ts';
import { linearClassifier, randomWeights, rowsOn, runtime } from '../attacks/linear-model.ts';

const FEATURES = 24;
const ROWS = 8;
const clip = [0, 1] as const;
const w = randomWeights(FEATURES);
let linear: Classifier;
beforeAll(async () => {
  linear = await linearClassifier(w);
});
afterAll(() => linear.release());

/** |w_i|·room_i against the label, largest first, frozen features left out. */
function gains(row: number, frozen: readonly number[] = []): number[] {
  const { rows } = rowsOn(w, ROWS, 1);
  const sign = rows.labels[row] === 0 ? 1 : -1;
  return Array.from(w, (weight, i) => {
    const [value, slope] = [rows.x[row * FEATURES + i] ?? 0, sign * weight];
    return frozen.includes(i) ? 0 : Math.abs(slope) * (slope > 0 ? value : 1 - value);
  }).sort((p, q) => q - p);
}

describe.each([0, 1, 3, FEATURES])('with %i features', (k) => {
  const { rows, margins } = rowsOn(w, ROWS, k);
  const frozen = [2, 5];
  const threat = l0({ eps: k, clip, frozen });
  const context = () => ({ classifier: linear, threat, seed: 1 });
  const least = margins.map((margin, row) =>
    gains(row, frozen)
      .slice(0, k)
      .reduce((sum, gain) => sum - gain, margin),
  );

  test.each([
    ['one step', fgsm()],
    ['one step towards each rival', rivals({ most: 3 })],
  ])('%s attains the least margin of a linear model', async (_, attack) => {
    const { margins: found, best } = await attack.run(context(), rows);
    least.forEach((exact, row) => {
      const [start, end] = [row * FEATURES, (row + 1) * FEATURES];
      expect(found[row]).toBeCloseTo(exact, 4);
      const distance = threat.distance(rows.x.slice(start, end), best.slice(start, end));
      expect(distance).toBeLessThanOrEqual(k);
    });
  });

  test('iterated steps stay in the set and come most of the way', async () => {
    const attack = pgd({ loss: 'margin', steps: 40, restarts: 1 });
    const { margins: found, best } = await attack.run(context(), rows);
    least.forEach((exact, row) => {
      const [start, end] = [row * FEATURES, (row + 1) * FEATURES];
      const distance = threat.distance(rows.x.slice(start, end), best.slice(start, end));
      expect(distance).toBeLessThanOrEqual(k);
      const margin = margins[row] ?? 0;
      expect(found[row]).toBeGreaterThanOrEqual(exact - 1e-4);
      expect(found[row]).toBeLessThanOrEqual(Math.max(margin - 0.8 * (margin - exact), 0) + 1e-4);
    });
  });

  test('the interval bound is the least margin, from below', async () => {
    const { lower, upper } = { lower: 1e-5, upper: 5e-4 };
    const bounds = await interval.margins(context(), rows, 'float32');
    least.forEach((exact, row) => {
      const bound = bounds[row] ?? Number.NaN;
      expect(bound).toBeLessThanOrEqual(exact + lower);
      expect(bound).toBeGreaterThan(exact - upper * (1 + Math.abs(exact)));
    });
  });
});

test('an audit of a linear model finds the exact number of features, from both sides', async () => {
  const { rows, margins } = rowsOn(w, ROWS, 1);
  const run = await audit({
    model: linear.model,
    classifier: linear,
    runtime,
    data: { x: floats(rows.x, [ROWS, FEATURES]), y: rows.labels },
    threat: l0({ eps: 2, clip }),
  });
  run.samples.forEach(({ lower, upper }, row) => {
    let [left, exact] = [margins[row] ?? 0, 0];
    for (const gain of gains(row)) {
      if (left <= 1e-6) break;
      left -= gain;
      exact++;
    }
    if (left > 1e-6) exact = Infinity;
    if (exact !== Infinity) expect(upper).toBe(exact);
    else expect(upper).toBeNull();
    // Between whole numbers nothing changes: a radius just below k is proven by k − 1.
    expect(lower).toBeGreaterThanOrEqual(exact === Infinity ? FEATURES : exact - 1);
    expect(lower).toBeLessThan(exact);
  });
});

describe('the set itself', () => {
  const WIDTH = 6;
  const values = fc.array(
    fc.integer({ min: -200, max: 200 }).map((n) => Math.fround(n / 100)),
    { minLength: WIDTH, maxLength: WIDTH },
  );
  const rooms = fc.array(
    fc.integer({ min: 0, max: 100 }).map((n) => Math.fround(n / 100)),
    { minLength: WIDTH, maxLength: WIDTH },
  );
  const problem = fc.record({
    v: values,
    up: rooms,
    down: rooms,
    most: fc.integer({ min: 0, max: WIDTH }),
  });

  test('support, maximiser and projection are the best over all choices of k features', async () => {
    const b = new Builder();
    const [v, up, down] = ['v', 'up', 'down'].map((name) => b.input(name, [BATCH, WIDTH]));
    if (!v || !up || !down) throw new Error('three inputs');
    const given = { up, down, most: b.input('most', [BATCH]) };
    const graph = b.graph({
      support: l0Norm.support(b, v, given),
      best: l0Norm.maximiser(b, v, given),
      projected: l0Norm.project(b, v, given),
    });
    const session = await runtime.session(writeModel(graph));
    const problems = fc.sample(problem, { seed: 3, numRuns: 300 });
    const feed = (pick: (p: (typeof problems)[number]) => readonly number[]) =>
      tensor('float32', [problems.length, WIDTH], Float32Array.from(problems.flatMap(pick)));
    const results = await session.run({
      v: feed((p) => p.v),
      up: feed((p) => p.up),
      down: feed((p) => p.down),
      most: tensor(
        'float32',
        [problems.length],
        Float32Array.from(problems, (p) => p.most),
      ),
    });
    const part = (name: string, i: number): number[] =>
      Array.from(results[name]?.data ?? [], Number).slice(i * WIDTH, (i + 1) * WIDTH);
    problems.forEach((own, i) => {
      const room = own.v.map((x, k) => (x > 0 ? own.up[k] : own.down[k]) ?? 0);
      const sorted = (all: number[]): number[] => all.sort((p, q) => q - p).slice(0, own.most);
      const sum = (all: number[]): number => all.reduce((total, x) => total + x, 0);
      const exact = sum(sorted(own.v.map((x, k) => Math.abs(x) * (room[k] ?? 0))));
      const support = Number(results['support']?.data[i]);
      expect(support).toBeGreaterThanOrEqual(exact - 1e-5);
      expect(support).toBeLessThanOrEqual(exact + 1e-4);
      const best = part('best', i);
      expect(l0Norm.length(best)).toBeLessThanOrEqual(own.most);
      expect(sum(best.map((x, k) => x * (own.v[k] ?? 0)))).toBeGreaterThan(exact - 1e-4);
      const projected = part('projected', i);
      expect(l0Norm.length(projected)).toBeLessThanOrEqual(own.most);
      const clamped = own.v.map((x, k) =>
        Math.max(-(own.down[k] ?? 0), Math.min(own.up[k] ?? 0, x)),
      );
      const saved = sum(sorted(own.v.map((x, k) => x ** 2 - (x - (clamped[k] ?? 0)) ** 2)));
      const squared = sum(own.v.map((x, k) => (x - (projected[k] ?? 0)) ** 2));
      expect(squared).toBeLessThanOrEqual(sum(own.v.map((x) => x ** 2)) - saved + 1e-4);
    });
    await session.release();
  });

  test('legalising keeps the largest changes, and samples change at most as many features', () => {
    fc.assert(
      fc.property(values, values, fc.integer({ min: 0, max: WIDTH }), (centre, other, most) => {
        const threat = l0({ eps: most, clip: [-2, 2], frozen: [1] });
        const [c, x] = [Float32Array.from(centre), Float32Array.from(other)];
        const before = Float32Array.from(x);
        expect(threat.legalise(c, x, most)).toBeLessThanOrEqual(most);
        expect(threat.distance(c, x)).toBeLessThanOrEqual(most);
        expect(x[1]).toBe(c[1]);
        x.forEach((value, i) => expect([c[i], before[i]]).toContain(value));
        const drawn = new Float32Array(WIDTH);
        threat.sample(c, most, new RandomBlock(1, 2, 3), drawn);
        expect(threat.distance(c, drawn)).toBeLessThanOrEqual(most);
      }),
      { seed: 4, numRuns: 200 },
    );
  });

  test('it needs a range of valid values and a whole number of features', () => {
    expect(() => l0({ eps: 3 })).toThrow('needs the range of valid values');
    expect(() => l0({ eps: 0.5, clip })).toThrow('whole number of features, not 0.5');
  });
});
