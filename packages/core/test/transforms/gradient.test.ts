/**
 * gradientOf is the derivative: held against central differences in float64, and its ONNX against
 * ONNX Runtime. With respect to inputs, to weights that were made inputs, and once more.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Builder, replay } from '../../src/graph/builder.ts';
import { type Graph, inputNodes, type OpName, outputNamed } from '../../src/graph/graph.ts';
import { definitionOf, opNames } from '../../src/graph/ops/table.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { expectAllclose } from '../allclose.ts';
import { randomGraph, type Sample, sampleFor } from '../generators/graph.ts';
import { runOnnx, type Tensors } from '../onnxruntime.ts';
import { isWellConditioned } from '../oracle/conditioning.ts';
import { evaluateOutputs } from '../oracle/evaluate.ts';
import { expectGradientMatches, gradientGraph } from './differences.ts';

const firstInput = (graph: Graph): string => inputNodes(graph)[0]?.attributes.name ?? '';

/** The share of rows at a kink must stay small: ops that are steps aside, 9 of 10 are compared. */
function expectCompared(compared: number, possible: number): void {
  expect(compared).toBeGreaterThan(0.85 * possible);
}

describe('the gradient is the derivative', () => {
  test.each(opNames)('of graphs around %s', (op) => {
    let [compared, possible] = [0, 0];
    fc.assert(
      fc.property(sampleFor(op), ({ graph, feeds, rows, seed }) => {
        for (const { attributes } of inputNodes(graph)) {
          const subject = { graph, feeds, at: attributes.name, output: 'out' };
          compared += expectGradientMatches(subject, seed);
          possible += 2 * rows;
        }
      }),
      { seed: 3, numRuns: 4 },
    );
    expectCompared(compared, possible);
  });

  test('of random graphs, and of their gradients', () => {
    fc.assert(
      fc.property(randomGraph({ steps: 8 }), ({ graph, feeds, seed }) => {
        const first = { graph, feeds, at: firstInput(graph), output: 'out' };
        expectGradientMatches(first, seed);
        const second = { ...first, graph: gradientGraph(first), output: 'gradient' };
        expectGradientMatches(second, seed);
      }),
      { seed: 4, numRuns: 40 },
    );
  });

  const smooth: readonly OpName[] = ['sigmoid', 'tanh', 'exp', 'log', 'sqrt', 'reciprocal', 'div'];
  test.each([...smooth, 'softmax', 'mul', 'matMul'] as const)('twice, for %s', (op) => {
    fc.assert(
      fc.property(sampleFor(op, { ops: smooth }), ({ graph, feeds, seed }) => {
        const first = { graph, feeds, at: firstInput(graph), output: 'out' };
        const second = { ...first, graph: gradientGraph(first), output: 'gradient' };
        expect(expectGradientMatches(second, seed)).toBeGreaterThan(0);
      }),
      { seed: 5, numRuns: 4 },
    );
  });
});

describe('ONNX Runtime computes the gradient', () => {
  test.each(opNames)('of graphs around %s', async (op) => {
    await fc.assert(
      fc.asyncProperty(sampleFor(op), async ({ graph, feeds }: Sample) => {
        const derived = gradientGraph({ graph, at: firstInput(graph), output: 'out' });
        const loose = { relative: 1e-3, absolute: 1e-4 };
        fc.pre(isWellConditioned(derived, feeds, loose));
        const actual = await runOnnx(writeModel(derived), feeds);
        expectAllclose(actual['gradient'], evaluateOutputs(derived, feeds)['gradient'], loose);
      }),
      { seed: 6, numRuns: 2 },
    );
  });
});

/** The graph with the constants that the given op multiplies by made inputs, fed by what they were. */
function withWeightsAsInputs(graph: Graph, op: OpName): { graph: Graph; feeds: Tensors } {
  const b = new Builder();
  const feeds: Record<string, Tensors[string]> = {};
  const weights = new Set(graph.nodes.filter((node) => node.op === op).flatMap((n) => n.operands));
  const inputs = new Map(
    graph.nodes.flatMap((node) => {
      if (node.op !== 'constant' || !weights.has(node.id)) return [];
      const name = `weights${node.id}`;
      feeds[name] = node.attributes.tensor;
      return [[node.id, b.input(name, node.shape)] as const];
    }),
  );
  const copies = replay(b, graph, inputs);
  const out = copies.get(outputNamed(graph, 'out').id);
  if (!out) throw new RangeError('the output was not copied');
  return { graph: b.graph({ out }), feeds };
}

describe('training: the gradient with respect to weights that were made inputs', () => {
  const trained: readonly OpName[] = [
    'matMul',
    'conv',
    'convTranspose',
    'convWeights',
    'batchNorm',
  ];
  test.each(trained)('of %s', async (op) => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(sampleFor(op), async (sample) => {
        const trainable = withWeightsAsInputs(sample.graph, op);
        const feeds: Tensors = { ...sample.feeds, ...trainable.feeds };
        for (const at of Object.keys(trainable.feeds)) {
          const subject = { graph: trainable.graph, feeds, at, output: 'out', shared: true };
          compared += expectGradientMatches(subject, sample.seed);
          const derived = gradientGraph(subject);
          const loose = { relative: 1e-3, absolute: 1e-4 };
          if (!isWellConditioned(derived, feeds, loose)) continue;
          const actual = await runOnnx(writeModel(derived), feeds);
          expectAllclose(actual['gradient'], evaluateOutputs(derived, feeds)['gradient'], loose);
        }
      }),
      { seed: 7, numRuns: 6 },
    );
    expect(compared).toBeGreaterThan(5);
  });

  test('every op that a gradient passes through is of a kind that has one', () => {
    const without = opNames.filter((op) => {
      const rules = definitionOf(op);
      return rules.kind !== 'source' && !rules.gradient && !rules.lower;
    });
    expect(without).toEqual([]);
  });
});
