// Certificates from Lipschitz constants of margins against closed forms, against sampled gradients and points,
// and against attacks inside the balls that they prove.
import { describe, expect, test } from 'vitest';
import { pgd } from '../../src/attacks/pgd.ts';
import { lipschitz } from '../../src/bounds/lipschitz.ts';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import type { Node } from '../../src/graph/graph.ts';
import { readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import type { Classifier } from '../../src/runtime/classifier.ts';
import { scoreMargin } from '../../src/runtime/judgement.ts';
import { openClassifier } from '../../src/runtime/open-classifier.ts';
import { RandomBlock } from '../../src/tensor/random.ts';
import { floats, sizeOf } from '../../src/tensor/tensor.ts';
import type { Rows } from '../../src/threats/ball.ts';
import { Threat } from '../../src/threats/threat.ts';
import { linearClassifier, randomWeights, rowsOn, runtime } from '../attacks/linear-model.ts';

const norms = ['linf', 'l2', 'l1'] as const;

describe.each(norms)('in %s', (norm) => {
  test('the margin of a linear classifier falls by ε times the dual norm of its weights', async () => {
    const w = randomWeights(30);
    const classifier = await linearClassifier(w);
    const { rows, margins } = rowsOn(w, 5, 0.03);
    const threat = new Threat(norm, { eps: 0.03 });
    const bounds = await lipschitz.margins({ classifier, threat }, rows, 'float32');
    margins.forEach((margin, i) => {
      const truth = margin - 0.03 * threat.norm.dualLength(w);
      expect(bounds[i]).toBeLessThanOrEqual(truth);
      expect(bounds[i]).toBeGreaterThan(truth - 2e-3);
    });
    await classifier.release();
  });
});

test('ℓ0: the margin of a linear classifier falls by the largest weights over the range of values', async () => {
  const w = Float32Array.of(3, -1, 0.5, 2);
  const classifier = await linearClassifier(w);
  const x = Float32Array.of(0.5, 0.25, 1, 0.75);
  const rows: Rows = {
    count: 1,
    x,
    labels: Int32Array.of(0),
    radii: Float64Array.of(2),
    streams: [0],
  };
  const threat = new Threat('l0', { eps: 2, clip: [0, 1] });
  const [bound] = await lipschitz.margins({ classifier, threat }, rows, 'float32');
  // Features 0 and 3 move by at most ½ and ¾.
  const truth = 1.5 - 0.25 + 0.5 + 1.5 - (3 * 0.5 + 2 * 0.75);
  expect(bound).toBeLessThanOrEqual(truth);
  expect(bound).toBeCloseTo(truth, 3);
  await classifier.release();
});

test('under float32 semantics there is room for any order of the sums', async () => {
  const [features, hidden] = [400, 50];
  const [first, second] = [randomWeights(features * hidden, 8), randomWeights(hidden, 9)];
  const network = (b: Builder, x: Node): Node => {
    const inner = b.relu(b.matMul(x, b.constant(floats(first, [features, hidden]))));
    const score = b.matMul(inner, b.constant(floats(second, [hidden, 1])));
    return b.concat([score, b.mul(score, 0)], 1);
  };
  const classifier = await classifierOf([features], network);
  const { x, streams } = inputs(classifier, 1);
  const rows = { count: 1, x, labels: Int32Array.of(0), radii: Float64Array.of(0), streams };
  const threat = new Threat('linf', { eps: 0 });
  const [exact = 0] = await lipschitz.margins({ classifier, threat }, rows, 'real');
  const [rounded = 0] = await lipschitz.margins({ classifier, threat }, rows, 'float32');
  // Of the first sums through |W₂|: an addition may round all that is positive, or all that is negative.
  let room = 0;
  for (let j = 0; j < hidden; j++) {
    let [above, below] = [0, 0];
    for (let i = 0; i < features; i++) {
      const term = (x[i] ?? 0) * (first[i * hidden + j] ?? 0);
      above += Math.max(term, 0);
      below += Math.max(-term, 0);
    }
    if (above <= below) continue;
    room += Math.abs(second[j] ?? 0) * 2 ** -24 * (features - 1) * above;
  }
  expect(exact - rounded).toBeGreaterThan(room);
  expect(exact - rounded).toBeLessThan(8 * room);
  await classifier.release();
});

/** Opens what `network` makes of an input of the shape. */
function classifierOf(
  shape: readonly number[],
  network: (b: Builder, x: Node) => Node,
): Promise<Classifier> {
  const b = new Builder();
  const scores = network(b, b.input('x', [BATCH, ...shape]));
  return openClassifier(readModel(writeModel(b.graph({ scores }))), runtime);
}

function inputs(classifier: Classifier, count: number): { x: Float32Array; streams: number[] } {
  const random = new RandomBlock(6, 0, 0);
  return {
    x: Float32Array.from({ length: count * classifier.sampleSize }, (_, i) => random.uniform(i)),
    streams: Array.from({ length: count }, (_, i) => i),
  };
}

/** Weights of a layer, scaled so that values stay of their size. */
const weights = (b: Builder, shape: readonly number[], seed: number): Node => {
  const inner = sizeOf(shape) / Math.max(...shape.slice(0, 2));
  const scaled = randomWeights(sizeOf(shape), seed).map((w) => (1.5 * w) / Math.sqrt(inner));
  return b.constant(floats(scaled, shape));
};

const conv = { strides: [1, 1], dilations: [1, 1], padBefore: [1, 1], padAfter: [1, 1], groups: 1 };
const pool = { kernel: [2, 2], strides: [2, 2], padBefore: [0, 0], padAfter: [0, 0] };

const networks: Readonly<
  Record<string, [shape: number[], network: (b: Builder, x: Node) => Node]>
> = {
  'a dense ReLU network': [
    [12],
    (b, x) => {
      const first = b.relu(b.matMul(x, weights(b, [12, 20], 1)));
      const second = b.relu(b.matMul(first, weights(b, [20, 20], 2)));
      return b.matMul(second, weights(b, [20, 4], 3));
    },
  ],
  'a residual tanh network': [
    [10],
    (b, x) => {
      const first = b.push('tanh', [b.matMul(x, weights(b, [10, 10], 4))], {});
      const second = b.add(x, b.push('sigmoid', [b.matMul(first, weights(b, [10, 10], 5))], {}));
      return b.matMul(second, weights(b, [10, 3], 6));
    },
  ],
  'a convolutional network with max pooling': [
    [1, 6, 6],
    (b, x) => {
      const first = b.relu(b.push('conv', [x, weights(b, [3, 1, 3, 3], 7)], conv));
      const pooled = b.push('maxPool', [first], { ...pool, dilations: [1, 1] });
      return b.matMul(b.reshape(pooled, [BATCH, 27]), weights(b, [27, 3], 8));
    },
  ],
};

const COUNT = 5;

/** The largest radius the bound proves for each row, to a few per cent. */
async function provenRadii(classifier: Classifier, threat: Threat, rows: Rows): Promise<number[]> {
  const low = new Float64Array(rows.count);
  const high = new Float64Array(rows.count).fill(2);
  for (let round = 0; round < 14; round++) {
    const radii = low.map((value, i) => (value + (high[i] ?? 0)) / 2);
    const bounds = await lipschitz.margins({ classifier, threat }, { ...rows, radii }, 'float32');
    radii.forEach((radius, i) => {
      if ((bounds[i] ?? Number.NaN) > 0) low[i] = radius;
      else high[i] = radius;
    });
  }
  return Array.from(low);
}

describe.each(Object.entries(networks))('%s', (_, [shape, network]) => {
  test.each(norms)('is never broken inside the balls that are proven in %s', async (norm) => {
    const classifier = await classifierOf(shape, network);
    const { x, streams } = inputs(classifier, COUNT);
    const { predictions } = await classifier.judge(x, streams);
    const threat = new Threat(norm, { eps: 2, clip: [-1, 2] });
    const rows = { count: COUNT, x, labels: predictions, radii: new Float64Array(COUNT), streams };
    const radii = await provenRadii(classifier, threat, rows);
    expect(Math.max(...radii)).toBeGreaterThan(1e-3);
    const context = { classifier, threat, seed: 1 };
    const attacked = { ...rows, radii: Float64Array.from(radii) };
    const attack = pgd({ loss: 'margin', steps: 30, restarts: 2 });
    const { best } = await attack.run(context, attacked);
    const judged = await classifier.judge(best, streams);
    const bounds = await lipschitz.margins({ classifier, threat }, attacked, 'float32');
    for (let i = 0; i < COUNT; i++) {
      if ((radii[i] ?? 0) === 0) continue;
      const margin = scoreMargin(judged, i, predictions[i] ?? 0);
      expect(margin).toBeGreaterThanOrEqual(bounds[i] ?? Number.NaN);
      expect(judged.predictions[i]).toBe(predictions[i]);
    }
    await classifier.release();
  });
});
