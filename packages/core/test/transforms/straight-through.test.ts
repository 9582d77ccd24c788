// Steps passed straight through: a code of comparisons passes what its surrogate says, closed form by closed
// form; a truth value that only switches another value passes nothing more than that value does.
import { expect, test } from 'vitest';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import type { Graph, Node } from '../../src/graph/graph.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { RandomBlock } from '../../src/tensor/random.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { gradientOf } from '../../src/transforms/gradient.ts';
import { passedSteps } from '../../src/transforms/straight-through.ts';
import { runOnnx } from '../onnxruntime.ts';

const [FEATURES, ROWS] = [4, 6];
const random = new RandomBlock(5, 0, 0);
const x = Float32Array.from({ length: ROWS * FEATURES }, (_, i) => 2 * random.normal(i));

type Layer = (b: Builder, x: Node) => Node;

function graphOf(layer: Layer): Graph {
  const b = new Builder();
  return b.graph({ y: layer(b, b.input('x', [BATCH, FEATURES])) });
}

/** Gradient of the sum of a layer's values, element by element. */
async function slopes(layer: Layer, straightThrough: boolean): Promise<number[]> {
  const of = (b: Builder, y: Node): Node => b.sumRows(y);
  const graph = gradientOf(graphOf(layer), { of, at: 'x', straightThrough });
  const { gradient } = await runOnnx(writeModel(graph), { x: floats(x, [ROWS, FEATURES]) });
  return Array.from(gradient?.data ?? [], Number);
}

/** Thresholds of a code, and the weight of each bit. */
const code = [
  [-1.25, 0.5],
  [0.25, 2],
  [1.75, -1],
] as const;
const near = (distance: number): number => 1 / (1 + Math.abs(distance)) ** 2;
const coded = (value: number): number =>
  code.reduce((sum, [edge, weight]) => sum + weight * near(value - edge), 0);

type Bit = (b: Builder, x: Node, edge: number) => Node;
const bits: Readonly<Record<string, Bit>> = {
  'a comparison': (b, own, edge) => b.greater(own, edge),
  'a number chosen by a comparison': (b, own, edge) => b.where(b.greaterOrEqual(own, edge), 1, 0),
  'a step': (b, own, edge) => b.step(b.sub(own, edge)),
  'the opposite of a comparison': (b, own, edge) => b.sub(1, b.greater(edge, own)),
};
const sums: readonly (readonly [string, Layer])[] = Object.entries(bits).map(([name, bit]) => [
  name,
  (b, own) =>
    code
      .map(([edge, weight]) => b.mul(bit(b, own, edge), weight))
      .reduce((all, each) => b.add(all, each)),
]);

test.each(sums)('of a code of bits, %s: what is near an edge counts most', async (_, layer) => {
  const passed = await slopes(layer, true);
  passed.forEach((slope, i) => expect(slope).toBeCloseTo(coded(x[i] ?? 0), 5));
  expect((await slopes(layer, false)).every((slope) => slope === 0)).toBe(true);
});

test('of a one-hot code of rounded values: from one neighbour to the next', async () => {
  const weights = [3, -1, 4, 1, -5, 9, 2];
  const at = (k: number): number => weights[k + 3] ?? 0;
  const layer: Layer = (b, own) => {
    const q = b.push('round', [own], {});
    const terms = weights.map((weight, i) => b.mul(b.equal(q, b.scalar(i - 3)), weight));
    return terms.reduce((all, each) => b.add(all, each));
  };
  const passed = await slopes(layer, true);
  passed.forEach((slope, i) => {
    const q = Math.round(x[i] ?? 0);
    expect(slope).toBeCloseTo(at(q + 1) - at(q - 1), 4);
  });
});

const gates: Readonly<Record<string, Layer>> = {
  'a rectifier by a choice': (b, own) => b.where(b.greater(own, 0), own, b.mul(own, 0.1)),
  'a choice against a constant': (b, own) => b.where(b.greater(own, 0.5), own, 0),
  'a product with a truth value': (b, own) => b.mul(own, b.greater(own, 0.3)),
  'a product with both of two': (b, own) =>
    b.mul(own, b.mul(b.greater(own, -1), b.greater(1, own))),
};

test.each(Object.entries(gates))('%s is a gate: only the value passes', async (_, layer) => {
  expect(await slopes(layer, true)).toEqual(await slopes(layer, false));
  expect(passedSteps(graphOf(layer), 'x')).toEqual([]);
});

test('both of two truth values pass where they are the value', async () => {
  const layer: Layer = (b, own) => b.mul(b.greater(own, -1), b.greater(1, own));
  const expected = Array.from(x, (value) => {
    const [above, below] = [Number(value > -1), Number(value < 1)];
    return below * near(value + 1) - above * near(1 - value);
  });
  const passed = await slopes(layer, true);
  passed.forEach((slope, i) => expect(slope).toBeCloseTo(expected[i] ?? Number.NaN, 5));
});

test('steps that are passed are those that carry what depends on the input', () => {
  const layer: Layer = (b, own) => {
    const gated = b.mul(own, b.greater(own, 0));
    const coarse = b.push('round', [gated], {});
    return b.add(b.where(b.greater(coarse, 2), 1, 0), b.greater(b.scalar(1), 0));
  };
  expect(passedSteps(graphOf(layer), 'x').map(({ op }) => op)).toEqual(['round', 'greater']);
});
