/**
 * What is read is a graph like any other: operators that are written out in others have the gradient of
 * what the file computes, and intervals that hold what the file itself gives.
 */
import assert from 'node:assert/strict';
import { describe, expect, test } from 'vitest';
import { inputNodes } from '../../src/graph/graph.ts';
import { type Model, readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { floats, sizeOf, type Tensor } from '../../src/tensor/tensor.ts';
import { Draw } from '../generators/draw.ts';
import { load, type Tensors } from '../onnxruntime.ts';
import { type Boxes, boxesAround, boxesOf, boxFeeds, pointOf } from '../transforms/boxes.ts';
import { expectGradientMatches } from '../transforms/differences.ts';
import { intervalGraph } from '../transforms/interval-graph.ts';
import { type Case, type NodeSpec, one, onnxFile, scalar, weights } from './hand-made.ts';
import { normalisationCases } from './normalisation-cases.ts';
import { positionCases } from './position-cases.ts';
import { computedPowers } from './power-cases.ts';
import { rearrangementCases } from './rearrangement-cases.ts';
import { resizeCases } from './resize-cases.ts';

const resizes = resizeCases.filter((_, i) => i % 7 === 0);
const cases = [
  ...rearrangementCases,
  ...positionCases,
  ...resizes,
  ...normalisationCases,
  ...computedPowers,
].filter(({ outputs }) => outputs.includes('y'));
const named = cases.map((file) => [file.what, file] as const);

/** One row for every input, elements in [−1, 1] around the centre. */
function feedsFor(model: Model, draw: Draw, centre = 0): Record<string, Tensor<'float32'>> {
  return Object.fromEntries(
    inputNodes(model.graph).map(({ attributes, shape }) => {
      const dims = [1, ...shape.slice(1).map(Number)];
      const values = draw.list(sizeOf(dims), () => Math.fround(centre + draw.real(-1, 1)));
      return [attributes.name, floats(values, dims)];
    }),
  );
}

/** Checks the file's own outputs at points of the boxes; returns whether the interval is a claim. */
async function expectHolds(file: Case, model: Model, boxes: Boxes, draw: Draw): Promise<boolean> {
  const program = await load(writeModel(intervalGraph(model.graph, { output: 'y' })));
  const ends = await program.run(boxFeeds(boxes));
  if (ends['finite']?.data[0] !== 1) return false;
  const [lower, upper] = [ends['lower']?.data ?? [], ends['upper']?.data ?? []];
  const original = await load(onnxFile(file));
  for (let kind = 0; kind < 7; kind++) {
    const point = pointOf(draw, boxes, kind);
    const values = (await original.run(asFile(model, point)))['y']?.data ?? [];
    expect(values.length).toBe(lower.length);
    Array.from(values, Number).forEach((value, i) => {
      const [low, high] = [Number(lower[i]), Number(upper[i])];
      if (!(low <= value && value <= high)) {
        assert.fail(`element ${i} is ${value}, outside [${low}, ${high}]`);
      }
    });
  }
  return true;
}

/** One row as the file wants it: without the batch that reading puts in front. */
function asFile(model: Model, point: Tensors): Tensors {
  if (model.batchAxis) return point;
  return Object.fromEntries(
    Object.entries(point).map(([name, { shape, data }]) => [
      name,
      floats(Array.from(data, Number), shape.slice(1)),
    ]),
  );
}

test.each(named)('the gradient is the derivative: %s', (_, file) => {
  const { graph } = readModel(onnxFile(file));
  const feeds = feedsFor(readModel(onnxFile(file)), new Draw(31));
  expect(expectGradientMatches({ graph, feeds, at: 'x', output: 'y' }, 32)).toBeGreaterThan(0);
});

describe('an interval holds what the file gives', () => {
  test.each(named)('over a small box it is a claim: %s', async (_, file) => {
    const model = readModel(onnxFile(file));
    const draw = new Draw(33);
    const boxes = boxesOf(feedsFor(model, draw), () => 1e-3);
    expect(await expectHolds(file, model, boxes, draw)).toBe(true);
  });

  test.each(named)('over boxes of every size: %s', async (_, file) => {
    const model = readModel(onnxFile(file));
    const draw = new Draw(34);
    for (let i = 0; i < 6; i++) {
      await expectHolds(file, model, boxesAround(draw, feedsFor(model, draw)), draw);
    }
  });

  test('a normalisation far from zero, also as the standard writes it out: E[x²] − E[x]²', async () => {
    const draw = new Draw(35);
    const initializers = { s: weights(64), b: weights(64) };
    const file = one('LayerNormalization', '', { x: ['n', 64], operands: initializers });
    const model = readModel(onnxFile(file));
    let claims = 0;
    for (const centre of [3, 10, 30, 100, 300, 1000]) {
      const boxes = boxesOf(feedsFor(model, draw, centre), () => 1e-5);
      claims += Number(await expectHolds(file, model, boxes, draw));
      await expectHolds(onePass(initializers), model, boxes, draw);
    }
    expect(claims).toBeGreaterThan(2);
  });

  test('a normalisation over boxes nearly as wide as its numbers are apart', async () => {
    const draw = new Draw(36);
    const initializers = { s: weights(64), b: weights(64) };
    const file = one('LayerNormalization', '', { x: ['n', 64], operands: initializers });
    const model = readModel(onnxFile(file));
    // Of deviation 1: nothing in a box is near a variance of 0.
    const numbers = Array.from({ length: 64 }, (_, i) => (i % 2 === 0 ? 1 : -1));
    const feeds = { ...feedsFor(model, draw), x: floats(numbers, [1, 64]) };
    for (const radius of [0.3, 0.6, 0.9]) {
      const boxes = boxesOf(feeds, () => radius);
      expect(await expectHolds(file, model, boxes, draw)).toBe(true);
      await expectHolds(onePass(initializers), model, boxes, draw);
    }
  });
});

/** LayerNormalization in the operators of its function body. */
function onePass(initializers: Readonly<Record<string, Tensor>>): Case {
  const step = (op: string, inputs: readonly string[], output: string): NodeSpec => ({
    op,
    inputs,
    outputs: [output],
    attributes: op === 'ReduceMean' ? { axes: [-1] } : {},
  });
  return {
    what: 'a normalisation in one pass',
    opset: 17,
    inputs: { x: ['n', 64] },
    outputs: ['y'],
    nodes: [
      step('ReduceMean', ['x'], 'mean'),
      step('Mul', ['x', 'x'], 'square'),
      step('ReduceMean', ['square'], 'meanOfSquare'),
      step('Mul', ['mean', 'mean'], 'squareOfMean'),
      step('Sub', ['meanOfSquare', 'squareOfMean'], 'variance'),
      step('Add', ['variance', 'epsilon'], 'shifted'),
      step('Sqrt', ['shifted'], 'deviation'),
      step('Sub', ['x', 'mean'], 'centred'),
      step('Div', ['centred', 'deviation'], 'normalised'),
      step('Mul', ['normalised', 's'], 'scaled'),
      step('Add', ['scaled', 'b'], 'y'),
    ],
    initializers: { ...initializers, epsilon: scalar(1e-5) },
  };
}
