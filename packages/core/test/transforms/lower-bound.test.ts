/**
 * lowerBoundOf folds specification rows into the last affine region: it bounds rows·output from below
 * at every point of the set, and for an affine network it is the exact minimum.
 */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import { dependents, type Graph, type Node, type OpName } from '../../src/graph/graph.ts';
import { definitionOf } from '../../src/graph/ops/table.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { floats, sizeOf, type Tensor } from '../../src/tensor/tensor.ts';
import { isAffine } from '../../src/transforms/affine.ts';
import { expectAllclose } from '../allclose.ts';
import { Draw } from '../generators/draw.ts';
import { randomGraph, type Sample } from '../generators/graph.ts';
import { load, runOnnx } from '../onnxruntime.ts';
import { evaluateOutputs } from '../oracle/evaluate.ts';
import { affineRows, applied, minimumOverBall, minimumOverBox } from './affine-rows.ts';
import { type Boxes, boxesAround, boxesOf, boxFeeds, pointOf } from './boxes.ts';
import { ballSet, intervalGraph, type IntervalOptions } from './interval-graph.ts';

const ROWS = 3;

interface Bounded {
  readonly specification: Tensor<'float32'>;
  readonly bound: readonly number[];
  readonly finite: readonly number[];
}

async function lowerBounds(
  { graph, rows }: Sample,
  boxes: Boxes,
  draw: Draw,
  options: IntervalOptions = {},
): Promise<Bounded> {
  const out = graph.nodes[graph.outputs[0]?.id ?? -1];
  const outputs = sizeOf((out?.shape ?? []).slice(1).map(Number));
  const values = draw.list(rows * ROWS * outputs, () => draw.pick([0, 1, -1, draw.real(-1, 1)]));
  const specification = floats(values, [rows, ROWS, outputs]);
  const bytes = writeModel(intervalGraph(graph, { ...options, rows: ROWS }));
  const feeds = { ...boxFeeds(boxes), rows: specification };
  const results = await runOnnx(bytes, feeds, { optimise: draw.chance(0.5) });
  const numbers = (name: string): number[] => Array.from(results[name]?.data ?? [], Number);
  return { specification, bound: numbers('bound'), finite: numbers('finite') };
}

/** The bounds are the minima, from below, to 1e-4. */
function expectExact({ bound, finite }: Bounded, minima: readonly number[]): void {
  expect(finite).toEqual(finite.map(() => 1));
  minima.forEach((least, i) => {
    expect(bound[i]).toBeLessThanOrEqual(least + 1e-12 * Math.abs(least));
  });
  const shape = [minima.length];
  const tolerance = { relative: 1e-4, absolute: 1e-4 };
  expectAllclose({ shape, data: bound }, { shape, data: minima }, tolerance);
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
        const inFloat32 = await network.run(point);
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
    { seed: 15, numRuns: 25 },
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

/**
 * Whether every perturbed value is affine in the inputs, keeps the batch in front and meets weights
 * that are constants, not computed (those are only known up to rounding).
 */
function isAffineGraph(graph: Graph): boolean {
  const perturbed = dependents(graph, graph.inputs);
  return graph.nodes.every((node) => {
    const { kind } = definitionOf(node.op);
    if (!perturbed[node.id]) return kind === 'source' || kind === 'structural';
    if (node.shape[0] !== BATCH) return false;
    return node.op === 'input' || isAffine(node, (id) => perturbed[id] ?? false);
  });
}

test('for an affine network over a box it is the minimum', async () => {
  await fc.assert(
    fc.asyncProperty(randomGraph({ ops: affine, steps: 5 }), async (sample) => {
      const { graph, feeds, rows, seed } = sample;
      fc.pre(isAffineGraph(graph));
      const draw = new Draw(seed);
      const boxes = boxesOf(feeds, () => draw.real(0, 1));
      const bounded = await lowerBounds(sample, boxes, draw);
      const truth = affineRows(graph, boxes, rows, bounded.specification);
      expectExact(bounded, truth.map(minimumOverBox));
    }),
    { seed: 16, numRuns: 20 },
  );
});

test('for an affine network over an ℓ2 ball it is the value at the centre less ε times the norm', async () => {
  const epsilon = 0.125;
  await fc.assert(
    fc.asyncProperty(randomGraph({ ops: affine, steps: 5 }), async (sample) => {
      const { graph, feeds, rows, seed } = sample;
      fc.pre(isAffineGraph(graph) && graph.inputs.length === 1);
      const draw = new Draw(seed);
      const boxes = boxesOf(feeds, () => epsilon * 1.001);
      const bounded = await lowerBounds(sample, boxes, draw, { setOf: ballSet(epsilon) });
      const truth = affineRows(graph, boxes, rows, bounded.specification);
      expectExact(
        bounded,
        truth.map((row) => minimumOverBall(row, epsilon)),
      );
    }),
    { seed: 28, numRuns: 20 },
  );
});

/** Two inputs [rows, 4], the second to be fixed, and what is made of them. */
function withFixedInput(join: (b: Builder, x: Node, fixed: Node) => Node): Sample {
  const b = new Builder();
  const [x, fixed] = [b.input('x', [BATCH, 4]), b.input('fixed', [BATCH, 4])];
  const draw = new Draw(26);
  const values = (): Tensor<'float32'> =>
    floats(
      draw.list(12, () => draw.real(-1, 1)),
      [3, 4],
    );
  const graph = b.graph({ out: join(b, x, fixed) });
  return { graph, rows: 3, feeds: { x: values(), fixed: values() }, seed: 26 };
}

test.each<[string, (b: Builder, x: Node, fixed: Node) => Node]>([
  ['added', (b, x, fixed) => b.sub(fixed, x)],
  ['multiplied', (b, x, fixed) => b.mul(b.add(x, 1), fixed)],
  ['joined', (b, x, fixed) => b.concat([fixed, x], 1)],
  ['contracted', (b, x, fixed) => b.sum(b.mul(fixed, x), [1], true)],
])('an input that is fixed is a point of its own for every sample: %s', async (_, join) => {
  const sample = withFixedInput(join);
  const boxes = boxesOf(sample.feeds, (name) => (name === 'x' ? 0.25 : 0));
  const bounded = await lowerBounds(sample, boxes, new Draw(27), { fixed: ['fixed'] });
  const truth = affineRows(sample.graph, boxes, sample.rows, bounded.specification);
  expectExact(bounded, truth.map(minimumOverBox));
});

test('a weight that the network computes is not taken for exact', async () => {
  const feeds = { x: floats([1], [1, 1]) };
  for (let exponent = -20; exponent < 0; exponent += 0.5) {
    const b = new Builder();
    const weight = b.push('sigmoid', [b.floats([exponent], [1, 1])], {});
    const graph = b.graph({ out: b.matMul(b.input('x', [BATCH, 1]), weight) });
    const truth = 1 / (1 + Math.exp(-exponent));
    const bytes = writeModel(intervalGraph(graph, { rows: 2 }));
    const rows = floats([1, -1], [1, 2, 1]);
    const results = await runOnnx(bytes, { ...boxFeeds(boxesOf(feeds, () => 0)), rows });
    const [below = 1, above = 1] = Array.from(results['bound']?.data ?? [], Number);
    expect(below).toBeLessThanOrEqual(truth);
    expect(-above).toBeGreaterThanOrEqual(truth);
  }
});
