/**
 * NaN hides: Max, Where and comparisons of ONNX Runtime swallow it. So whatever is not a finite number,
 * wherever it enters, must show in the row's `finite` flag; and only in the rows it belongs to.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Builder, replay } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import { ancestors, type Graph, type Node, outputNamed } from '../../src/graph/graph.ts';
import { opNames } from '../../src/graph/ops/table.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { Draw } from '../generators/draw.ts';
import { type Sample, sampleFor } from '../generators/graph.ts';
import { runOnnx } from '../onnxruntime.ts';
import { type Boxes, boxesOf, boxFeeds } from './boxes.ts';
import { intervalGraph } from './interval-graph.ts';
import { expectSound } from './soundness.ts';

async function finiteRows(network: Graph, boxes: Boxes): Promise<number[]> {
  const bytes = writeModel(intervalGraph(network));
  const results = await runOnnx(bytes, boxFeeds(boxes), { optimise: false });
  return Array.from(results['finite']?.data ?? [], Number);
}

/** Boxes of a small radius around the sample's feeds. */
const around = (feeds: Sample['feeds'], radius = 1e-3): Boxes => boxesOf(feeds, () => radius);

/** The graph with its float32 constants remade; undefined where no output needs one. */
function withConstants(
  graph: Graph,
  remake: (data: Float32Array<ArrayBuffer>, index: number) => Float32Array<ArrayBuffer>,
): Graph | undefined {
  const out = outputNamed(graph, 'out');
  const needed = ancestors(graph, [out.id]);
  const b = new Builder();
  const given = new Map<number, Node>();
  for (const node of graph.nodes) {
    if (node.op !== 'constant' || node.type !== 'float32' || !needed[node.id]) continue;
    const { tensor } = node.attributes;
    const data = remake(Float32Array.from(tensor.data, Number), given.size);
    given.set(node.id, b.constant(floats(data, tensor.shape)));
  }
  if (given.size === 0) return undefined;
  const copy = replay(b, graph, given).get(out.id);
  return copy && b.graph({ out: copy });
}

describe('a row is not finite', () => {
  test.each(opNames)('when a weight is NaN, in graphs around %s', async (op) => {
    await fc.assert(
      fc.asyncProperty(sampleFor(op), fc.nat({ max: 3 }), async (sample, which) => {
        const poisoned = withConstants(sample.graph, (data, index) => {
          if (index === which) data[sample.seed % data.length] = Number.NaN;
          return data;
        });
        fc.pre(poisoned !== undefined && poisoned.nodes.some(holdsNaN));
        if (!poisoned) return;
        const finite = await finiteRows(poisoned, around(sample.feeds));
        expect(finite).toEqual(finite.map(() => 0));
      }),
      { seed: 12, numRuns: 2, maxSkipsPerRun: 1000 },
    );
  });

  test.each(opNames)('when its input is none, in graphs around %s', async (op) => {
    await fc.assert(
      fc.asyncProperty(
        sampleFor(op),
        fc.constantFrom(Number.NaN, Infinity, -Infinity, 3.2e38),
        async ({ graph, feeds, rows, seed }, bad) => {
          const boxes = around(feeds);
          const row = seed % rows;
          const [box] = Object.values(boxes);
          if (!box) return;
          const size = box.lower.data.length / rows;
          const end = seed % 2 === 0 ? box.lower : box.upper;
          end.data[row * size + (seed % size)] = bad;
          const clean = await finiteRows(graph, around(feeds));
          const finite = await finiteRows(graph, boxes);
          const uses = ancestors(graph, [outputNamed(graph, 'out').id]);
          const used = uses[graph.inputs[0] ?? -1] === true;
          expect(finite).toEqual(clean.map((was, i) => (used && i === row ? 0 : was)));
        },
      ),
      { seed: 13, numRuns: 1 },
    );
  });

  test('when a NaN arises where the batch is not the first axis and a comparison swallows it', async () => {
    const b = new Builder();
    const x = b.input('x', [BATCH, 3]);
    const logs = b.log(b.transpose(x, [1, 0]));
    const out = b.transpose(b.greater(logs, 0), [1, 0]);
    const centre = floats([1, 1, 1, -1, 1, 1, 1, 1, 1, 1, 1, 1], [4, 3]);
    const finite = await finiteRows(b.graph({ out }), {
      x: { centre, lower: centre, upper: centre },
    });
    expect(finite[1]).toBe(0);
  });

  test('when terms of a sum overflow in some order, although they cancel in another', async () => {
    const b = new Builder();
    const x = b.input('x', [BATCH, 4]);
    const weights = b.floats([2e38, -2e38, 2e38, -2e38], [4, 1]);
    const network = b.graph({ out: b.relu(b.matMul(x, weights)) });
    const ones = floats([1, 1, 1, 1], [1, 4]);
    expect(await finiteRows(network, { x: { centre: ones, lower: ones, upper: ones } })).toEqual([
      0,
    ]);
  });
});

function holdsNaN(node: Node): boolean {
  if (node.op !== 'constant' || node.type !== 'float32') return false;
  return (node.attributes.tensor.data as Float32Array).some(Number.isNaN);
}

describe('huge numbers', () => {
  test.each(opNames)('never make a finite row wrong, in graphs around %s', async (op) => {
    await fc.assert(
      fc.asyncProperty(
        sampleFor(op),
        fc.constantFrom(1e10, 1e20, 1e30, 1e38),
        async ({ graph, feeds, rows, seed }, size) => {
          const draw = new Draw(seed);
          const huge = withConstants(graph, (data) =>
            data.map((x) => x * (draw.chance(0.4) ? size : 1)),
          );
          fc.pre(huge !== undefined);
          if (!huge) return;
          const batched = graph.nodes[0]?.shape[0] === BATCH;
          await expectSound(huge, around(feeds, 0.1), draw, { batched, rows });
        },
      ),
      { seed: 14, numRuns: 2, maxSkipsPerRun: 1000 },
    );
  });
});
