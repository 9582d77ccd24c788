/** What training may change is told from what normalises and from what follows the batches. */
import { describe, expect, test } from 'vitest';
import { Layers } from '../../src/defend/layers.ts';
import { TrainableNetwork } from '../../src/defend/network.ts';
import { nextName, stepGraph } from '../../src/defend/step.ts';
import { optimisers } from '../../src/defend/optimisers/table.ts';
import { natural } from '../../src/defend/methods/natural.ts';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { readModel } from '../../src/onnx/read.ts';
import { replaceInitializers } from '../../src/onnx/replace-initializers.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { linf } from '../../src/threats/threat.ts';
import { floats, tensor } from '../../src/tensor/tensor.ts';
import { load } from '../onnxruntime.ts';

/** (x − mean) / deviation, dense, batch normalisation, ReLU, dense. */
function normalisedNetwork(): Graph {
  const b = new Builder();
  const layers = new Layers(b, 1);
  const x = b.input('x', [BATCH, 3]);
  const parameter = (name: string, values: readonly number[]): ReturnType<Builder['constant']> =>
    b.constant(floats(values), name, true);
  const standard = b.div(b.sub(x, parameter('mean', [1, 2, 3])), parameter('deviation', [2, 2, 2]));
  const hidden = b.push(
    'batchNorm',
    [
      layers.dense(standard, 2),
      parameter('norm.scale', [2, 3]),
      parameter('norm.shift', [0.5, -0.5]),
      parameter('norm.mean', [0, 0]),
      parameter('norm.variance', [1, 1]),
    ],
    { epsilon: 1e-5 },
  );
  return b.graph({ logits: layers.dense(b.relu(hidden), 2) });
}

describe('the parameters of a network', () => {
  test('are weights, biases and scales, not what standardises its input', () => {
    const { trained, statistics } = new TrainableNetwork(normalisedNetwork()).parts;
    expect(trained.entries.map(({ name, role, fanIn }) => [name, role, fanIn])).toEqual([
      ['0.weight', 'weight', 3],
      ['0.bias', 'shift', 0],
      ['norm.scale', 'scale', 0],
      ['norm.shift', 'shift', 0],
      ['1.weight', 'weight', 2],
      ['1.bias', 'shift', 0],
    ]);
    expect(statistics.entries.map(({ name, role }) => [name, role])).toEqual([
      ['norm.mean', 'mean'],
      ['norm.variance', 'variance'],
    ]);
  });

  test('are put into the file by name, and nothing else in it changes', () => {
    const graph = normalisedNetwork();
    const file = writeModel(graph);
    const network = new TrainableNetwork(readModel(file).graph);
    const { initial } = network;
    const doubled = initial.parameters.data as Float32Array;
    const values = { ...initial, parameters: floats(doubled.map((value) => 2 * value)) };
    const changed = replaceInitializers(file, network.named(values));
    expect(replaceInitializers(file, network.named(initial))).toEqual(file);
    const again = new TrainableNetwork(readModel(changed).graph);
    expect(again.initial).toEqual(values);
  });

  test('without any, training is refused', () => {
    const b = new Builder();
    const x = b.input('x', [BATCH, 2]);
    expect(() => new TrainableNetwork(b.graph({ logits: b.relu(x) }))).toThrow(
      'the network has no parameters that can be trained',
    );
  });
});

test('batch normalisation trains by the moments of the batch, and averages them', async () => {
  const b = new Builder();
  const x = b.input('x', [BATCH, 2]);
  const vector = (name: string, values: readonly number[]): ReturnType<Builder['constant']> =>
    b.constant(floats(values), name, true);
  const identity = b.constant(tensor('float32', [2, 2], Float32Array.of(1, 0, 0, 1)), 'w', true);
  const weighed = b.matMul(x, identity);
  const norm = ['scale', 'shift', 'mean', 'variance'].map((name) =>
    vector(name, name === 'scale' || name === 'variance' ? [1, 1] : [0, 0]),
  );
  const graph = b.graph({ logits: b.push('batchNorm', [weighed, ...norm], { epsilon: 0 }) });
  const network = new TrainableNetwork(graph);
  const optimiser = optimisers.sgd;
  const threat = linf({ eps: 0 });
  const step = stepGraph({
    network,
    method: natural,
    threat,
    optimiser,
    longest: Infinity,
    soft: false,
  });
  const program = await load(writeModel(step));
  const rows = [
    [1, 10],
    [2, 20],
    [6, 60],
  ];
  const results = await program.run({
    ...network.initial,
    velocity: floats(new Float32Array(network.parts.trained.size)),
    x: floats(rows.flat(), [3, 2]),
    answers: tensor('int32', [3], Int32Array.of(0, 1, 0)),
    rate: floats([0], []),
    shrink: floats([0], []),
  });
  // Mean 3 and 30; squares 14 and 1400 over 3 − 1.
  const expected = [0.3, 3, 0.9 + 0.7, 0.9 + 70];
  const next = Array.from(results[nextName('statistics')]?.data ?? [], Number);
  next.forEach((value, i) => expect(value).toBeCloseTo(expected[i] ?? 0, 4));
  // Both columns normalise to the same numbers, so that no class is ahead: log 2 each.
  expect(Number(results['loss']?.data[0])).toBeCloseTo(Math.LN2, 5);
});
