/** Files that ask for much: what is compared of them, and what is not. */
import { Builder, BATCH, readModel, writeModel } from '@glacis/core';
import { expect, test } from 'vitest';
import { onnxFile } from '../../../core/test/onnx/hand-made.ts';
import { checkModel } from '../../src/inspect/check.ts';
import { effortFor } from '../../src/inspect/effort.ts';
import { nodeRuntime } from '../../src/runtime/node.ts';

test('of a chain of twelve thousand operations outputs are compared, gradients are not, and it is said', async () => {
  const b = new Builder();
  let x = b.input('x', [BATCH, 4]);
  for (let i = 0; i < 12_000; i++) x = b.add(x, i % 2 === 0 ? 1 : -1);
  const found = await checkModel(readModel(writeModel(b.graph({ y: x }))), nodeRuntime(), {
    seed: 1,
  });
  expect(found).toMatchObject({ passed: null, gradientUnchecked: 'too many operations' });
  expect(found.outputMaxError).toBe(0);
});

test('one operand joined two thousand times is joined once, and has its gradient', async () => {
  const file = onnxFile({
    opset: 17,
    inputs: { x: ['n', 4] },
    outputs: ['y'],
    nodes: [
      {
        op: 'Concat',
        inputs: Array.from({ length: 2000 }, () => 'x'),
        outputs: ['y'],
        attributes: { axis: 1 },
      },
    ],
  });
  const model = readModel(file);
  expect(model.graph.nodes.length).toBeLessThan(5);
  expect(await checkModel(model, nodeRuntime(), { seed: 1 })).toMatchObject({
    passed: true,
    gradientChecked: true,
  });
});

test('an input of millions of numbers is looked at along one direction', () => {
  const b = new Builder();
  const x = b.input('x', [BATCH, 5_000_000]);
  const model = readModel(writeModel(b.graph({ y: b.relu(x) })));
  expect(effortFor(model)).toMatchObject({ directions: 1, once: true });
});
