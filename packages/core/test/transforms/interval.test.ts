/**
 * Interval bounds are sound, without tolerance, over boxes of every size: for every op of the table,
 * random graphs and gradients of graphs. And they are no empty claim: over a tiny box they are tight.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BATCH } from '../../src/graph/dimension.ts';
import { type Graph, inputNodes, type OpName } from '../../src/graph/graph.ts';
import { definitionOf, opNames } from '../../src/graph/ops/table.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { Draw } from '../generators/draw.ts';
import { randomGraph, type Sample, sampleFor } from '../generators/graph.ts';
import { boxesAround } from './boxes.ts';
import { gradientGraph } from './differences.ts';
import { expectSound } from './soundness.ts';

export const isBatched = (graph: Graph): boolean => inputNodes(graph)[0]?.shape[0] === BATCH;

async function expectSampleSound({ graph, rows, feeds, seed }: Sample): Promise<void> {
  const draw = new Draw(seed);
  const boxes = boxesAround(draw, feeds);
  await expectSound(graph, boxes, draw, { batched: isBatched(graph), rows });
}

describe('an interval contains what its box can give', () => {
  test.each(opNames)('for graphs around %s', async (op) => {
    await fc.assert(fc.asyncProperty(sampleFor(op), expectSampleSound), { seed: 8, numRuns: 25 });
  });

  test('for random graphs', async () => {
    await fc.assert(fc.asyncProperty(randomGraph({ steps: 8 }), expectSampleSound), {
      seed: 9,
      numRuns: 120,
    });
  });

  test('for gradients of random graphs', async () => {
    await fc.assert(
      fc.asyncProperty(randomGraph({ steps: 4 }), async (sample) => {
        const { graph, rows, feeds, seed } = sample;
        const at = inputNodes(graph)[0]?.attributes.name ?? '';
        const derived = gradientGraph({ graph, at, output: 'out' });
        const draw = new Draw(seed);
        const boxes = boxesAround(draw, feeds);
        const options = { output: 'gradient' };
        await expectSound(derived, boxes, draw, { batched: isBatched(graph), rows, options });
      }),
      { seed: 10, numRuns: 40 },
    );
  });
});

describe('an interval over a tiny box is tight', () => {
  // Steps and their like jump: an interval that touches the jump is the whole jump.
  const continuous = opNames.filter((op) => definitionOf(op).kind !== 'step' && op !== 'where');
  test.each(opNames)('for graphs around %s', async (op: OpName) => {
    let [tight, all] = [0, 0];
    await fc.assert(
      fc.asyncProperty(sampleFor(op, { ops: continuous }), async (sample) => {
        const { graph, rows, feeds, seed } = sample;
        const boxes = Object.fromEntries(
          Object.entries(feeds).map(([name, centre]) => {
            const around = (by: number): typeof centre =>
              floats(
                centre.data.map((x) => x + by),
                centre.shape,
              );
            return [name, { centre, lower: around(-1e-6), upper: around(1e-6) }];
          }),
        );
        const { finite, widths } = await expectSound(graph, boxes, new Draw(seed), {
          batched: isBatched(graph),
          rows,
          points: 3,
        });
        expect(finite).toEqual(finite.map(() => 1));
        tight += widths.filter((width) => width < 1e-3).length;
        all += widths.length;
      }),
      { seed: 11, numRuns: 8 },
    );
    const share = continuous.includes(op) ? 1 : op === 'equal' ? 0.2 : 0.8;
    expect(tight).toBeGreaterThanOrEqual(share * all);
  });
});
