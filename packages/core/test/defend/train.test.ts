/** Training learns what can be learnt, answers probabilities when told them, and repeats itself. */
import * as ort from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { freshNetwork } from '../../src/defend/fresh-network.ts';
import type { Labelled } from '../../src/defend/labelled.ts';
import { train } from '../../src/defend/train.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { ortRuntime } from '../../src/runtime/runtime.ts';
import { RandomBlock } from '../../src/tensor/random.ts';
import { floats, row } from '../../src/tensor/tensor.ts';

const runtime = ortRuntime(ort, { name: 'onnxruntime-node' });
const SAMPLES = 256;

/** Points of the square, classed by which side of a diagonal they are on. */
function points(seed: number): Labelled {
  const random = new RandomBlock(seed, 0, 0);
  const x = floats(
    Array.from({ length: 2 * SAMPLES }, (_, i) => 2 * random.uniform(i) - 1),
    [SAMPLES, 2],
  );
  const y = Int32Array.from({ length: SAMPLES }, (_, i) =>
    Number((row(x, i)[0] ?? 0) > (row(x, i)[1] ?? 0)),
  );
  return { x, y };
}

const plan = { runtime, epochs: 40, batch: 32, peakRate: 1e-2, seed: 3 };
const fresh = (): Graph => freshNetwork({ sampleShape: [2], classes: 2, seed: 1, width: 16 });

async function logitsOf(network: Graph, x: Labelled['x']): Promise<Float32Array> {
  const session = await runtime.session(writeModel(network));
  const { logits } = await session.run({ input: x });
  await session.release();
  return Float32Array.from(logits?.data as Float32Array);
}

test('a network learns which side of a line points are on', async () => {
  const losses: number[] = [];
  const onEpoch = ({ loss }: { loss: number }): void => void losses.push(loss);
  const trained = await train({ ...plan, network: fresh(), data: points(1), onEpoch });
  const unseen = points(2);
  const logits = await logitsOf(trained, unseen.x);
  const right = unseen.y.filter(
    (label, i) => Number((logits[2 * i + 1] ?? 0) > (logits[2 * i] ?? 0)) === label,
  );
  expect(losses).toHaveLength(plan.epochs);
  expect(losses.at(-1)).toBeLessThan(0.1);
  expect(right.length / SAMPLES).toBeGreaterThan(0.97);
});

test('the same seed gives the same parameters, another one others', async () => {
  const bytesOf = async (seed: number): Promise<Uint8Array> =>
    writeModel(await train({ ...plan, epochs: 2, seed, network: fresh(), data: points(1) }));
  const first = await bytesOf(3);
  expect(await bytesOf(3)).toEqual(first);
  expect(await bytesOf(4)).not.toEqual(first);
});

test('probabilities are learnt as they are: the logits of an untold sample differ by their log odds', async () => {
  const { x, y } = points(1);
  const soft = floats(Array.from(y, () => [0.2, 0.8]).flat(), [SAMPLES, 2]);
  const trained = await train({ ...plan, network: fresh(), data: { x, y, soft } });
  const logits = await logitsOf(trained, points(2).x);
  const odds = Array.from(
    { length: SAMPLES },
    (_, i) => (logits[2 * i + 1] ?? 0) - (logits[2 * i] ?? 0),
  );
  const mean = odds.reduce((sum, each) => sum + each, 0) / SAMPLES;
  expect(mean).toBeCloseTo(Math.log(4), 1);
});

test('images get convolutions, vectors and small images get dense layers', () => {
  const ops = (sampleShape: number[]): string[] =>
    freshNetwork({ sampleShape, classes: 3, seed: 0 }).nodes.map(({ op }) => op);
  expect(ops([3, 16, 16]).filter((op) => op === 'conv')).toHaveLength(2);
  expect(ops([1, 4, 4])).not.toContain('conv');
});

test('fewer samples than a batch are refused, and a loss that is no number ends the training', async () => {
  const network = fresh();
  const data = points(1);
  await expect(train({ ...plan, batch: 1000, network, data })).rejects.toThrow(
    '256 samples do not fill a batch of 1000',
  );
  await expect(train({ ...plan, peakRate: 1e38, network, data })).rejects.toThrow(/at step \d+/);
});

test('a training that is stopped takes no further step', async () => {
  const stop = new AbortController();
  const epochs: number[] = [];
  const onEpoch = ({ epoch }: { epoch: number }): void => {
    epochs.push(epoch);
    if (epoch === 2) stop.abort();
  };
  const options = { ...plan, network: fresh(), data: points(1), onEpoch, signal: stop.signal };
  await expect(train(options)).rejects.toThrow('abort');
  expect(epochs).toEqual([1, 2]);
});
