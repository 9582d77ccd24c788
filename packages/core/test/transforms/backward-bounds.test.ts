/**
 * Backward linear bounds: below rows·output at every point of the set, never looser than interval bounds, and
 * exact where lines are.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import type { Graph, Node, OpName } from '../../src/graph/graph.ts';
import { definitionOf, opNames } from '../../src/graph/ops/table.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { floats, type Tensor } from '../../src/tensor/tensor.ts';
import { Draw } from '../generators/draw.ts';
import { randomGraph, sampleFor } from '../generators/graph.ts';
import { runOnnx } from '../onnxruntime.ts';
import { expectBelow } from './below.ts';
import { boxesAround, boxesOf } from './boxes.ts';
import { intervalGraph } from './interval-graph.ts';

const relaxed = opNames.filter((op) => {
  const definition = definitionOf<OpName>(op);
  return definition.relax !== undefined || definition.planes !== undefined;
});

describe('below rows·output at every point of the set', () => {
  test('for random graphs', async () => {
    await fc.assert(
      fc.asyncProperty(randomGraph({ steps: 6 }), async (sample) => {
        const draw = new Draw(sample.seed);
        await expectBelow(sample, boxesAround(draw, sample.feeds), draw);
      }),
      { seed: 41, numRuns: 25 },
    );
  });

  test.each(relaxed)('for graphs around %s, over boxes of every size', async (op) => {
    await fc.assert(
      fc.asyncProperty(sampleFor(op, { steps: 4 }), async (sample) => {
        const draw = new Draw(sample.seed);
        const width = draw.pick([0, 1e-6, 1e-3, 0.1, 1]);
        const boxes = boxesOf(sample.feeds, () => width * draw.real(0, 1));
        await expectBelow(sample, boxes, draw);
      }),
      { seed: 42, numRuns: 4 },
    );
  });
});

/** A graph of one input [batch, 1] in [−1, 1]. */
async function boundsOf(
  build: (b: Builder, x: Node) => Node,
  [low, high]: readonly [number, number] = [-1, 1],
) {
  const b = new Builder();
  const x = b.input('x', [BATCH, 1]);
  const graph: Graph = b.graph({ out: b.reshape(build(b, x), [BATCH, 1]) });
  const at = (value: number): Tensor<'float32'> => floats([value], [1, 1]);
  const feeds = {
    'centre:x': at((low + high) / 2),
    'lower:x': at(low),
    'upper:x': at(high),
    rows: floats([1, -1], [1, 2, 1]),
  };
  const of = async (linear: boolean): Promise<number[]> => {
    const found = await runOnnx(writeModel(intervalGraph(graph, { linear, rows: 2 })), feeds);
    const [least = 0, most = 0] = Array.from(found['bound']?.data ?? [], Number);
    return [least, -most];
  };
  return { interval: await of(false), linear: await of(true) };
}

describe('the dependency problem', () => {
  test('ReLU(x) + ReLU(−x) is |x|: at most 1 over [−1, 1] by lines, 2 by intervals', async () => {
    const { interval, linear } = await boundsOf((b, x) => {
      const hidden = b.relu(b.matMul(x, b.floats([1, -1], [1, 2])));
      return b.matMul(hidden, b.floats([1, 1], [2, 1]));
    });
    expect(interval[1]).toBeCloseTo(2, 4);
    // Each ReLU lies below (±x + 1)/2: their sum is 1.
    expect(linear[1]).toBeCloseTo(1, 4);
    expect(linear[0]).toBeCloseTo(0, 4);
  });

  test('tanh(x) − tanh(x) is 0 up to the lines around it', async () => {
    const { interval, linear } = await boundsOf(
      (b, x) => {
        const twice = b.push('tanh', [b.matMul(x, b.floats([1, 1], [1, 2]))], {});
        return b.matMul(twice, b.floats([1, -1], [2, 1]));
      },
      [0.5, 0.6],
    );
    const width = ([least = 0, most = 0]: readonly number[]): number => most - least;
    expect(width(interval)).toBeGreaterThan(0.1);
    expect(width(linear)).toBeLessThan(0.005);
  });

  test('(1 + x)·(1 − x) is 1 − x²: products know that factors move against each other', async () => {
    const { interval, linear } = await boundsOf(
      (b, x) => b.mul(b.add(x, 1), b.sub(1, x)),
      [0, 0.2],
    );
    expect(interval[1]).toBeCloseTo(1.2, 4);
    // McCormick: xy ≤ y·x̂ + …, least loose at the ends; the greatest value is 1.
    expect(linear[1]).toBeLessThan(1.05);
    expect(linear[0]).toBeGreaterThan(0.91);
  });

  test('e^x/(e^x + 1) by a quotient is near the sigmoid that it is', async () => {
    const { interval, linear } = await boundsOf(
      (b, x) => b.div(b.exp(x), b.add(b.exp(x), 1)),
      [-0.2, 0.2],
    );
    const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
    expect(interval[1]).toBeGreaterThan(0.66);
    expect(linear[1]).toBeLessThan(sigmoid(0.2) + 0.02);
    expect(linear[0]).toBeGreaterThan(sigmoid(-0.2) - 0.02);
  });

  test('softmax components add up to 1', async () => {
    const { interval, linear } = await boundsOf(
      (b, x) => {
        const scores = b.push('softmax', [b.matMul(x, b.floats([1, -1, 0.5], [1, 3]))], {
          axis: 1,
        });
        return b.matMul(scores, b.floats([1, 1, 1], [3, 1]));
      },
      [-0.3, 0.3],
    );
    expect(interval[1]).toBeGreaterThan(1.3);
    expect(linear[1]).toBeLessThan(1.12);
    expect(linear[0]).toBeGreaterThan(0.88);
  });

  test('the greatest of values is the one that no other reaches', async () => {
    const { linear } = await boundsOf((b, x) => {
      const values = b.add(b.matMul(x, b.floats([1, 0.5], [1, 2])), b.floats([4, 0], [1, 2]));
      return b.sub(b.maximum(values, [1], true), x);
    });
    expect(linear[0]).toBeCloseTo(4, 4);
    expect(linear[1]).toBeCloseTo(4, 4);
  });

  test('a stable ReLU is linear: the bound is exact', async () => {
    const { linear } = await boundsOf((b, x) => {
      const hidden = b.relu(b.add(b.matMul(x, b.floats([1, -1], [1, 2])), 2));
      return b.matMul(hidden, b.floats([1, 1], [2, 1]));
    });
    expect(linear[0]).toBeCloseTo(4, 4);
    expect(linear[1]).toBeCloseTo(4, 4);
  });
});
