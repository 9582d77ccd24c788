/** Part of a graph computes what the whole does, from given values, with the inputs it needs alone. */
import { expect, test } from 'vitest';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import { subgraph } from '../../src/graph/subgraph.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { evaluateOutputs } from '../oracle/evaluate.ts';

const b = new Builder();
const x = b.input('x', [BATCH, 2]);
const y = b.input('y', [BATCH, 2]);
const product = b.mul(x, y);
const value = b.add(product, x);
const points = { x: floats([1, 2], [1, 2]), y: floats([3, 5], [1, 2]) };

test('a value that is given takes the place of what it is computed from', () => {
  const part = subgraph(b.nodes, { value }, (id) => (id === product.id ? 'product' : undefined));
  expect(part.inputs).toEqual(['x', 'product']);
  const { x: at } = points;
  const found = evaluateOutputs(part.graph, { x: at, product: floats([3, 10], [1, 2]) });
  expect(found['value']?.data).toEqual(evaluateOutputs(b.graph({ value }), points)['value']?.data);
});

test('only inputs that are needed, and those that sizes are read off, stay', () => {
  const alone = subgraph(b.nodes, { twice: b.add(x, x) }, () => undefined);
  expect(alone.inputs).toEqual(['x']);
  const sized = subgraph(b.nodes, { twice: b.add(x, x) }, () => undefined, [y]);
  expect(sized.inputs).toEqual(['x', 'y']);
});
