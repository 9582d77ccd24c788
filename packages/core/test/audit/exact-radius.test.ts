/**
 * The exact margin of ReLU networks: worked out by hand on the two-neuron case, in closed form on linear
 * models, and against every pattern of activations on tiny networks of the plane. In every case
 * interval ≤ CROWN ≤ α-CROWN ≤ exact lower ≤ ε* ≤ exact upper.
 */
import * as fc from 'fast-check';
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { audit } from '../../src/audit/audit.ts';
import { defaultPlan, exactPlan, onlyProving, type Plan } from '../../src/audit/plan.ts';
import type { SampleRecord, Semantics } from '../../src/audit/run.ts';
import { alphaCrown } from '../../src/bounds/alpha-crown.ts';
import type { Bound } from '../../src/bounds/bound.ts';
import { crown } from '../../src/bounds/crown.ts';
import { exactRefusal, ReluNetworkReader } from '../../src/bounds/exact/relu-network.ts';
import { interval } from '../../src/bounds/interval.ts';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import { readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { openClassifier } from '../../src/runtime/open-classifier.ts';
import { ortRuntime } from '../../src/runtime/runtime.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { Threat } from '../../src/threats/threat.ts';
import { Draw } from '../generators/draw.ts';
import { scoresOf, type Dense, denseModel, nearestRival } from './patterns.ts';

const runtime = ortRuntime(ort, { name: 'onnxruntime-node', threads: 1 });

function planWith(bounds: readonly Bound[], exact: boolean): Plan {
  const proofs = bounds.map((bound) => {
    return { bound, tolerance: 5e-5, dearTolerance: 5e-5, hope: Infinity };
  });
  return onlyProving(defaultPlan(), { proofs, exact: exact ? exactPlan : null, split: null });
}

interface Asked {
  readonly bytes: Uint8Array;
  readonly x: Float32Array;
  readonly label: number;
  readonly threat: Threat;
  readonly semantics?: Semantics;
}

async function proven(
  { bytes, x, label, threat, semantics = 'float32' }: Asked,
  plans: readonly Plan[],
  radii = true,
): Promise<SampleRecord[]> {
  const model = readModel(bytes);
  const data = { x: floats(x, [1, x.length]), y: [label] };
  const classifier = await openClassifier(model, runtime);
  const found: SampleRecord[] = [];
  for (const plan of plans) {
    const options = { model, classifier, data, threat, runtime, semantics, plan, radii };
    found.push(...(await audit(options)).samples);
  }
  await classifier.release();
  return found;
}

const exactAlone = [planWith([interval], true)];

/** The exact bracket alone. */
async function bracketOf(asked: Asked): Promise<readonly [lower: number, upper: number]> {
  const [found] = await proven(asked, exactAlone);
  return [found?.lower ?? Number.NaN, found?.upper ?? Infinity];
}

/** Proven radii from bound to bound, each beside the cheaper ones, then the exact bracket. */
async function chain(asked: Asked): Promise<number[]> {
  const bounds = [interval, crown, alphaCrown];
  const plans = bounds.map((_, i) => planWith(bounds.slice(0, i + 1), false));
  const found = await proven(asked, [...plans, planWith(bounds, true)]);
  const radii = found.map(({ lower }) => lower ?? Number.NaN);
  return [...radii, found.at(-1)?.upper ?? Infinity];
}

/** Searches of the bounds end at 5e-5 of their radius; the exact bracket holds what they found. */
function expectRising([first = 0, second = 0, third = 0, lower = 0, upper = 0]: number[]): void {
  expect(second).toBeGreaterThanOrEqual(first * (1 - 1e-4));
  expect(third).toBeGreaterThanOrEqual(second * (1 - 1e-4));
  expect(lower).toBeGreaterThanOrEqual(third);
  expect(upper).toBeGreaterThanOrEqual(lower);
}

/** Scores [bias + Σ w·ReLU(±x), 0]. */
function twoNeurons(bias: number, w: readonly [number, number]): Uint8Array {
  const b = new Builder();
  const x = b.input('x', [BATCH, 1]);
  const hidden = b.relu(b.matMul(x, b.floats([1, -1], [1, 2])));
  const score = b.add(b.matMul(hidden, b.floats([...w], [2, 1])), b.floats([bias], [1, 1]));
  return writeModel(b.graph({ scores: b.concat([score, b.mul(score, 0)], 1) }));
}

describe('the exact margin of the two-neuron case, 1 − ReLU(x) − ReLU(−x) = 1 − |x|', () => {
  // Around 0 within ε both neurons lie in [0, ε]: intervals give 1 − 2ε, proven up to 1/2. Each triangle's
  // chord is (x + ε)/2, (ε − x)/2: their sum is ε whatever x, and CROWN gives 1 − ε, which is exact.
  test('around 0: intervals prove 1/2, linear bounds the whole 1', async () => {
    const asked = { bytes: twoNeurons(1, [-1, -1]), x: new Float32Array(1), label: 0 };
    const radii = await chain({ ...asked, threat: new Threat('linf', { eps: 0 }) });
    expectRising(radii);
    [0.5, 1, 1, 1, 1].forEach((radius, i) => expect(radii[i]).toBeCloseTo(radius, 3));
  });

  // 1 + ReLU(x) − 2·ReLU(−x) is 1 + x above 0 and 1 + 2x below: broken at −1/2. Around 1/4: margin 5/4, broken
  // 3/4 away. For ε > 1/4, x in [1/4 − ε, 1/4 + ε]: intervals give ReLU(x) ≥ 0, ReLU(−x) ≤ ε − 1/4, so
  // 1 − 2(ε − 1/4), proven up to 3/4 too; the exact bracket closes there.
  test('off 0 the bracket closes at the kink’s far side', async () => {
    const asked = { bytes: twoNeurons(1, [1, -2]), x: Float32Array.of(0.25), label: 0 };
    const radii = await chain({ ...asked, threat: new Threat('linf', { eps: 0 }) });
    expectRising(radii);
    expect(radii[3]).toBeGreaterThan(0.75 * (1 - 1.5e-4));
    expect(radii[4]).toBeLessThan(0.75 * (1 + 1.5e-4));
  });

  test('is decided at ε on both sides of it', async () => {
    const asked = { bytes: twoNeurons(1, [-1, -1]), x: Float32Array.of(0.25), label: 0 };
    const verdictAt = async (eps: number): Promise<string | undefined> => {
      const threat = new Threat('linf', { eps });
      return (await proven({ ...asked, threat }, exactAlone, false))[0]?.verdict;
    };
    expect(await verdictAt(0.74)).toBe('certified');
    expect(await verdictAt(0.76)).toBe('falsified');
  });

  test('is the whole valid box where nothing in it breaks', async () => {
    const threat = new Threat('linf', { eps: 0, clip: [-0.5, 0.5] });
    const asked = { bytes: twoNeurons(1, [-1, -1]), x: new Float32Array(1), label: 0, threat };
    expect(await bracketOf(asked)).toEqual([0.5, Infinity]);
  });
});

describe('the exact margin of linear models is |w·x + b| over the dual norm', () => {
  test('in ℓ∞ and ℓ1, with weighted and frozen features', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        const draw = new Draw(seed);
        const features = draw.integer(2, 6);
        const w = Float32Array.from({ length: features }, () => draw.real(-1, 1));
        const x = Float32Array.from({ length: features }, () => draw.real(-1, 1));
        const norm = draw.pick(['linf', 'l1'] as const);
        const weights = Float32Array.from(w, () => draw.pick([1, 1, draw.real(0.2, 3)]));
        const frozen = draw.chance(0.3) ? [0] : null;
        const threat = new Threat(norm, { eps: 0, weights, frozen });
        const b = new Builder();
        const score = b.matMul(b.input('x', [BATCH, features]), b.floats(w, [features, 1]));
        const bytes = writeModel(b.graph({ scores: b.concat([score, b.mul(score, 0)], 1) }));
        const value = w.reduce((sum, each, i) => sum + each * (x[i] ?? 0), 0);
        const gains = Array.from(w, (each, i) =>
          frozen?.includes(i) ? 0 : Math.abs(each) * (weights[i] ?? 1),
        );
        const dual = norm === 'l1' ? Math.max(...gains) : gains.reduce((sum, g) => sum + g, 0);
        fc.pre(Math.abs(value) > 1e-2 && dual > 1e-2);
        const asked = { bytes, x, label: value > 0 ? 0 : 1, threat };
        const [lower, upper] = await bracketOf(asked);
        const exact = Math.abs(value) / dual;
        expect(lower).toBeGreaterThan(exact * (1 - 2e-4));
        expect(lower).toBeLessThanOrEqual(exact * (1 + 1e-6));
        expect(upper).toBeLessThan(exact * (1 + 2e-4));
      }),
      { seed: 5, numRuns: 15 },
    );
  });
});

describe('the exact margin of tiny networks of the plane', () => {
  test('is the least over all patterns of activations', async () => {
    let [closed, all] = [0, 0];
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        const draw = new Draw(seed);
        const network = denseModel(draw, 2, [draw.integer(2, 4), draw.integer(2, 3)], 3);
        const x = Float32Array.from({ length: 2 }, () => draw.real(0, 1));
        const label = labelOf(network, x);
        const norm = draw.pick(['linf', 'l1'] as const);
        const threat = new Threat(norm, { eps: 0, clip: [0, 1] });
        const exact = nearestRival(network, x, label, norm);
        // Numbers this small are lost in float32.
        fc.pre(exact > 1e-3 || exact === Infinity);
        const semantics = draw.pick(['float32', 'real'] as const);
        const asked = { bytes: network.bytes, x, label, threat, semantics };
        // Compiling the slopes' programs takes longest.
        if (all % 8 === 0) expectRising(await chain(asked));
        const [lower, upper] = await bracketOf(asked);
        all++;
        if (exact === Infinity) {
          expect(upper).toBe(Infinity);
          expect(lower).toBe(threat.reach(x));
          closed++;
          return;
        }
        expect(lower).toBeLessThanOrEqual(exact * (1 + 1e-5));
        expect(upper).toBeGreaterThanOrEqual(exact * (1 - 1e-5));
        if (upper <= lower * (1 + 1.1e-4)) closed++;
      }),
      { seed: 11, numRuns: 10 },
    );
    expect(closed / all).toBeGreaterThan(0.9);
  });
});

describe('what is no dense network', () => {
  test('a convolution has the margin of its matrix, with scales and shifts behind it', async () => {
    const draw = new Draw(17);
    const x = Float32Array.of(0.3, 0.6);
    const dense = denseModel(draw, 2, [4], 2);
    const [first, last] = dense.layers;
    const [gain, shift] = [Math.fround(draw.real(0.5, 2)), Math.fround(draw.real(-0.2, 0.2))];
    const [k, l] = [Math.fround(draw.real(-2, 2)), Math.fround(draw.real(-2, 2))];
    if (!first || !last) throw new RangeError('two layers');
    // Two channels of one tap over two places: values [k·x₀, k·x₁, l·x₀, l·x₁], scaled, shifted.
    const weights = [k, l].flatMap((tap) => [
      [gain * tap, 0],
      [0, gain * tap],
    ]);
    const network = { ...dense, layers: [{ weights, bias: weights.map(() => shift) }, last] };
    const b = new Builder();
    const image = b.reshape(b.input('x', [BATCH, 2]), [BATCH, 1, 1, 2]);
    const conv = b.push('conv', [image, b.floats([k, l], [2, 1, 1, 1])], {
      strides: [1, 1],
      padBefore: [0, 0],
      padAfter: [0, 0],
      dilations: [1, 1],
      groups: 1,
    });
    const hidden = b.relu(b.add(b.mul(conv, gain), shift));
    const matrix = [0, 1, 2, 3].flatMap((j) => last.weights.map((row) => row[j] ?? 0));
    const product = b.matMul(b.reshape(hidden, [BATCH, 4]), b.floats(matrix, [4, 2]));
    const bytes = writeModel(b.graph({ scores: b.add(product, b.floats([...last.bias], [1, 2])) }));
    const label = labelOf(network, x);
    for (const norm of ['linf', 'l1'] as const) {
      const threat = new Threat(norm, { eps: 0, clip: [0, 1] });
      const exact = nearestRival(network, x, label, norm);
      const [lower, upper] = await bracketOf({ bytes, x, label, threat });
      if (exact === Infinity) expect(lower).toBe(threat.reach(x));
      else {
        expect(lower).toBeLessThanOrEqual(exact * (1 + 1e-5));
        expect(lower).toBeGreaterThan(exact * (1 - 3e-4));
        expect(upper).toBeLessThan(exact * (1 + 3e-4));
      }
    }
  });

  // 1 − |x| as above, where intervals prove 1/2; the solver's rows hold numbers up to 1e15.
  test('coefficients that the solver refuses leave what the cheaper bounds prove', async () => {
    const b = new Builder();
    const x = b.input('x', [BATCH, 1]);
    const hidden = b.relu(b.matMul(x, b.floats([2 ** 60, -(2 ** 60)], [1, 2])));
    const spread = b.matMul(hidden, b.floats([-(2 ** -60), -(2 ** -60)], [2, 1]));
    const score = b.add(spread, b.floats([1], [1, 1]));
    const bytes = writeModel(b.graph({ scores: b.concat([score, b.mul(score, 0)], 1) }));
    const threat = new Threat('linf', { eps: 0.75 });
    const asked = { bytes, x: new Float32Array(1), label: 0, threat };
    const [cheap, exact] = await proven(asked, [planWith([interval], false), ...exactAlone]);
    expect(cheap?.lower).toBeCloseTo(0.5, 3);
    expect(exact?.lower).toBe(cheap?.lower);
    expect(exact?.lowerMethod).toBe('interval');
    const [atEps] = await proven(asked, exactAlone, false);
    expect(atEps?.verdict).toBe('unknown');
  });

  test('a network that something else bends is refused, with the layer', async () => {
    const b = new Builder();
    const hidden = b.push(
      'tanh',
      [b.matMul(b.input('x', [BATCH, 2]), b.floats([1, 2, 3, 4], [2, 2]))],
      {},
    );
    const scores = b.matMul(hidden, b.floats([1, 0, 0, 1], [2, 2]));
    const model = readModel(writeModel(b.graph({ scores })));
    const classifier = await openClassifier(model, runtime);
    const threat = new Threat('linf', { eps: 0.1 });
    expect(() => ReluNetworkReader.require({ classifier, threat })).toThrow(/tanh.*alpha-crown/);
    expect(exactRefusal(threat)).toBeNull();
    expect(exactRefusal(new Threat('l2', { eps: 0.1 }))).toMatch(/linf and l1/);
    await classifier.release();
  });
});

function labelOf(network: Dense, x: Float32Array): number {
  const scores = scoresOf(network, x);
  return scores.indexOf(Math.max(...scores));
}
