/**
 * lowerBoundOf folds specification rows into the last affine region: it bounds rows·output from below
 * at every point of the set, and for an affine network over a box it is the exact minimum.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BATCH } from '../../src/graph/dimension.ts';
import { dependents, type Graph, type OpName } from '../../src/graph/graph.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { floats, sizeOf, type Tensor } from '../../src/tensor/tensor.ts';
import { isAffine } from '../../src/transforms/affine.ts';
import { isClose } from '../allclose.ts';
import { Draw } from '../generators/draw.ts';
import { randomGraph, type Sample } from '../generators/graph.ts';
import { load, runOnnx, type Tensors } from '../onnxruntime.ts';
import { evaluateOutputs } from '../oracle/evaluate.ts';
import { type Boxes, boxesAround, boxFeeds, pointOf } from './boxes.ts';
import { intervalGraph } from './interval-graph.ts';

const ROWS = 3;

interface Bounded {
  readonly specification: Tensor<'float32'>;
  readonly bound: readonly number[];
  readonly finite: readonly number[];
}

async function lowerBounds({ graph, rows }: Sample, boxes: Boxes, draw: Draw): Promise<Bounded> {
  const out = graph.nodes[graph.outputs[0]?.id ?? -1];
  const outputs = sizeOf((out?.shape ?? []).slice(1).map(Number));
  const values = draw.list(rows * ROWS * outputs, () => draw.pick([0, 1, -1, draw.real(-1, 1)]));
  const specification = floats(values, [rows, ROWS, outputs]);
  const bytes = writeModel(intervalGraph(graph, { rows: ROWS }));
  const results = await runOnnx(bytes, { ...boxFeeds(boxes), rows: specification });
  const numbers = (name: string): number[] => Array.from(results[name]?.data ?? [], Number);
  return { specification, bound: numbers('bound'), finite: numbers('finite') };
}

/** specification·output in float64: [rows·ROWS]. */
function applied(specification: Tensor<'float32'>, output: ArrayLike<number | bigint>): number[] {
  const [, count = 1, size = 1] = specification.shape;
  return Array.from({ length: specification.data.length / size }, (_, at) => {
    const row = Math.floor(at / count);
    let sum = 0;
    for (let i = 0; i < size; i++) {
      sum += (specification.data[at * size + i] ?? 0) * Number(output[row * size + i]);
    }
    return sum;
  });
}

test('it is below rows·output at every point', async () => {
  await fc.assert(
    fc.asyncProperty(randomGraph({ steps: 6 }), async (sample) => {
      const { graph, feeds, seed } = sample;
      const draw = new Draw(seed);
      const boxes = boxesAround(draw, feeds);
      const { specification, bound, finite } = await lowerBounds(sample, boxes, draw);
      const network = await load(writeModel(graph));
      for (let kind = 0; kind < 7; kind++) {
        const point = pointOf(draw, boxes, kind);
        const inFloat32 = await network.run(point as Tensors);
        for (const results of [evaluateOutputs(graph, point), inFloat32]) {
          applied(specification, results['out']?.data ?? []).forEach((value, i) => {
            if (finite[Math.floor(i / ROWS)] !== 1) return;
            if (!((bound[i] ?? Number.NaN) <= value)) {
              expect.fail(`row ${i} is ${value} at point ${kind}, below its bound ${bound[i]}`);
            }
          });
        }
      }
    }),
    { seed: 15, numRuns: 60 },
  );
});

const affine: readonly OpName[] = [
  'reshape',
  'transpose',
  'expand',
  'concat',
  'slice',
  'pad',
  'gather',
  'scatterAdd',
  'add',
  'sub',
  'mul',
  'neg',
  'matMul',
  'conv',
  'convTranspose',
  'convWeights',
  'reduceSum',
  'batchNorm',
  'dropout',
];

function isAffineGraph(graph: Graph): boolean {
  const perturbed = dependents(graph, graph.inputs);
  return graph.nodes.every(
    (node) => !perturbed[node.id] || node.op === 'input' || isAffine(node, (id) => perturbed[id] ?? false),
  );
}

test('for an affine network over a box it is the minimum', async () => {
  await fc.assert(
    fc.asyncProperty(randomGraph({ ops: affine, steps: 5 }), async (sample) => {
      const { graph, feeds, rows, seed } = sample;
      fc.pre(isAffineGraph(graph) && graph.nodes[0]?.shape[0] === BATCH);
      const draw = new Draw(seed);
      const boxes = Object.fromEntries(
        Object.entries(feeds).map(([name, centre]) => {
          const end = (sign: number): Tensor<'float32'> =>
            floats(
              centre.data.map((x) => x + sign * draw.real(0, 1)),
              centre.shape,
            );
          return [name, { centre, lower: end(-1), upper: end(1) }];
        }),
      );
      const { specification, bound, finite } = await lowerBounds(sample, boxes, draw);
      expect(finite).toEqual(finite.map(() => 1));
      const minimum = affineMinimum(graph, boxes, rows, specification);
      minimum.forEach((least, i) => {
        expect(bound[i]).toBeLessThanOrEqual(least + 1e-12 * Math.abs(least));
        if (!isClose(bound[i] ?? Number.NaN, least, { relative: 1e-4, absolute: 1e-4 })) {
          expect.fail(`row ${i}: the bound is ${bound[i]}, the minimum ${least}`);
        }
      });
    }),
    { seed: 16, numRuns: 50 },
  );
});

/** Minimum over the boxes of an affine network's rows, one input element at a time. */
function affineMinimum(
  graph: Graph,
  boxes: Boxes,
  rows: number,
  specification: Tensor<'float32'>,
): number[] {
  const feeds = Object.fromEntries(
    Object.entries(boxes).map(([name, { centre }]) => [
      name,
      { shape: centre.shape, data: Float64Array.from(centre.data) },
    ]),
  );
  const valueAt = (): number[] => {
    return applied(specification, evaluateOutputs(graph, feeds)['out']?.data ?? []);
  };
  const centre = valueAt();
  const minimum = [...centre];
  for (const [name, box] of Object.entries(boxes)) {
    const data = feeds[name]?.data ?? new Float64Array();
    const size = data.length / rows;
    for (let i = 0; i < size; i++) {
      const shift = (by: number): void => {
        for (let row = 0; row < rows; row++) data[row * size + i] = (data[row * size + i] ?? 0) + by;
      };
      shift(1);
      const slopes = valueAt().map((value, at) => value - (centre[at] ?? 0));
      shift(-1);
      slopes.forEach((slope, at) => {
        const element = Math.floor(at / ROWS) * size + i;
        const [low = 0, high = 0] = [box.lower.data[element], box.upper.data[element]];
        const end = slope > 0 ? low : high;
        minimum[at] = (minimum[at] ?? 0) + slope * (end - (box.centre.data[element] ?? 0));
      });
    }
  }
  return minimum;
}
