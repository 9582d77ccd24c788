/**
 * Networks trained to be 1-Lipschitz in ℓ2: no two inputs come farther apart, what training counted as proven the
 * bound of proofs proves of the written file, and attacks find nothing within the radii it proves.
 */
import * as ort from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pgd } from '../../src/attacks/pgd.ts';
import { constantMargins } from '../../src/bounds/constant-margins.ts';
import { globalLipschitz } from '../../src/bounds/global-lipschitz.ts';
import { Layers } from '../../src/defend/layers.ts';
import { type Trained, trained, type TrainOptions } from '../../src/defend/train.ts';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import type { Classifier } from '../../src/runtime/classifier.ts';
import { openClassifier } from '../../src/runtime/open-classifier.ts';
import { ortRuntime } from '../../src/runtime/runtime.ts';
import { RandomBlock } from '../../src/tensor/random.ts';
import type { Rows } from '../../src/threats/ball.ts';
import { l2 } from '../../src/threats/threat.ts';
import { evaluateOutputs } from '../oracle/evaluate.ts';
import { moons } from '../moons.ts';

const runtime = ortRuntime(ort, { name: 'onnxruntime-node' });
const threat = l2({ eps: 0.15 });
const WIDTH = 32;

/** Two dense layers, neighbours sorted behind each. */
function sortedNetwork(): Graph {
  const b = new Builder();
  const layers = new Layers(b, 0);
  let value = b.input('point', [BATCH, 2]);
  for (let layer = 0; layer < 2; layer++) {
    const pairs = b.reshape(layers.dense(value, WIDTH), [BATCH, WIDTH / 2, 2]);
    value = b.reshape(b.push('topK', [pairs], { axis: 2, k: 2 }), [BATCH, WIDTH]);
  }
  return b.graph({ scores: layers.dense(value, 2) });
}

const options: TrainOptions = {
  network: sortedNetwork(),
  data: moons(0, 0, 1000),
  validation: moons(0, 1000, 200),
  runtime,
  epochs: 30,
  batch: 100,
  peakRate: 3e-2,
  seed: 0,
  threat,
  method: 'lipschitz',
};

let made: Trained;
let classifier: Classifier;
beforeAll(async () => {
  made = await trained(options);
  classifier = await openClassifier(readModel(writeModel(made.graph)), runtime);
});
afterAll(() => classifier.release());

const heldOut = moons(0, 1000, 200);
const rows: Rows = {
  count: 200,
  x: heldOut.x.data,
  labels: heldOut.y,
  radii: new Float64Array(200).fill(threat.eps),
  streams: Array.from({ length: 200 }, (_, i) => i),
};
const bound = constantMargins({ norms: ['l2'], mostWeights: Infinity });

describe('two moons', () => {
  test('are told apart, and proven to be, as often as the training says and more', async () => {
    const margins = await bound.margins({ classifier, threat }, rows, 'float32');
    const proven = margins.filter((margin) => margin > 0).length / rows.count;
    const counted = made.best?.validated.robust ?? 1;
    // The weights' norms are below 1 at most by what the training left over.
    expect(proven).toBeGreaterThanOrEqual(counted - 0.01);
    expect(counted).toBeGreaterThan(0.9);
  });

  test('come no farther apart than they are', async () => {
    const { l2: constant } = await globalLipschitz(classifier, classifier.proven);
    expect(constant).toBeLessThan(1.005);
    expect(constant).toBeGreaterThan(0.8);
    const random = new RandomBlock(5, 0, 0);
    const count = 2000;
    const points = Float32Array.from({ length: 2 * count }, (_, i) => 4 * random.uniform(i) - 2);
    const moved = points.map((value, i) => value + (2 * random.uniform(9000 + i) - 1) ** 3);
    const scoresOf = (data: Float32Array): number[] => {
      const feed = { type: 'float32', shape: [count, 2], data } as const;
      return Array.from(evaluateOutputs(made.graph, { point: feed })['scores']?.data ?? [], Number);
    };
    const [from, to] = [scoresOf(points), scoresOf(moved)];
    let most = 0;
    for (let i = 0; i < 2 * count; i += 2) {
      const between = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
        Math.hypot(...[i, i + 1].map((at) => (a[at] ?? 0) - (b[at] ?? 0)));
      most = Math.max(most, between(from, to) / between(points, moved));
    }
    expect(most).toBeLessThanOrEqual(constant);
    expect(most).toBeGreaterThan(0.5);
  });

  test('are not moved across the border within the radii that are proven', async () => {
    const at = async (radius: number): Promise<Float64Array> => {
      const radii = new Float64Array(rows.count).fill(radius);
      return bound.margins({ classifier, threat }, { ...rows, radii }, 'float32');
    };
    const [none, one] = [await at(0), await at(1)];
    const radii = none.map((margin, i) => Math.max(0, (0.999 * margin) / (margin - (one[i] ?? 0))));
    const attack = pgd({ loss: 'margin', steps: 30, restarts: 2 });
    const { best } = await attack.run({ classifier, threat, seed: 1 }, { ...rows, radii });
    const { predictions } = await classifier.judge(best, rows.streams);
    radii.forEach((radius, i) => {
      if (radius > 0) expect(predictions[i]).toBe(rows.labels[i]);
    });
    // Nothing like as much holds at three times these radii.
    const wider = radii.map((radius) => 3 * radius);
    const far = await attack.run({ classifier, threat, seed: 1 }, { ...rows, radii: wider });
    const broken = (await classifier.judge(far.best, rows.streams)).predictions;
    expect(broken.filter((answer, i) => answer === rows.labels[i]).length).toBeLessThan(100);
  });
});

test('training goes on from the raw weights of a checkpoint, to the same file', async () => {
  const checkpoints: NonNullable<TrainOptions['resume']>[] = [];
  const short = { ...options, epochs: 4 };
  const whole = await trained({
    ...short,
    onCheckpoint: (checkpoint) => {
      checkpoints.push(checkpoint);
      return Promise.resolve();
    },
  });
  const [, second] = checkpoints;
  if (!second) throw new Error('two epochs have passed');
  const resumed = await trained({ ...short, resume: second });
  expect(writeModel(resumed.graph)).toEqual(writeModel(whole.graph));
});
