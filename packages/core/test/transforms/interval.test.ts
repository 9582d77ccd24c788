/**
 * Interval bounds are sound, without tolerance, over boxes of every size: for every op of the table,
 * random graphs and gradients of graphs. And they are no empty claim: over a tiny box they are tight.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BATCH } from '../../src/graph/dimension.ts';
import { type Graph, inputNodes, type OpName } from '../../src/graph/graph.ts';
import { definitionOf, opNames } from '../../src/graph/ops/table.ts';
import { Draw } from '../generators/draw.ts';
import { randomGraph, type Sample, sampleFor } from '../generators/graph.ts';
import { boxesAround, boxesOf, pointInBall } from './boxes.ts';
import { gradientGraph } from './differences.ts';
import { ballSet } from './interval-graph.ts';
import { expectSound } from './soundness.ts';

const isBatched = (graph: Graph): boolean => inputNodes(graph)[0]?.shape[0] === BATCH;

async function expectSampleSound({ graph, rows, feeds, seed }: Sample): Promise<void> {
  const draw = new Draw(seed);
  const boxes = boxesAround(draw, feeds);
  await expectSound(graph, boxes, draw, { batched: isBatched(graph), rows });
}

describe('an interval contains what its box can give', () => {
  test.each(opNames)('for graphs around %s', async (op) => {
    await fc.assert(fc.asyncProperty(sampleFor(op), expectSampleSound), { seed: 8, numRuns: 5 });
  });

  test('for random graphs', async () => {
    await fc.assert(fc.asyncProperty(randomGraph({ steps: 8 }), expectSampleSound), {
      seed: 9,
      numRuns: 40,
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
      { seed: 10, numRuns: 15 },
    );
  });
});

test('an interval over an ℓ2 ball contains what the ball can give', async () => {
  const epsilon = 0.25;
  await fc.assert(
    fc.asyncProperty(randomGraph({ steps: 5 }), async ({ graph, rows, feeds, seed }) => {
      fc.pre(graph.inputs.length === 1);
      const boxes = boxesOf(feeds, () => epsilon * 1.001);
      const draw = new Draw(seed);
      await expectSound(graph, boxes, draw, {
        batched: isBatched(graph),
        rows,
        options: { setOf: ballSet(epsilon) },
        pointOf: () => pointInBall(draw, boxes, rows, epsilon),
      });
    }),
    { seed: 29, numRuns: 15 },
  );
});

describe('an interval over a tiny box is tight', () => {
  // Steps and their like jump: an interval that touches the jump is the whole jump.
  const jumping: readonly OpName[] = ['where', 'lookup'];
  const continuous = opNames.filter((op) => {
    return definitionOf(op).kind !== 'step' && !jumping.includes(op);
  });
  test.each(opNames)('for graphs around %s', async (op: OpName) => {
    let [tight, all] = [0, 0];
    await fc.assert(
      fc.asyncProperty(sampleFor(op, { ops: continuous }), async (sample) => {
        const { graph, rows, feeds, seed } = sample;
        const boxes = boxesOf(feeds, () => 1e-6);
        const { finite, widths } = await expectSound(graph, boxes, new Draw(seed), {
          batched: isBatched(graph),
          rows,
          points: 3,
        });
        expect(finite).toEqual(finite.map(() => 1));
        tight += widths.filter((width) => width < 1e-3).length;
        all += widths.length;
      }),
      { seed: 11, numRuns: 2 },
    );
    const share = continuous.includes(op) ? 1 : op === 'equal' ? 0.1 : 0.5;
    expect(tight).toBeGreaterThanOrEqual(share * all);
  });
});
