/**
 * The op set is closed under the transforms: the gradient and the interval of a gradient and of an
 * interval can be built for every op, and ONNX Runtime loads what is written.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Graph, inputNodes } from '../../src/graph/graph.ts';
import { opNames } from '../../src/graph/ops/table.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { type Sample, sampleFor } from '../generators/graph.ts';
import { load } from '../onnxruntime.ts';
import { expectGradientMatches, gradientGraph } from './differences.ts';
import { intervalGraph } from './interval-graph.ts';

const inputOf = (graph: Graph): string => inputNodes(graph)[0]?.attributes.name ?? '';

const gradient = (graph: Graph, output: string, at = inputOf(graph)): Graph =>
  gradientGraph({ graph, at, output });

/** Compositions of two transforms, the outer one named first. */
const compositions: Readonly<Record<string, (graph: Graph) => Graph>> = {
  'the gradient of the gradient': (graph) => gradient(gradient(graph, 'out'), 'gradient'),
  'the gradient of the interval': (graph) =>
    gradient(intervalGraph(graph, { rows: 2 }), 'bound', `lower:${inputOf(graph)}`),
  'the gradient of the backward linear bound': (graph) =>
    gradient(intervalGraph(graph, { rows: 2, linear: true }), 'bound', `lower:${inputOf(graph)}`),
  'the interval of the gradient': (graph) =>
    intervalGraph(gradient(graph, 'out'), { output: 'gradient' }),
  'the interval of the interval': (graph) =>
    intervalGraph(intervalGraph(graph), { output: 'lower' }),
};

describe.each(Object.entries(compositions))('%s', (_, compose) => {
  test.each(opNames)('exists for graphs around %s', async (op) => {
    await fc.assert(
      fc.asyncProperty(sampleFor(op), async ({ graph }: Sample) => {
        await load(writeModel(compose(graph)), { optimise: false });
      }),
      { seed: 17, numRuns: 1 },
    );
  });
});

test('the gradient of a bound is how the bound moves', () => {
  let compared = 0;
  fc.assert(
    fc.property(
      fc.constantFrom(...opNames).chain((op) => sampleFor(op)),
      (sample) => {
        const { graph, feeds, seed } = sample;
        const interval = intervalGraph(graph);
        const boxes = Object.fromEntries(
          Object.entries(feeds).flatMap(([name, centre]) =>
            ['centre:', 'lower:', 'upper:'].map((end, i) => {
              const by = [0, -0.013, 0.017][i] ?? 0;
              const data = Float64Array.from(centre.data, (x) => x + by);
              return [`${end}${name}`, { shape: centre.shape, data }];
            }),
          ),
        );
        for (const output of ['lower', 'upper']) {
          const at = `${seed % 2 === 0 ? 'lower' : 'upper'}:${inputOf(graph)}`;
          compared += expectGradientMatches({ graph: interval, feeds: boxes, at, output }, seed);
        }
      },
    ),
    { seed: 18, numRuns: 30 },
  );
  expect(compared).toBeGreaterThan(80);
});
