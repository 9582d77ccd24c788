// On a linear classifier the margin is known exactly: the smallest ε at which the support function of
// the set, in the direction of a rival, reaches the score difference. Both sides of the bracket must
// meet there. The oracle is float64, greedy (ℓ1), a root of ‖clamp(t·a)‖ = ε (ℓ2), a sum (ℓ∞).
import * as fc from 'fast-check';
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { audit } from '../../src/audit/audit.ts';
import type { NormName } from '../../src/audit/run.ts';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import { readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { ortRuntime } from '../../src/runtime/runtime.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { Threat } from '../../src/threats/threat.ts';

interface Linear {
  readonly features: number;
  readonly classes: number;
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

function linearModel({ features, classes, weights, bias }: Linear): Uint8Array<ArrayBuffer> {
  const b = new Builder();
  const x = b.input('x', [BATCH, features]);
  const w = b.constant(floats(weights, [features, classes]), 'w', true);
  const scores = b.add(b.matMul(x, w), b.constant(floats(bias), 'bias', true));
  return writeModel(b.graph({ scores }));
}

interface SetOf {
  readonly norm: NormName;
  readonly clip: readonly [number, number] | null;
  readonly weights: Float32Array | null;
  readonly frozen: readonly number[];
}

/** max a·δ over the set around x at radius ε, in float64. */
function support(a: Float64Array, x: Float32Array, eps: number, set: SetOf): number {
  const items = Array.from(a, (value, i) => {
    const scale = set.frozen.includes(i) ? 0 : (set.weights?.[i] ?? 1);
    const [low, high] = set.clip ?? [-Infinity, Infinity];
    const room = value > 0 ? high - (x[i] ?? 0) : (x[i] ?? 0) - low;
    return { gain: Math.abs(value) * scale, room: scale === 0 ? 0 : room / scale };
  });
  if (set.norm === 'linf') {
    return items.reduce((sum, { gain, room }) => sum + gain * Math.min(eps, room), 0);
  }
  if (set.norm === 'l1') {
    let [left, sum] = [eps, 0];
    for (const { gain, room } of items.sort((p, q) => q.gain - p.gain)) {
      const spent = Math.min(left, room);
      sum += gain * spent;
      left -= spent;
    }
    return sum;
  }
  const length = (t: number): number =>
    Math.sqrt(items.reduce((sum, { gain, room }) => sum + Math.min(t * gain, room) ** 2, 0));
  let [low, high] = [0, 1];
  while (length(high) < eps && high < 1e12) high *= 2;
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    if (length(middle) > eps) high = middle;
    else low = middle;
  }
  return items.reduce((sum, { gain, room }) => sum + gain * Math.min(low * gain, room), 0);
}

/** The exact margin: the smallest ε at which a rival catches up; Infinity if none, or ill-conditioned. */
function exactRadius(model: Linear, x: Float32Array, label: number, set: SetOf): number {
  const { features, classes, weights, bias } = model;
  const column = (k: number): Float64Array =>
    Float64Array.from({ length: features }, (_, i) => weights[i * classes + k] ?? 0);
  const score = (k: number): number =>
    column(k).reduce((sum, value, i) => sum + value * (x[i] ?? 0), bias[k] ?? 0);
  let least = Infinity;
  let steep = true;
  for (let rival = 0; rival < classes; rival++) {
    if (rival === label) continue;
    const own = column(label);
    const a = column(rival).map((value, i) => value - (own[i] ?? 0));
    const gap = score(label) - score(rival);
    let [low, high] = [0, 1];
    while (support(a, x, high, set) < gap && high < 1e6) high *= 2;
    if (high >= 1e6) continue;
    for (let i = 0; i < 100; i++) {
      const middle = (low + high) / 2;
      if (support(a, x, middle, set) >= gap) high = middle;
      else low = middle;
    }
    if (high >= least) continue;
    least = high;
    // Where the box leaves hardly anything to gain, rounding of the scores moves the radius a lot.
    steep = support(a, x, high, set) - support(a, x, 0.99 * high, set) > 0.005 * gap;
  }
  return steep ? least : Infinity;
}

/** Whether every rival is behind by a fair share of the terms that make up the scores. */
function wellSeparated(
  { features, classes, weights, bias }: Linear,
  x: Float32Array,
  label: number,
): boolean {
  const score = (k: number, size: boolean): number => {
    let sum = size ? Math.abs(bias[k] ?? 0) : (bias[k] ?? 0);
    for (let i = 0; i < features; i++) {
      const term = (weights[i * classes + k] ?? 0) * (x[i] ?? 0);
      sum += size ? Math.abs(term) : term;
    }
    return sum;
  };
  return Array.from({ length: classes }, (_, k) => k).every((k) => {
    const terms = score(k, true) + score(label, true);
    return k === label || score(label, false) - score(k, false) > 0.1 * terms;
  });
}

const value = fc.integer({ min: -1000, max: 1000 }).map((n) => Math.fround(n / 250));
const unit = fc.integer({ min: 0, max: 1000 }).map((n) => Math.fround(n / 1000));

const cases = fc
  .record({ features: fc.integer({ min: 1, max: 12 }), classes: fc.integer({ min: 2, max: 4 }) })
  .chain(({ features, classes }) =>
    fc.record({
      features: fc.constant(features),
      classes: fc.constant(classes),
      weights: fc.array(value, { minLength: features * classes, maxLength: features * classes }),
      bias: fc.array(value, { minLength: classes, maxLength: classes }),
      x: fc.array(unit, { minLength: 3 * features, maxLength: 3 * features }),
      clipped: fc.boolean(),
      scales: fc.option(
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: features, maxLength: features }),
        { nil: null },
      ),
      frozen: fc.option(fc.integer({ min: 0, max: features - 1 }), { nil: null }),
    }),
  );

const runtime = ortRuntime(ort, { name: 'onnxruntime-node' });

describe.each(['linf', 'l2', 'l1'] as const)('the %s margin of a linear classifier', (norm) => {
  test('is met by the proven and the broken radius, with and without box, weights, frozen features', async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(cases, async (c) => {
        const linear = {
          ...c,
          weights: Float32Array.from(c.weights),
          bias: Float32Array.from(c.bias),
        };
        const scales = c.scales && Float32Array.from(c.scales, (n) => n / 20);
        const frozen = c.frozen === null || c.features === 1 ? [] : [c.frozen];
        const set: SetOf = { norm, clip: c.clipped ? [0, 1] : null, weights: scales, frozen };
        const x = Float32Array.from(c.x);
        const samples = floats(x, [3, c.features]);
        const run = await audit({
          model: readModel(linearModel(linear)),
          data: { x: samples },
          threat: new Threat(norm, { eps: 0.1, clip: set.clip, weights: scales, frozen }),
          runtime,
        });
        for (const [i, sample] of run.samples.entries()) {
          if (sample.verdict === 'misclassified') continue;
          const own = x.subarray(i * c.features, (i + 1) * c.features);
          const exact = exactRadius(linear, own, sample.label, set);
          // A margin that float32 rounding of its own terms could hide says nothing about either side.
          if (!(exact > 1e-3) || exact > 1e3 || !wellSeparated(linear, own, sample.label)) continue;
          compared++;
          expect(sample.lower).toBeLessThanOrEqual(exact * (1 + 1e-9));
          expect(sample.lower).toBeGreaterThan(exact * (1 - 1e-4) - 2e-6);
          expect(sample.upper).toBeLessThan(exact * (1 + 1e-4) + 2e-6);
          expect(sample.upper).toBeGreaterThan(sample.lower ?? Infinity);
        }
      }),
      { seed: 7, numRuns: 8, endOnFailure: true },
    );
    expect(compared).toBeGreaterThan(10);
  });
});
