/** What a linear network is fitted to is what it then computes, in the input's own units. */
import * as ort from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { freshNetwork } from '../../src/defend/fresh-network.ts';
import type { Labelled } from '../../src/defend/labelled.ts';
import { Layers } from '../../src/defend/layers.ts';
import { fitLinearNetwork } from '../../src/defend/lipschitz/linear-network.ts';
import { TrainableNetwork } from '../../src/defend/network.ts';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { ortRuntime } from '../../src/runtime/runtime.ts';
import { RandomBlock } from '../../src/tensor/random.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { load } from '../onnxruntime.ts';

const runtime = ortRuntime(ort, { name: 'onnxruntime-node' });
const [COUNT, WIDTH] = [80, 3];
const random = new RandomBlock(2, 0, 0);
const x = floats(
  Array.from({ length: COUNT * WIDTH }, (_, i) => 5 + 3 * random.normal(i)),
  [COUNT, WIDTH],
);
const data: Labelled = {
  x,
  y: Int32Array.from({ length: COUNT }, (_, i) =>
    Number((x.data[WIDTH * i] ?? 0) - (x.data[WIDTH * i + 1] ?? 0) + random.normal(5000 + i) > 0),
  ),
};

/** (x − mean) / deviation, then one dense layer. */
function standardised(classes: number): Graph {
  const b = new Builder();
  const input = b.input('x', [BATCH, WIDTH]);
  const standard = b.div(
    b.sub(input, b.constant(floats([5, 4, 6]), 'mean', true)),
    b.constant(floats([3, 2, 0.5]), 'deviation', true),
  );
  return b.graph({ logits: new Layers(b, 1).dense(standard, classes) });
}

test.each([
  ['linf', 0.4],
  ['l2', 0.3],
  ['l1', 0.2],
] as const)('scores are those of the fit, and no steeper than L: %s', async (norm, limit) => {
  const graph = standardised(2);
  const options = { loss: 'logistic', norm, limit } as const;
  const { values, weights, biases, certificate } = await fitLinearNetwork(
    graph,
    data,
    runtime,
    options,
  );
  const program = await load(writeModel(new TrainableNetwork(graph).closed(values)));
  const { logits } = await program.run({ x });
  const scores = Array.from(logits?.data ?? [], Number);
  for (let row = 0; row < COUNT; row++) {
    const own = weights.reduce(
      (sum, weight, j) => sum + weight * (x.data[WIDTH * row + j] ?? 0),
      biases[0] ?? 0,
    );
    expect((scores[2 * row + 1] ?? 0) - (scores[2 * row] ?? 0)).toBeCloseTo(own, 4);
  }
  expect(certificate.gap).toBeLessThan(1e-6);
  expect(certificate.length).toBeCloseTo(limit, 9);
});

test('of several classes every score is that of the fit', async () => {
  const graph = standardised(3);
  const options = { loss: 'logistic', norm: 'l2', limit: 0.3 } as const;
  const three = {
    x,
    y: data.y.map((label, i) => ((x.data[WIDTH * i + 2] ?? 0) > 6 ? 2 : label)),
  };
  const { values, weights, biases, certificate } = await fitLinearNetwork(
    graph,
    three,
    runtime,
    options,
  );
  const program = await load(writeModel(new TrainableNetwork(graph).closed(values)));
  const { logits } = await program.run({ x });
  for (let i = 0; i < 3 * COUNT; i++) {
    const [row, k] = [Math.floor(i / 3), i % 3];
    let own = biases[k] ?? 0;
    for (let j = 0; j < WIDTH; j++) {
      own += (weights[k * WIDTH + j] ?? 0) * (x.data[WIDTH * row + j] ?? 0);
    }
    expect(logits?.data[i]).toBeCloseTo(own, 4);
  }
  expect(certificate.gap).toBeLessThan(1e-6);
  expect(certificate.pairs).toHaveLength(3);
});

test('networks that are not linear, or whose classes share a weight, are refused', async () => {
  const options = { loss: 'logistic', norm: 'linf', limit: 1 } as const;
  const bent = freshNetwork({ sampleShape: [WIDTH], classes: 2, seed: 0, width: 4 });
  await expect(fitLinearNetwork(bent, data, runtime, options)).rejects.toThrow('is not linear');
  const b = new Builder();
  const one = new Layers(b, 1).dense(b.input('x', [BATCH, WIDTH]), 1);
  const scaled = b.mul(one, b.floats([1, 2, 3], [1, 3]));
  const shared = b.graph({ logits: scaled });
  const three = { ...data, y: data.y.map((_, i) => i % 3) };
  await expect(fitLinearNetwork(shared, three, runtime, options)).rejects.toThrow(
    'features of the input, or classes, share weights',
  );
});
