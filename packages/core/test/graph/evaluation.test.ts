/**
 * ONNX Runtime, given what we write, agrees with the oracle: for every op of the table and for random
 * graphs. Results that hang on a float32 rounding (a step at its jump) are left out.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { writeModel } from '../../src/onnx/write.ts';
import { opNames } from '../../src/graph/ops/table.ts';
import { expectAllclose } from '../allclose.ts';
import { type Sample, randomGraph, sampleFor } from '../generators/graph.ts';
import { recipes } from '../generators/recipes.ts';
import { runOnnx } from '../onnxruntime.ts';
import { isWellConditioned } from '../oracle/conditioning.ts';
import { evaluateOutputs } from '../oracle/evaluate.ts';

async function expectAgreement({ graph, feeds, seed }: Sample): Promise<void> {
  fc.pre(isWellConditioned(graph, feeds));
  const expected = evaluateOutputs(graph, feeds);
  const optimise = seed % 2 === 0;
  const actual = await runOnnx(writeModel(graph), feeds, { optimise });
  expectAllclose(actual['out'], expected['out']);
}

test('every op of the table has a generator', () => {
  expect(Object.keys(recipes).sort()).toEqual(opNames);
});

describe('ONNX Runtime computes what the oracle computes', () => {
  test.each(opNames)('for graphs around %s', async (op) => {
    await fc.assert(
      fc.asyncProperty(sampleFor(op), async (sample) => {
        expect(sample.graph.nodes.some((node) => node.op === op)).toBe(true);
        await expectAgreement(sample);
      }),
      { seed: 1, numRuns: 6 },
    );
  });

  test('for random graphs', async () => {
    await fc.assert(fc.asyncProperty(randomGraph({ steps: 10 }), expectAgreement), {
      seed: 2,
      numRuns: 50,
    });
  });
});
