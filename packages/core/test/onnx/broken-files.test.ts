/** A broken file is a ModelError that says what is wrong, never another error and never a wrong graph. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ModelError } from '../../src/onnx/model-error.ts';
import { surveyModel } from '../../src/onnx/parse.ts';
import { readModel } from '../../src/onnx/read.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { classicalCases } from './classical-cases.ts';
import { controlCases } from './control-cases.ts';
import { elementwiseCases } from './elementwise-cases.ts';
import { type FileSpec, ints, onnxFile, one, weights } from './hand-made.ts';
import { linearCases } from './linear-cases.ts';
import { normalisationCases } from './normalisation-cases.ts';
import { positionCases } from './position-cases.ts';
import { rearrangementCases } from './rearrangement-cases.ts';
import { reductionCases } from './reduction-cases.ts';
import { resizeCases } from './resize-cases.ts';
import { shapeCases } from './shape-cases.ts';
import { structuralCases } from './structural-cases.ts';
import { treeCases } from './tree-cases.ts';

const files = [
  ...elementwiseCases,
  ...linearCases,
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
].map(onnxFile);

/** What reading throws; undefined when it succeeds. */
function failure(bytes: Uint8Array<ArrayBuffer>): unknown {
  try {
    readModel(bytes);
    return undefined;
  } catch (error) {
    return error;
  }
}

function expectModelErrorOrNone(bytes: Uint8Array<ArrayBuffer>): void {
  const error = failure(bytes);
  if (error !== undefined) expect(error).toBeInstanceOf(ModelError);
}

describe('bytes that are no model', () => {
  test.each([
    ['nothing', new Uint8Array()],
    ['one zero', new Uint8Array(1)],
    ['a text', new TextEncoder().encode('this is not a model, it is a sentence')],
    ['a picture', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13)],
    ['zeros', new Uint8Array(1000)],
    ['ones', new Uint8Array(1000).fill(255)],
  ])('%s', (_, bytes) => {
    expect(() => readModel(bytes)).toThrow(ModelError);
    expect(() => surveyModel(bytes)).toThrow(ModelError);
  });

  test('random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expectModelErrorOrNone(new Uint8Array(bytes));
      }),
      { seed: 23, numRuns: 300 },
    );
  });

  test('files cut short', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...files),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (file, at) => {
          expectModelErrorOrNone(file.slice(0, Math.floor(at * file.length)));
        },
      ),
      { seed: 24, numRuns: 500 },
    );
  });

  test('files with a few bytes changed', () => {
    const change = fc.record({ at: fc.nat(), to: fc.nat({ max: 255 }) });
    fc.assert(
      fc.property(
        fc.constantFrom(...files),
        fc.array(change, { minLength: 1, maxLength: 3 }),
        (file, changes) => {
          const bytes = file.slice();
          for (const { at, to } of changes) bytes[at % bytes.length] = to;
          expectModelErrorOrNone(bytes);
        },
      ),
      { seed: 25, numRuns: 500 },
    );
  });
});

const base: FileSpec = {
  opset: 17,
  inputs: { x: [1, 4] },
  outputs: ['y'],
  nodes: [{ op: 'Relu', inputs: ['x'], outputs: ['y'] }],
};

const relu = (from: string, to: string): FileSpec['nodes'][number] => ({
  op: 'Relu',
  inputs: [from],
  outputs: [to],
});

const invalid: Readonly<Record<string, FileSpec>> = {
  'a value nothing computes': { ...base, nodes: [relu('nowhere', 'y')] },
  'nodes in a circle': { ...base, nodes: [relu('b', 'a'), relu('a', 'b'), relu('x', 'y')] },
  'nodes out of order': { ...base, nodes: [relu('a', 'y'), relu('x', 'a')] },
  'an output nothing computes': { ...base, outputs: ['z'] },
  'no input': {
    ...base,
    inputs: {},
    nodes: [relu('w', 'y')],
    initializers: { w: floats([1, 2]) },
  },
  'no output': { ...base, outputs: [] },
  'a missing operand': {
    ...base,
    nodes: [
      { op: 'Add', inputs: ['x'], outputs: ['y'] },
      { op: 'MatMul', inputs: ['x'], outputs: ['z'] },
    ],
  },
  'matrices that do not fit': one('MatMul', '', { operands: { w: weights(3, 2) } }),
  'a reshape that does not fit': one('Reshape', '', { operands: { s: ints(3, 5) } }),
  'an axis that is not there': one('Softmax', '', { attributes: { axis: 7 } }),
  'a permutation that is none': one('Transpose', '', { attributes: { perm: [0, 0] } }),
  'a kernel larger than the image': one('Conv', '', {
    x: [1, 1, 2, 2],
    operands: { w: weights(1, 1, 3, 3) },
  }),
  'a pool larger than the image': one('MaxPool', '', {
    x: [1, 1, 2, 2],
    attributes: { kernel_shape: [3, 3] },
  }),
  'a position outside': one('Gather', '', {
    operands: { i: ints(9) },
    attributes: { axis: 1 },
  }),
};

const unsupported: Readonly<Record<string, FileSpec>> = {
  'an operator that is not known': {
    ...base,
    nodes: [{ op: 'Quaternion', inputs: ['x'], outputs: ['y'] }],
  },
  'an opset of the past': { ...base, opset: 3 },
  'an opset of the future': { ...base, opset: 99 },
  'an unknown size besides the batch': { ...base, inputs: { x: ['n', 'm'] } },
  'a pad mode that is not known': one('Pad', '', {
    operands: { p: ints(0, 1, 0, 1) },
    attributes: { mode: 'mirror' },
  }),
};

describe('files that contradict themselves are invalid', () => {
  test.each(Object.entries(invalid))('%s', (_, file) => {
    const error = failure(onnxFile(file));
    expect(error).toBeInstanceOf(ModelError);
    expect(error).toMatchObject({ reason: 'invalid' });
  });
});

describe('files that ask for too much are unsupported, and the message says what', () => {
  test.each(Object.entries(unsupported))('%s', (_, file) => {
    const error = failure(onnxFile(file));
    expect(error).toBeInstanceOf(ModelError);
    expect(error).toMatchObject({ reason: 'unsupported' });
  });
});
