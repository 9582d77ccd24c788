// Margins from one constant over all inputs, against closed forms, against what float32 makes of sums, and against
// attacks inside the balls that they prove.
import { describe, expect, test } from 'vitest';
import { pgd } from '../../src/attacks/pgd.ts';
import { constantMargins } from '../../src/bounds/constant-margins.ts';
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
import { randomWeights, runtime } from '../attacks/linear-model.ts';

const norms = ['linf', 'l2', 'l1'] as const;
const bound = constantMargins({ norms, mostWeights: Infinity });

/** Opens what `network` makes of an input of the shape. */
function classifierOf(
  shape: readonly number[],
  network: (b: Builder, x: Node) => Node,
): Promise<Classifier> {
  const b = new Builder();
  const scores = network(b, b.input('x', [BATCH, ...shape]));
  return openClassifier(readModel(writeModel(b.graph({ scores }))), runtime);
}

function rowsOf(classifier: Classifier, count: number, radius: number): Rows {
  const random = new RandomBlock(6, 0, 0);
  return {
    count,
    x: Float32Array.from({ length: count * classifier.sampleSize }, (_, i) => random.uniform(i)),
    labels: new Int32Array(count),
    radii: new Float64Array(count).fill(radius),
    streams: Array.from({ length: count }, (_, i) => i),
  };
}

const weights = (b: Builder, shape: readonly number[], seed: number, gain = 1): Node => {
  const inner = sizeOf(shape) / Math.max(...shape.slice(0, 2));
  const scaled = randomWeights(sizeOf(shape), seed).map((w) => (gain * w) / Math.sqrt(inner));
  return b.constant(floats(scaled, shape));
};

describe('of a linear classifier whose scores are opposite', () => {
  test('the ℓ2 margin falls by ε·‖w‖₂, and no less for weights of the threat', async () => {
    const w = randomWeights(30);
    const halves = Float32Array.from([...w.map((each) => each / 2), ...w.map((each) => -each / 2)]);
    const classifier = await classifierOf([30], (b, x) =>
      b.matMul(x, b.constant(floats(halves, [2, 30])), { transB: true }),
    );
    const rows = rowsOf(classifier, 5, 0.03);
    const scales = new Float32Array(30).fill(1);
    scales[3] = 4;
    const plain = new Threat('l2', { eps: 0.03 });
    const weighted = new Threat('l2', { eps: 0.03, weights: scales });
    const bounds = await bound.margins({ classifier, threat: plain }, rows, 'float32');
    const wider = await bound.margins({ classifier, threat: weighted }, rows, 'float32');
    for (let i = 0; i < rows.count; i++) {
      const own = rows.x.subarray(30 * i, 30 * (i + 1));
      const margin = own.reduce((sum, value, j) => sum + value * (w[j] ?? 0), 0);
      const fall = 0.03 * Math.hypot(...w);
      expect(bounds[i]).toBeLessThanOrEqual(margin - fall);
      expect(bounds[i]).toBeGreaterThan(margin - fall - 1e-3);
      expect(wider[i]).toBeLessThanOrEqual(margin - 4 * fall);
      expect(wider[i]).toBeGreaterThan(margin - 4 * fall - 4e-3);
    }
    await classifier.release();
  });
});

test('in ℓ0 and for more weights than it looks at it does not serve; where a value jumps, nothing is known', async () => {
  const linear = await classifierOf([4], (b, x) => b.matMul(x, weights(b, [4, 3], 1)));
  const jumping = await classifierOf([4], (b, x) =>
    b.add(b.matMul(x, weights(b, [4, 3], 1)), b.matMul(b.sign(x), weights(b, [4, 3], 2))),
  );
  const few = constantMargins({ norms, mostWeights: 11 });
  const [threat, counted] = [
    new Threat('l2', { eps: 1 }),
    new Threat('l0', { eps: 1, clip: [0, 1] }),
  ];
  expect(few.serves?.({ classifier: linear, threat })).toBe(false);
  expect(bound.serves?.({ classifier: linear, threat: counted })).toBe(false);
  expect(bound.serves?.({ classifier: linear, threat })).toBe(true);
  const rows = rowsOf(jumping, 1, 1);
  const [unknown] = await bound.margins({ classifier: jumping, threat }, rows, 'float32');
  expect(unknown).toBeNaN();
  const [known] = await bound.margins(
    { classifier: linear, threat },
    rowsOf(linear, 1, 1),
    'float32',
  );
  expect(known).toBeLessThan(Infinity);
  await linear.release();
  await jumping.release();
});

test.each([NaN, Infinity, 3e38])(
  'nothing is proven of a network with a weight of %s',
  async (poison) => {
    for (const place of ['weights', 'shift']) {
      const values = (name: string, count: number): Float32Array => {
        const own = randomWeights(count, 3);
        if (name === place) own[1] = poison;
        return own;
      };
      const classifier = await classifierOf([4], (b, x) => {
        const first = b.matMul(x, b.floats(values('weights', 24), [4, 6]));
        const hidden = b.relu(b.add(first, b.floats(values('shift', 6), [6])));
        return b.matMul(hidden, weights(b, [6, 3], 4));
      });
      const threat = new Threat('l2', { eps: 0.001 });
      const context = { classifier, threat };
      for (const semantics of ['real', 'float32'] as const) {
        const margins = await bound.margins(context, rowsOf(classifier, 3, 0.001), semantics);
        expect(margins.every((margin) => !(margin > 0))).toBe(true);
      }
      await classifier.release();
    }
  },
);

test('under float32 semantics there is room for any order of the sums', async () => {
  const [features, hidden] = [400, 50];
  const [first, second] = [randomWeights(features * hidden, 8), randomWeights(hidden, 9)];
  const classifier = await classifierOf([features], (b, x) => {
    const inner = b.relu(b.matMul(x, b.constant(floats(first, [features, hidden]))));
    const score = b.matMul(inner, b.constant(floats(second, [hidden, 1])));
    return b.concat([score, b.mul(score, 0)], 1);
  });
  const rows = rowsOf(classifier, 1, 0);
  const threat = new Threat('l2', { eps: 0 });
  const [exact = 0] = await bound.margins({ classifier, threat }, rows, 'real');
  const [rounded = 0] = await bound.margins({ classifier, threat }, rows, 'float32');
  // Of the first sums through |W₂|: an addition may round all that is positive, or all that is negative.
  let room = 0;
  for (let j = 0; j < hidden; j++) {
    let [above, below] = [0, 0];
    for (let i = 0; i < features; i++) {
      const term = (rows.x[i] ?? 0) * (first[i * hidden + j] ?? 0);
      above += Math.max(term, 0);
      below += Math.max(-term, 0);
    }
    if (above > below) room += Math.abs(second[j] ?? 0) * 2 ** -24 * (features - 1) * above;
  }
  expect(exact - rounded).toBeGreaterThan(room);
  expect(exact - rounded).toBeLessThan(60 * room);
  await classifier.release();
});

const conv = { strides: [2, 2], dilations: [1, 1], padBefore: [1, 1], padAfter: [1, 1], groups: 1 };

const networks: Readonly<
  Record<string, [shape: number[], network: (b: Builder, x: Node) => Node]>
> = {
  'a dense ReLU network with biases': [
    [12],
    (b, x) => {
      const biased = b.add(b.matMul(x, weights(b, [12, 20], 1)), weights(b, [20], 2));
      return b.matMul(b.relu(biased), weights(b, [20, 4], 3));
    },
  ],
  'a residual network of sizes': [
    [10],
    (b, x) =>
      b.matMul(b.add(x, b.abs(b.matMul(x, weights(b, [10, 10], 4)))), weights(b, [10, 3], 6)),
  ],
  'a convolutional network with sorted pairs': [
    [1, 6, 6],
    (b, x) => {
      const maps = b.push('conv', [x, weights(b, [4, 1, 4, 4], 7)], conv);
      const pairs = b.push('topK', [b.reshape(maps, [BATCH, 2, 2, 9])], { axis: 2, k: 2 });
      return b.matMul(b.reshape(pairs, [BATCH, 36]), weights(b, [36, 3], 8));
    },
  ],
};

const COUNT = 5;

describe.each(Object.entries(networks))('%s', (_, [shape, network]) => {
  test.each(norms)('is never broken inside the balls that are proven in %s', async (norm) => {
    const classifier = await classifierOf(shape, network);
    const still = rowsOf(classifier, COUNT, 0);
    const { predictions } = await classifier.judge(still.x, still.streams);
    const threat = new Threat(norm, { eps: 2, clip: [-1, 2] });
    const rows = { ...still, labels: predictions };
    const at = async (radius: number): Promise<Float64Array> => {
      const radii = new Float64Array(COUNT).fill(radius);
      return bound.margins({ classifier, threat }, { ...rows, radii }, 'float32');
    };
    // The bound is linear in the radius, rounding included.
    const [none, one] = [await at(0), await at(1)];
    const radii = none.map((margin, i) => (0.999 * margin) / (margin - (one[i] ?? 0)));
    expect(Math.max(...radii)).toBeGreaterThan(1e-2);
    const attacked = { ...rows, radii };
    const proven = await bound.margins({ classifier, threat }, attacked, 'float32');
    const attack = pgd({ loss: 'margin', steps: 30, restarts: 2 });
    const { best } = await attack.run({ classifier, threat, seed: 1 }, attacked);
    const judged = await classifier.judge(best, rows.streams);
    for (let i = 0; i < COUNT; i++) {
      expect(proven[i]).toBeGreaterThanOrEqual(0);
      expect(scoreMargin(judged, i, predictions[i] ?? 0)).toBeGreaterThanOrEqual(proven[i] ?? NaN);
      expect(judged.predictions[i]).toBe(predictions[i]);
    }
    await classifier.release();
  });
});
