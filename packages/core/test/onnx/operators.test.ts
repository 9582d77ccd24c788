/**
 * Every operator that can be read means what ONNX Runtime takes it for: a hand-made file, run row by
 * row, against what is written again of its graph, one row at a time and three at once.
 */
import { describe, expect, test } from 'vitest';
import { random } from '../../src/onnx/operators/random.ts';
import { operators } from '../../src/onnx/operators/table.ts';
import { readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { floats, sizeOf, type Tensor } from '../../src/tensor/tensor.ts';
import { expectAllclose } from '../allclose.ts';
import { Draw } from '../generators/draw.ts';
import { load, type Tensors } from '../onnxruntime.ts';
import { activationCases } from './activation-cases.ts';
import { classicalCases } from './classical-cases.ts';
import { controlCases } from './control-cases.ts';
import { elementwiseCases } from './elementwise-cases.ts';
import { type Case, onnxFile } from './hand-made.ts';
import { linearCases } from './linear-cases.ts';
import { logicCases } from './logic-cases.ts';
import { normalisationCases } from './normalisation-cases.ts';
import { positionCases } from './position-cases.ts';
import { powerCases } from './power-cases.ts';
import { quantisationCases } from './quantisation-cases.ts';
import { rearrangementCases } from './rearrangement-cases.ts';
import { reductionCases } from './reduction-cases.ts';
import { resizeCases } from './resize-cases.ts';
import { shapeCases } from './shape-cases.ts';
import { structuralCases } from './structural-cases.ts';
import { treeCases } from './tree-cases.ts';

const cases = [
  ...activationCases,
  ...powerCases,
  ...elementwiseCases,
  ...linearCases,
  ...logicCases,
  ...quantisationCases,
  ...structuralCases,
  ...reductionCases,
  ...shapeCases,
  ...rearrangementCases,
  ...positionCases,
  ...resizeCases,
  ...normalisationCases,
  ...controlCases,
  ...classicalCases,
  ...treeCases,
];

test('every operator that can be read has a hand-made file', () => {
  const made = new Set(cases.flatMap(({ nodes }) => nodes.map(({ op }) => op)));
  // What draws random numbers is held to in random.test.ts.
  const drawn = Object.keys(random);
  expect([...operators.keys()].filter((op) => !made.has(op))).toEqual(drawn);
});

/** One sample for every input, of the shape the file declares (symbolic sizes 1). */
function sampleOf(file: Case, draw: Draw): Record<string, Tensor<'float32'>> {
  return Object.fromEntries(
    Object.entries(file.inputs).map(([name, shape]) => {
      const dims = shape.map((dim) => (typeof dim === 'string' ? 1 : dim));
      return [
        name,
        floats(
          draw.list(sizeOf(dims), () => draw.real(-1, 1)),
          dims,
        ),
      ];
    }),
  );
}

/** Samples as rows of one batch: [samples, …]. */
function stacked(samples: readonly Tensors[], batchAxis: boolean): Tensors {
  return Object.fromEntries(
    Object.entries(samples[0] ?? {}).map(([name, { shape }]) => {
      const data = samples.flatMap((sample) => Array.from(sample[name]?.data ?? [], Number));
      return [name, floats(data, [samples.length, ...(batchAxis ? shape.slice(1) : shape)])];
    }),
  );
}

const flat = (values: readonly number[]): { shape: number[]; data: readonly number[] } => ({
  shape: [values.length],
  data: values,
});

describe('what is read computes what the file computes', () => {
  test.each(cases.map((file) => [file.what, file] as const))('%s', async (_, file) => {
    const bytes = onnxFile(file);
    const model = readModel(bytes);
    expect({ batched: model.batched, lifted: model.lifted }).toEqual({
      batched: true,
      lifted: file.lifted ?? false,
    });
    const [original, again] = await Promise.all([load(bytes), load(writeModel(model.graph))]);
    const draw = new Draw(20);
    const samples = [sampleOf(file, draw), sampleOf(file, draw), sampleOf(file, draw)];
    const expected: number[][] = [];
    for (const sample of samples) {
      expected.push(Array.from((await original.run(sample))['y']?.data ?? [], Number));
    }
    const rows = (some: readonly Tensors[]): Promise<Record<string, Tensor>> =>
      again.run(stacked(some, model.batchAxis));
    for (const [i, sample] of samples.entries()) {
      const alone = Array.from((await rows([sample]))['y']?.data ?? [], Number);
      expectAllclose(flat(alone), flat(expected[i] ?? []));
    }
    const together = (await rows(samples))['y'];
    expect(together?.shape[0]).toBe(samples.length);
    expectAllclose(flat(Array.from(together?.data ?? [], Number)), flat(expected.flat()));
  });
});
