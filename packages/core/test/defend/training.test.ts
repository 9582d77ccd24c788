/** The loop: hardening two moons, resuming to the same bit, keeping the best epoch, refusing what cannot be. */
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import type { Checkpoint } from '../../src/defend/checkpoint.ts';
import { Diverged } from '../../src/defend/diverged.ts';
import { freshNetwork } from '../../src/defend/fresh-network.ts';
import { trainingMethods } from '../../src/defend/methods/table.ts';
import { TrainableNetwork } from '../../src/defend/network.ts';
import { trained, type TrainOptions } from '../../src/defend/train.ts';
import { Validation } from '../../src/defend/validation.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { ortRuntime } from '../../src/runtime/runtime.ts';
import { l0, linf } from '../../src/threats/threat.ts';
import { moons } from '../moons.ts';

const runtime = ortRuntime(ort, { name: 'onnxruntime-node' });
const threat = linf({ eps: 0.15 });
const options: TrainOptions = {
  network: freshNetwork({ sampleShape: [2], classes: 2, seed: 0, width: 32 }),
  data: moons(0, 0, 1000),
  validation: moons(0, 1000, 200),
  runtime,
  epochs: 12,
  batch: 100,
  peakRate: 2e-2,
  seed: 0,
  threat,
};

describe('two moons', () => {
  test.each(['adversarial', 'fast', 'trades', 'ibp', 'crown-ibp'] as const)(
    'are told apart within ε by %s training, and not by ordinary one',
    async (method) => {
      const robustness = async (each: typeof method | 'natural'): Promise<number> => {
        const { graph } = await trained({ ...options, method: each });
        const network = new TrainableNetwork(graph);
        const data = moons(0, 2000, 200);
        const own = { network, method: trainingMethods[method], threat, runtime, data, seed: 0 };
        const validation = await Validation.open(own);
        const { robust } = await validation.of(network.initial);
        await validation.release();
        return robust;
      };
      const [hardened, ordinary] = [await robustness(method), await robustness('natural')];
      expect(hardened).toBeGreaterThan(0.9);
      expect(hardened).toBeGreaterThan(ordinary);
    },
  );
});

test('trains against another radius where one is given, and validates at its own', async () => {
  const own = { ...options, method: 'ibp', epochs: 4 } as const;
  const { history: wide } = await trained({ ...own, threat: linf({ eps: 0.15 }) });
  const { history } = await trained({ ...own, threat: linf({ eps: 0.05 }), trainEps: 0.15 });
  expect(history.at(-1)?.eps).toBe(0.15);
  expect(history.map(({ loss }) => loss)).toEqual(wide.map(({ loss }) => loss));
  const [last, other] = [history.at(-1), wide.at(-1)];
  expect(last?.validated?.robust).toBeGreaterThan(other?.validated?.robust ?? Infinity);
});

test('adversarial training goes against 1.2 ε where no radius is given; counts of features stay', async () => {
  const lastOf = async (own: Partial<TrainOptions>): Promise<number | undefined> =>
    (await trained({ ...options, epochs: 1, ...own })).history.at(-1)?.eps;
  expect(await lastOf({ method: 'adversarial' })).toBeCloseTo(0.18, 12);
  expect(await lastOf({ method: 'adversarial', trainEps: 0.15 })).toBe(0.15);
  expect(await lastOf({ method: 'adversarial', threat: l0({ eps: 1, clip: [-2, 3] }) })).toBe(1);
  for (const method of ['fast', 'trades', 'ibp'] as const) {
    expect(await lastOf({ method })).toBe(0.15);
  }
});

describe('a training that is resumed', () => {
  test.each(['adversarial', 'noise'] as const)(
    'ends with the same bits as one that was not interrupted: %s',
    async (method) => {
      const checkpoints: Checkpoint[] = [];
      const onCheckpoint = (checkpoint: Checkpoint): Promise<void> => {
        checkpoints.push(checkpoint);
        return Promise.resolve();
      };
      const own = { ...options, method, epochs: 6 };
      const whole = await trained({ ...own, onCheckpoint });
      const [, , third] = checkpoints;
      if (!third) throw new Error('three epochs have passed');
      const resumed = await trained({ ...own, resume: third });
      expect(third.history).toHaveLength(3);
      expect(writeModel(resumed.graph)).toEqual(writeModel(whole.graph));
      expect(resumed.history.map(({ loss }) => loss)).toEqual(
        whole.history.map(({ loss }) => loss),
      );
    },
  );
});

test('the most robust epoch is kept, and patience ends a training that gets no better', async () => {
  const { history, best, values } = await trained({
    ...options,
    method: 'adversarial',
    epochs: 40,
    patience: 3,
  });
  const robust = history.map(({ validated }) => validated?.robust ?? 0);
  expect(history.length).toBeLessThan(40);
  expect(history.length - (best?.epoch ?? 0)).toBeGreaterThanOrEqual(3);
  expect(best?.validated.robust).toBe(Math.max(...robust));
  expect(best?.vectors['parameters']).toBeDefined();
  expect([...values.keys()]).toEqual([
    '0.weight',
    '0.bias',
    '1.weight',
    '1.bias',
    '2.weight',
    '2.bias',
  ]);
});

test('a single step that is overfitted to goes on from the best epoch with several', async () => {
  const history: number[] = [];
  const half: Checkpoint[] = [];
  const own = { ...options, method: 'fast', epochs: 6 } as const;
  await trained({
    ...own,
    onCheckpoint: (checkpoint) => {
      half.push(checkpoint);
      return Promise.resolve();
    },
  });
  const third = half[2];
  if (!third?.best) throw new Error('three epochs have passed');
  // A checkpoint whose best is far above what comes next stands for a collapse.
  const best = { ...third.best, validated: { clean: 1, robust: 2 } };
  const { fellBack } = await trained({
    ...own,
    resume: { ...third, best },
    onEpoch: ({ epoch }) => void history.push(epoch),
  });
  expect(fellBack).toBe(4);
  expect(history).toEqual([4, 5, 6]);
});

test('a loss that is no number any more says at which step', async () => {
  const error: unknown = await trained({ ...options, peakRate: 1e38, epochs: 2 }).catch(
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Diverged);
  expect(String(error)).toMatch(/at step \d+, in epoch [12]: try a lower learning rate/);
});

test('gradients are shortened to the limit: a tiny one holds the parameters where they are', async () => {
  const sgd = { ...options, optimiser: 'sgd', epochs: 1, peakRate: 1 } as const;
  const { values } = await trained({ ...sgd, gradientLimit: 1e-12 });
  const first = new TrainableNetwork(options.network);
  for (const [name, value] of first.named(first.initial)) {
    const data = Array.from(values.get(name)?.data ?? [], Number);
    data.forEach((each, i) => expect(each).toBeCloseTo(Number(value.data[i]), 9));
  }
});
