/** Means of weights: what they hold, with whose statistics, and that a training keeps and resumes them. */
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { newestShare } from '../../src/defend/average.ts';
import type { Checkpoint } from '../../src/defend/checkpoint.ts';
import { freshNetwork } from '../../src/defend/fresh-network.ts';
import { Layers } from '../../src/defend/layers.ts';
import { trained, type TrainOptions } from '../../src/defend/train.ts';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { ortRuntime } from '../../src/runtime/runtime.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { linf } from '../../src/threats/threat.ts';
import { moons } from '../moons.ts';

const runtime = ortRuntime(ort, { name: 'onnxruntime-node' });

/** Of two layers with batch normalisation between them. */
function normalised(): Graph {
  const b = new Builder();
  const layers = new Layers(b, 5);
  const hidden = layers.dense(b.input('x', [BATCH, 2]), 16);
  const vectors = ['scale', 'shift', 'mean', 'variance'].map((name, i) =>
    b.constant(floats(new Float32Array(16).fill(i === 0 || i === 3 ? 1 : 0)), name, true),
  );
  const bent = b.relu(b.push('batchNorm', [hidden, ...vectors], { epsilon: 1e-5 }));
  return b.graph({ logits: layers.dense(bent, 2) });
}

const options: TrainOptions = {
  network: normalised(),
  data: moons(0, 0, 400),
  validation: moons(0, 1000, 200),
  runtime,
  epochs: 4,
  batch: 100,
  peakRate: 2e-2,
  seed: 0,
  method: 'adversarial',
  threat: linf({ eps: 0.1 }),
};

test('early steps count for a ninth of those so far, later ones for what the decay leaves', () => {
  const decay = 0.9;
  expect(newestShare(decay, 1)).toBeCloseTo(0.9, 12);
  expect(newestShare(decay, 9)).toBeCloseTo(0.5, 12);
  expect(newestShare(decay, 1000)).toBeCloseTo(0.1, 12);
  // Of a long training without a limit the last ninth weighs 1 − e⁻¹, to the order of 1/steps.
  let late = 0;
  for (let step = 1; step <= 9000; step++) {
    late += newestShare(1, step) * ((step > 8000 ? 1 : 0) - late);
  }
  expect(late).toBeGreaterThan(0.6);
  expect(late).toBeLessThan(0.7);
});

/** After every step of a training of one batch an epoch, always of the same samples. */
async function stepsOf(average: number): Promise<Checkpoint[]> {
  const checkpoints: Checkpoint[] = [];
  const onCheckpoint = (checkpoint: Checkpoint): Promise<void> => {
    checkpoints.push(checkpoint);
    return Promise.resolve();
  };
  const own = { ...options, method: 'natural', data: moons(0, 0, 100), epochs: 6 } as const;
  await trained({ ...own, average, onCheckpoint });
  return checkpoints;
}

const held = (checkpoint: Checkpoint | undefined, name: string): number[] =>
  Array.from(checkpoint?.vectors[name]?.data ?? [], Number);

describe('what is kept of a training', () => {
  test('is the mean of all weights so far, each step of its share, and changes nothing of the training', async () => {
    const [checkpoints, plain] = [await stepsOf(0.5), await stepsOf(0)];
    let means = held(checkpoints[0], 'average parameters');
    expect(means).toHaveLength(held(checkpoints[0], 'parameters').length);
    checkpoints.forEach((checkpoint, i) => {
      const now = held(checkpoint, 'parameters');
      expect(now).toEqual(held(plain[i], 'parameters'));
      expect(held(plain[i], 'average parameters')).toEqual([]);
      if (i === 0) return;
      const share = newestShare(0.5, i + 1);
      means = means.map((mean, j) => mean + share * ((now[j] ?? 0) - mean));
      held(checkpoint, 'average parameters').forEach((value, j) =>
        expect(value).toBeCloseTo(means[j] ?? Infinity, 5),
      );
    });
  });

  test('has running statistics of what the mean weights make of each batch', async () => {
    const checkpoints = await stepsOf(0.9);
    const { x, y } = moons(0, 0, 100);
    // The first layer's weights and biases are the first parameters, its means the first statistics.
    const meansOf = (parameters: number[]): number[] =>
      Array.from({ length: 16 }, (_, unit) => {
        const [u = 0, v = 0, bias = 0] = [2 * unit, 2 * unit + 1, 32 + unit].map(
          (at) => parameters[at] ?? 0,
        );
        const hidden = Array.from(y, (_y, row) => {
          const [a = 0, b = 0] = x.data.subarray(2 * row, 2 * row + 2);
          return u * a + v * b + bias;
        });
        return hidden.reduce((sum, value) => sum + value, 0) / hidden.length;
      });
    for (const [name, statistics] of [
      ['parameters', 'statistics'],
      ['average parameters', 'average statistics'],
    ] as const) {
      let running = new Array<number>(16).fill(0);
      checkpoints.forEach((checkpoint, i) => {
        // What is trained is normalised before a step, the mean after it.
        const from = name === 'parameters' ? checkpoints[i - 1] : checkpoint;
        if (!from) {
          running = held(checkpoint, statistics).slice(0, 16);
          return;
        }
        const own = meansOf(held(from, name));
        running = running.map((value, unit) => 0.9 * value + 0.1 * (own[unit] ?? 0));
        held(checkpoint, statistics)
          .slice(0, 16)
          .forEach((value, unit) => expect(value).toBeCloseTo(running[unit] ?? Infinity, 5));
      });
    }
  });

  test('is the mean, which is what is validated', async () => {
    const { values, best } = await trained(options);
    const kept = best?.vectors['average statistics'];
    const names = ['mean', 'variance'].flatMap((name) =>
      Array.from(values.get(name)?.data ?? [], Number),
    );
    expect(names).toEqual(Array.from(kept?.data ?? [], Number));
    expect(names).not.toEqual(Array.from(best?.vectors['statistics']?.data ?? [], Number));
  });

  test('are the weights themselves without a decay, and of methods that have none', async () => {
    for (const own of [{ average: 0 }, { method: 'fast' }, { method: 'natural' }] as const) {
      const { best } = await trained({ ...options, ...own, epochs: 1 });
      expect(Object.keys(best?.vectors ?? {}).filter((name) => name.startsWith('average'))).toEqual(
        [],
      );
    }
  });
});

test('at a rate that never falls the mean is more robust than the weights at most epochs', async () => {
  const own = {
    ...options,
    network: freshNetwork({ sampleShape: [2], classes: 2, seed: 0, width: 32 }),
    epochs: 20,
    peakRate: 0.05,
    optimiser: 'sgd',
    schedule: 'step',
  } as const;
  const robust = async (average: number): Promise<number[]> =>
    (await trained({ ...own, average })).history.map(({ validated }) => validated?.robust ?? 0);
  const [means, last] = [await robust(0.99), await robust(0)];
  const ahead = means.filter((value, i) => value >= (last[i] ?? 0)).length;
  expect(ahead).toBeGreaterThan(means.length / 2);
});

test.each(['adversarial', 'trades'] as const)(
  'a resumed training of means ends with the same bits: %s',
  async (method) => {
    const own = { ...options, method, epochs: 5 };
    const checkpoints: Checkpoint[] = [];
    const onCheckpoint = (checkpoint: Checkpoint): Promise<void> => {
      checkpoints.push(checkpoint);
      return Promise.resolve();
    };
    const whole = await trained({ ...own, onCheckpoint });
    const [, second] = checkpoints;
    if (!second) throw new Error('two epochs have passed');
    const resumed = await trained({ ...own, resume: second });
    expect(writeModel(resumed.graph)).toEqual(writeModel(whole.graph));
    expect(resumed.history.map(({ validated }) => validated)).toEqual(
      whole.history.map(({ validated }) => validated),
    );
  },
);
