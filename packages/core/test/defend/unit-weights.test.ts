/** Weights whose maps lengthen nothing, by the spectral norm of the map that a layer makes of them. */
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { structureConstant } from '../../src/defend/lipschitz/structure-constant.ts';
import { unitWeights } from '../../src/defend/lipschitz/unit-weights.ts';
import { TrainableNetwork } from '../../src/defend/network.ts';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import type { Graph, Node } from '../../src/graph/graph.ts';
import type { ConvGeometry } from '../../src/graph/ops/convolutions.ts';
import { ortRuntime } from '../../src/runtime/runtime.ts';
import { floats, sizeOf } from '../../src/tensor/tensor.ts';
import { l2, linf } from '../../src/threats/threat.ts';
import { Draw } from '../generators/draw.ts';
import { columnsOf, powerIteration } from '../matrix-of.ts';

const runtime = ortRuntime(ort, { name: 'onnxruntime-node' });
const draw = new Draw(7);
const plain: ConvGeometry = {
  strides: [1, 1],
  dilations: [1, 1],
  padBefore: [1, 1],
  padAfter: [1, 1],
  groups: 1,
};

type Body = (b: Builder, x: Node) => Node;

/** What `body` makes of x, as scores of classes. */
function scores(shape: readonly number[], body: Body): Graph {
  const b = new Builder();
  const y = body(b, b.input('x', [BATCH, ...shape]));
  return b.graph({ out: b.reshape(y, [BATCH, sizeOf(y.shape.slice(1).map(Number))]) });
}

function weights(b: Builder, shape: readonly number[], values?: ArrayLike<number>): Node {
  const own = values ?? draw.list(sizeOf(shape), () => draw.real(-2, 2));
  return b.constant(floats(own, shape), 'weight', true);
}

/** The network as it is once its weights are of norm 1 at most. */
async function realised(graph: Graph): Promise<Graph> {
  const network = new TrainableNetwork(graph, unitWeights);
  return network.closed(await network.realised(network.initial, runtime));
}

describe('no input becomes longer, but some stay almost as long:', () => {
  const conv =
    (shape: readonly number[], geometry: Partial<ConvGeometry>): Body =>
    (b, x) =>
      b.push('conv', [x, weights(b, shape)], { ...plain, ...geometry });
  test.each<[string, number[], Body, least: number]>([
    ['a wide matrix', [30], (b, x) => b.matMul(x, weights(b, [30, 6])), 0.7],
    ['a tall matrix', [6], (b, x) => b.matMul(x, weights(b, [30, 6]), { transB: true }), 0.7],
    ['a transposed one', [5], (b, x) => b.matMul(x, b.transpose(weights(b, [9, 5]), [1, 0])), 0.5],
    ['a convolution', [3, 6, 6], conv([2, 3, 3, 3], {}), 0.4],
    ['one of more channels than it sees', [1, 8, 8], conv([16, 1, 4, 4], { strides: [2, 2] }), 0.3],
    [
      'strides that do not divide the kernel',
      [2, 7, 7],
      conv([3, 2, 3, 3], { strides: [2, 2] }),
      0.3,
    ],
    ['strides wider than the kernel', [2, 7, 7], conv([3, 2, 2, 2], { strides: [3, 3] }), 0.3],
    ['dilation', [2, 8, 8], conv([3, 2, 3, 3], { dilations: [2, 2] }), 0.2],
    [
      'dilation and strides',
      [2, 9, 9],
      conv([3, 2, 2, 2], { dilations: [2, 2], strides: [2, 2] }),
      0.1,
    ],
    ['groups', [4, 6, 6], conv([6, 2, 3, 3], { groups: 2 }), 0.2],
    ['each channel by itself', [4, 6, 6], conv([4, 1, 3, 3], { groups: 4 }), 0.2],
    [
      'a transposed convolution',
      [3, 4, 4],
      (b, x) =>
        b.push('convTranspose', [x, weights(b, [3, 2, 4, 4])], {
          ...plain,
          strides: [2, 2],
          size: [8, 8],
        }),
      0.3,
    ],
    [
      'one spatial axis',
      [2, 12],
      (b, x) => {
        const axis = { strides: [2], dilations: [1], padBefore: [2], padAfter: [1], groups: 1 };
        return b.push('conv', [x, weights(b, [3, 2, 5])], axis);
      },
      0.3,
    ],
  ])('%s', async (_, shape, body, least) => {
    const norm = powerIteration(columnsOf(await realised(scores(shape, body)), shape));
    expect(norm).toBeLessThanOrEqual(1 + 1e-6);
    expect(norm).toBeGreaterThan(least);
  });
});

describe('what is orthogonal already stays as it is:', () => {
  const root = Math.SQRT1_2;
  test.each<[string, number[], Body]>([
    ['a rotation', [2], (b, x) => b.matMul(x, weights(b, [2, 2], [root, -root, root, root]))],
    [
      'orthogonal rows, of any length',
      [3],
      (b, x) => b.matMul(x, weights(b, [2, 3], [0, 0, 1, 0.6, 0.8, 0]), { transB: true }),
    ],
    [
      'patches that do not overlap',
      [1, 4, 4],
      (b, x) => {
        // The Haar wavelets of two by two pixels.
        const signs = [1, 1, 1, 1, 1, -1, 1, -1, 1, 1, -1, -1, 1, -1, -1, 1];
        const haar = weights(
          b,
          [4, 1, 2, 2],
          signs.map((sign) => sign / 2),
        );
        const still = { ...plain, strides: [2, 2], padBefore: [0, 0], padAfter: [0, 0] };
        return b.push('conv', [x, haar], still);
      },
    ],
  ])('%s', async (_, shape, body) => {
    const graph = scores(shape, body);
    const [before, after] = [graph, await realised(graph)].map((each) => columnsOf(each, shape));
    before?.flat().forEach((value, i) => expect(after?.flat()[i]).toBeCloseTo(value, 5));
  });
});

describe('the constant of all but the weights', () => {
  const constantOf = (shape: readonly number[], body: Body, threat = l2({ eps: 1 })) => {
    const network = new TrainableNetwork(scores(shape, body), unitWeights);
    return structureConstant({ network, threat, runtime });
  };
  const dense: Body = (b, x) => b.matMul(x, weights(b, [4, 4]));

  test('is 1 of layers alone, and that of a scale in front', async () => {
    expect(await constantOf([4], dense)).toBeCloseTo(1, 2);
    const scaled: Body = (b, x) => b.relu(dense(b, b.mul(x, b.floats([1, 2, 5, 1], [4]))));
    expect(await constantOf([4], scaled)).toBeCloseTo(5, 2);
  });

  test('is 2 of a layer beside a skip, and a scale behind weights is cut off', async () => {
    const skip: Body = (b, x) => {
      const factor = b.constant(floats([3, -4, 0.5, 1], [4]), 'factor', true);
      return b.add(x, b.mul(dense(b, x), factor));
    };
    expect(await constantOf([4], skip)).toBeCloseTo(2, 2);
    const columns = columnsOf(await realised(scores([4], skip)), [4]);
    expect(powerIteration(columns)).toBeLessThanOrEqual(2 + 1e-6);
  });

  test('grows with the weights of the threat', async () => {
    const threat = l2({ eps: 1, weights: Float32Array.of(1, 3, 2, 1) });
    expect(await constantOf([4], dense, threat)).toBeCloseTo(3, 2);
  });

  test.each<[string, Body, ReturnType<typeof l2>, RegExp]>([
    ['another norm', dense, linf({ eps: 1 }), /in l2 alone: use --norm l2/],
    ['a radius of 0', dense, l2({ eps: 0 }), /radius of 0/],
    ['a product of values', (b, x) => b.mul(dense(b, x), x), l2({ eps: 1 }), /no Lipschitz/],
    ['a jump', (b, x) => b.sign(dense(b, x)), l2({ eps: 1 }), /jumps/],
  ])('is not there for %s', async (_, body, threat, sentence) => {
    await expect(constantOf([4], body, threat)).rejects.toThrow(sentence);
  });
});
