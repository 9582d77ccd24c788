/**
 * What is written can be read again and means the same, also after a second time; names of inputs and
 * outputs stay.
 */
import * as fc from 'fast-check';
import { describe, test, expect } from 'vitest';
import { inputNodes } from '../../src/graph/graph.ts';
import { opNames } from '../../src/graph/ops/table.ts';
import { ModelError } from '../../src/onnx/model-error.ts';
import { operators } from '../../src/onnx/operators/table.ts';
import { surveyModel } from '../../src/onnx/parse.ts';
import { readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { expectAllclose } from '../allclose.ts';
import { randomGraph, type Sample, sampleFor } from '../generators/graph.ts';
import { runOnnx } from '../onnxruntime.ts';
import { isWellConditioned } from '../oracle/conditioning.ts';

/** Whether every operator of the file can be read. */
const readable = (bytes: Uint8Array): boolean => surveyModel(bytes).unsupported.length === 0;

async function expectRoundTrip({ graph, feeds }: Sample): Promise<boolean> {
  const bytes = writeModel(graph);
  if (!readable(bytes) || !isWellConditioned(graph, feeds)) return false;
  let model: ReturnType<typeof readModel>;
  try {
    model = readModel(bytes);
  } catch (error) {
    // Shapes computed at run time are written but not read.
    if (error instanceof ModelError && error.reason === 'unsupported') return false;
    throw error;
  }
  const names = inputNodes(model.graph).map(({ attributes }) => attributes.name);
  expect(names).toEqual(inputNodes(graph).map(({ attributes }) => attributes.name));
  const again = writeModel(model.graph);
  const expected = await runOnnx(bytes, feeds);
  const out = (await runOnnx(again, feeds))['out'];
  expectAllclose(out, { shape: out?.shape ?? [], data: expected['out']?.data ?? [] });
  const twice = (await runOnnx(writeModel(readModel(again).graph), feeds))['out'];
  expectAllclose(twice, out);
  return true;
}

describe('write, read, write', () => {
  test.each(opNames)('keeps graphs around %s', async (op) => {
    await fc.assert(
      fc.asyncProperty(sampleFor(op), async (sample) => {
        await expectRoundTrip(sample);
      }),
      { seed: 21, numRuns: 3 },
    );
  });

  test('keeps most random graphs over what can be read', async () => {
    let kept = 0;
    await fc.assert(
      fc.asyncProperty(randomGraph({ steps: 5 }), async (sample) => {
        if (await expectRoundTrip(sample)) kept++;
      }),
      { seed: 22, numRuns: 25 },
    );
    expect(operators.size).toBeGreaterThan(0);
    expect(kept).toBeGreaterThan(5);
  });
});
