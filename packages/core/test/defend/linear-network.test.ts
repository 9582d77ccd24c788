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
  const { values, fit } = await fitLinearNetwork(graph, data, runtime, options);
  const program = await load(writeModel(new TrainableNetwork(graph).closed(values)));
  const { logits } = await program.run({ x });
  const scores = Array.from(logits?.data ?? [], Number);
  for (let row = 0; row < COUNT; row++) {
    const own = fit.weights.reduce(
      (sum, weight, j) => sum + weight * (x.data[WIDTH * row + j] ?? 0),
      fit.bias,
    );
    expect((scores[2 * row + 1] ?? 0) - (scores[2 * row] ?? 0)).toBeCloseTo(own, 4);
  }
  expect(fit.certificate.gap).toBeLessThan(1e-6);
  expect(fit.certificate.length).toBeCloseTo(limit, 9);
});

test('networks that are not linear, or tell more classes apart, are refused', async () => {
  const options = { loss: 'logistic', norm: 'linf', limit: 1 } as const;
  const bent = freshNetwork({ sampleShape: [WIDTH], classes: 2, seed: 0, width: 4 });
  await expect(fitLinearNetwork(bent, data, runtime, options)).rejects.toThrow('is not linear');
  await expect(fitLinearNetwork(standardised(3), data, runtime, options)).rejects.toThrow(
    'the network has 3 classes',
  );
});
