/**
 * The mean value bound: below rows·output at every point of the set, exact for affine networks, refused where a
 * value jumps.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import type { Graph, Node } from '../../src/graph/graph.ts';
import { opNames } from '../../src/graph/ops/table.ts';
import { ModelError } from '../../src/onnx/model-error.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { floats, sizeOf } from '../../src/tensor/tensor.ts';
import { Draw } from '../generators/draw.ts';
import { randomGraph, type Sample, sampleFor } from '../generators/graph.ts';
import { load, runOnnx } from '../onnxruntime.ts';
import { evaluateOutputs } from '../oracle/evaluate.ts';
import { applied } from './affine-rows.ts';
import { type Boxes, boxesAround, boxesOf, boxFeeds, pointInBall, pointOf } from './boxes.ts';
import { ballSet, intervalGraph, type IntervalOptions } from './interval-graph.ts';

const ROWS = 3;

/** The bytes of the bound's program; undefined where there is none, and it says why. */
function compiled(graph: Graph, options: IntervalOptions): Uint8Array | undefined {
  try {
    return writeModel(intervalGraph(graph, { ...options, meanValue: true, rows: ROWS }));
  } catch (error) {
    if (error instanceof ModelError) return undefined;
    throw error;
  }
}

/** Checks the bound at points of the set; the number of rows that claim something. */
async function expectBelow(
  { graph, rows, seed }: Sample,
  boxes: Boxes,
  options: IntervalOptions,
  point: (draw: Draw, kind: number) => ReturnType<typeof pointOf>,
): Promise<number> {
  const draw = new Draw(seed);
  const bytes = compiled(graph, options);
  if (!bytes) return 0;
  const out = graph.nodes[graph.outputs[0]?.id ?? -1];
  const outputs = sizeOf((out?.shape ?? []).slice(1).map(Number));
  const values = draw.list(rows * ROWS * outputs, () => draw.pick([0, 1, -1, draw.real(-1, 1)]));
  const specification = floats(values, [rows, ROWS, outputs]);
  const results = await runOnnx(bytes, { ...boxFeeds(boxes), rows: specification });
  const bound = Array.from(results['bound']?.data ?? [], Number);
  const finite = Array.from(results['finite']?.data ?? [], Number);
  const network = await load(writeModel(graph));
  for (let kind = 0; kind < 9; kind++) {
    const feeds = point(draw, kind);
    for (const each of [evaluateOutputs(graph, feeds), await network.run(feeds)]) {
      applied(specification, each['out']?.data ?? []).forEach((value, i) => {
        if (finite[Math.floor(i / ROWS)] !== 1) return;
        if (!((bound[i] ?? Number.NaN) <= value)) {
          expect.fail(`row ${i} is ${value} at point ${kind}, below its bound ${bound[i]}`);
        }
      });
    }
  }
  return finite.filter((one) => one === 1).length;
}

describe('is below rows·output at every point', () => {
  test.each(opNames)('of boxes, for graphs around %s', async (op) => {
    await fc.assert(
      fc.asyncProperty(sampleFor(op), async (sample) => {
        const boxes = boxesAround(new Draw(sample.seed), sample.feeds);
        const inBoxes = (draw: Draw, kind: number): ReturnType<typeof pointOf> =>
          pointOf(draw, boxes, kind);
        await expectBelow(sample, boxes, {}, inBoxes);
      }),
      { seed: 31, numRuns: 3 },
    );
  });

  test('of boxes and balls, for random graphs', async () => {
    let claims = 0;
    const epsilon = 0.125;
    await fc.assert(
      fc.asyncProperty(randomGraph({ steps: 5 }), async (sample) => {
        const { feeds, rows } = sample;
        const boxes = boxesOf(feeds, () => 0.125 * 1.001);
        claims += await expectBelow(sample, boxes, {}, (draw, kind) => pointOf(draw, boxes, kind));
        if (sample.graph.inputs.length > 1) return;
        claims += await expectBelow(sample, boxes, { setOf: ballSet(epsilon) }, (draw) =>
          pointInBall(draw, boxes, rows, epsilon),
        );
      }),
      { seed: 32, numRuns: 15 },
    );
    expect(claims).toBeGreaterThan(40);
  });
});

/** A network of one input [batch, 3] as a bound's program, refused or not. */
const boundOf = (body: (b: Builder, x: Node) => Node): (() => Graph) => {
  const b = new Builder();
  const graph = b.graph({ out: b.labelled('layer1/act', () => body(b, b.input('x', [BATCH, 3]))) });
  return () => intervalGraph(graph, { meanValue: true, rows: 1 });
};

test.each<[string, (b: Builder, x: Node) => Node]>([
  ['sign', (b, x) => b.sign(x)],
  ['floor', (b, x) => b.mul(b.push('floor', [b.mul(x, 8)], {}), 1 / 8)],
  ['round', (b, x) => b.push('round', [x], {})],
  ['greater', (b, x) => b.where(b.greater(x, 0), b.mul(x, 2), -1)],
  ['step', (b, x) => b.mul(x, b.step(x))],
  ['lookup', (b, x) => b.push('lookup', [b.floats([1, 2, 3, 4], [4, 1]), x], {})],
])('%s jumps, and is refused with its layer', (op, body) => {
  expect(boundOf(body)).toThrow(ModelError);
  expect(boundOf(body)).toThrow(new RegExp(`^${op} \\(layer1/act\\) jumps`));
});

test('a jump that the input does not reach is none', () => {
  expect(boundOf((b, x) => b.mul(x, b.sign(b.floats([1, -2, 3], [1, 3]))))).not.toThrow();
});

test('for x·|x| over an interval the bound is the centre less the steepest slope times the way', async () => {
  const b = new Builder();
  const x = b.input('x', [BATCH, 1]);
  const bytes = writeModel(
    intervalGraph(b.graph({ out: b.mul(x, b.abs(x)) }), { meanValue: true, rows: 1 }),
  );
  const boxes = boxesOf({ x: floats([2], [1, 1]) }, () => 0.5);
  const results = await runOnnx(bytes, { ...boxFeeds(boxes), rows: floats([1], [1, 1, 1]) });
  // The gradient |x| + x·sign(x) is at most 5 on [1.5, 2.5].
  const truth = 4 - 0.5 * 5;
  expect(results['bound']?.data[0]).toBeLessThanOrEqual(truth);
  expect(results['bound']?.data[0]).toBeCloseTo(truth, 4);
});
