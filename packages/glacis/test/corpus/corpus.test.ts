/**
 * Files that real exporters wrote (fixtures/models) mean here what they mean in the framework they
 * come from: its outputs and its input gradients, all rows at once and one by one.
 */
import { ModelError } from '@glacis/core';
import { describe, expect, test } from 'vitest';
import { nodeRuntime } from '../../src/runtime/node.ts';
import { derivedValues, originalValues, type Values } from './derived.ts';
import {
  type Arrays,
  descriptions,
  filesEnding,
  openModel,
  openReference,
  type Reference,
} from './references.ts';
import { refused } from './refused.ts';

/** Greatest difference, relative to the greatest value of the array. */
const FLOAT32 = 1e-4;

/** What a file in float16 is held to itself; its graph, being float32, is held to the same weights in float64. */
const FLOAT16 = 5e-3;

const names = Object.keys(descriptions);
const readable = names.filter((name) => !(name in refused));
const runtime = nodeRuntime();

test('every file of the corpus is described and has a reference', () => {
  expect(filesEnding('.onnx').sort()).toEqual([...names].sort());
  expect(filesEnding('.npz').sort()).toEqual([...names].sort());
});

test.each(Object.entries(refused))('%s is refused: %s', (name, reason) => {
  expect(() => openModel(name)).toThrow(ModelError);
  expect(() => openModel(name)).toThrow(reason);
});

describe.each(readable)('%s', (name) => {
  const model = openModel(name);
  const reference = openReference(name);

  test('ONNX Runtime computes from the file what the framework computed', async () => {
    const found = await originalValues(model, reference, runtime);
    const named = model.graph.outputs.map(({ name: key }) => [key, found.get(key) ?? []] as const);
    const tolerance = model.precision === 'float16' ? FLOAT16 : FLOAT32;
    expect(greatestError(new Map(named), reference.outputs)).toBeLessThanOrEqual(tolerance);
  });

  const ways = model.batched ? [true, false] : [false];
  test.each(ways)('outputs and gradients are the framework’s, rows at once: %s', async (at) => {
    const { outputs, gradients } = await derivedValues(model, reference, runtime, at);
    expect([...outputs.keys()].sort()).toEqual([...reference.outputs.keys()].sort());
    expect([...gradients.keys()]).toEqual([...reference.gradients.keys()]);
    expect(greatestError(outputs, reference.outputs)).toBeLessThanOrEqual(FLOAT32);
    expect(greatestError(gradients, reference.gradients)).toBeLessThanOrEqual(FLOAT32);
  });
});

test('every reference has at least three rows, and a gradient for every input that has one', () => {
  const complete = ({ rows, gradients, inputs, outputs }: Reference): boolean =>
    rows >= 3 &&
    outputs.size > 0 &&
    [...gradients].every(([key, { shape }]) => String(shape) === String(inputs.get(key)?.shape));
  expect(names.filter((name) => !complete(openReference(name)))).toEqual([]);
});

/** The greatest of the arrays' errors. */
function greatestError(found: Values, expected: Arrays): number {
  const errors = [...found].map(([name, values]) => error(values, expected.get(name)?.data ?? []));
  return Math.max(0, ...errors);
}

/** The greatest difference relative to the greatest expected value; NaN where one is not a number. */
function error(found: readonly number[], expected: ArrayLike<number | bigint>): number {
  const wanted = Array.from(expected, Number);
  if (found.length !== wanted.length || wanted.length === 0) return Infinity;
  const scale = Math.max(...wanted.map(Math.abs));
  const difference = Math.max(...wanted.map((value, i) => Math.abs(value - (found[i] ?? NaN))));
  return difference === 0 ? 0 : difference / scale;
}
