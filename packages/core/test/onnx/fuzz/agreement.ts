/**
 * What is read of a mutant computes what the file computes, wherever ONNX Runtime runs the file at all.
 */
import assert from 'node:assert/strict';
import { rowElements } from './check.ts';
import { inputNodes } from '../../../src/graph/graph.ts';
import type { Model } from '../../../src/onnx/read.ts';
import { fedAs } from '../../../src/runtime/original.ts';
import { writeModel } from '../../../src/onnx/write.ts';
import { floats, sizeOf, type Tensor } from '../../../src/tensor/tensor.ts';
import { Draw } from '../../generators/draw.ts';
import { load, type Loaded, type Tensors } from '../../onnxruntime.ts';

/** What came of it: the runtime may refuse the file, or answer in numbers that say nothing. */
export type Agreement = 'agrees' | 'refused' | 'undecided';

const RELATIVE = 1e-3;

const numbersOf = ({ data }: Tensor): number[] =>
  Array.from(data as ArrayLike<number | bigint>, Number);

const isReal = (model: Model, name: string): boolean =>
  (model.inputs.find((port) => port.name === name)?.type ?? 'float32') === 'float32';

/** One row for every input, as what was read takes it: whole numbers and truth values are small ones. */
function rowFor(model: Model, draw: Draw): Record<string, Tensor<'float32'>> {
  return Object.fromEntries(
    inputNodes(model.graph).map(({ attributes: { name }, shape }) => {
      const dims = [1, ...shape.slice(1).map(Number)];
      const one = (): number => (isReal(model, name) ? draw.real(-1, 1) : draw.integer(0, 1));
      return [name, floats(draw.list(sizeOf(dims), one), dims)];
    }),
  );
}

/** The same row as the file takes it: in its types, without the batch that reading puts in front. */
function asFile(model: Model, row: Tensors): Tensors {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      const shape = model.batchAxis ? value.shape : value.shape.slice(1);
      const port = model.inputs.find((each) => each.name === name);
      const data = Float32Array.from(numbersOf(value));
      return [name, port ? fedAs(port, shape, data) : floats(data, shape)];
    }),
  );
}

function nudged(model: Model, draw: Draw, row: Tensors): Tensors {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      if (!isReal(model, name)) return [name, value];
      const moved = numbersOf(value).map((x) => x * (1 + draw.real(-1, 1) * 1e-5));
      return [name, floats(moved, value.shape)];
    }),
  );
}

async function attempt<T>(body: () => Promise<T>): Promise<T | null> {
  try {
    return await body();
  } catch {
    return null;
  }
}

/** The greatest difference, relative to the greatest number; −1 where nothing can be compared. */
function difference(actual: readonly number[], expected: readonly number[]): number {
  if (actual.length !== expected.length) return Infinity;
  let [most, scale] = [-1, 1e-2];
  expected.forEach((value, i) => {
    if (!Number.isFinite(value)) return;
    scale = Math.max(scale, Math.abs(value));
    const apart = Math.abs((actual[i] ?? Number.NaN) - value);
    most = Math.max(most, Number.isNaN(apart) ? Infinity : apart);
  });
  return most / scale;
}

/** Throws where the two answers differ by more than the file's own sensitivity explains. */
export async function checkAgreement(model: Model, seed: number): Promise<Agreement> {
  const sizes = inputNodes(model.graph).map(({ shape }) => sizeOf(shape.slice(1).map(Number)));
  if (sizes.some((size) => size > 2 ** 20)) return 'undecided';
  const original = await attempt(() => load(model.bytes));
  if (!original) return 'refused';
  const draw = new Draw(seed);
  const row = rowFor(model, draw);
  const expected = await attempt(() => original.run(asFile(model, row)));
  if (!expected) return 'refused';
  const actual = await (await load(writeModel(model.graph))).run(row);
  let decided = false;
  for (const { name } of model.graph.outputs) {
    const wanted: Tensor | undefined = expected[name];
    if (!wanted || typeof wanted.data[0] === 'string') continue;
    const found = numbersOf(actual[name] ?? floats([]));
    const apart = difference(found, numbersOf(wanted));
    decided ||= apart >= 0;
    if (apart <= RELATIVE) continue;
    if (await explained(model, original, row, name, apart)) return 'undecided';
    const show = (list: readonly number[]): string => list.slice(0, 8).join(', ');
    assert.fail(`${name} is ${show(found)} where the file gives ${show(numbersOf(wanted))}`);
  }
  return decided ? 'agrees' : 'undecided';
}

/** Casts of numbers that a type of whole numbers does not hold give anything. */
const UNDEFINED_CAST = 2 ** 31;

/** Beyond that many numbers of intermediate values a difference is left undecided. */
const MOST_LOOKED_AT = 2 ** 22;

/** Does what was read meet numbers for which operators are not defined, or defined in many ways? */
async function meetsUndefined({ graph }: Model, row: Tensors): Promise<boolean> {
  const outputs = graph.nodes.flatMap(({ id, type, op }) =>
    type === 'float32' && op !== 'input' ? [{ name: `value ${id}`, id }] : [],
  );
  const total = graph.nodes.reduce((sum, { shape }) => sum + rowElements(shape), 0);
  if (total > MOST_LOOKED_AT) return true;
  const values = await (await load(writeModel({ ...graph, outputs }))).run(row);
  return Object.values(values).some((value) =>
    numbersOf(value).some((x) => !(Math.abs(x) < UNDEFINED_CAST)),
  );
}

/** Does the file itself answer as differently when it is not optimised, or its input barely moves? */
async function explained(
  model: Model,
  original: Loaded,
  row: Tensors,
  name: string,
  apart: number,
): Promise<boolean> {
  const draw = new Draw(1);
  const answer = async (loaded: Loaded | null, feeds: Tensors): Promise<number[]> => {
    const results = loaded && (await attempt(() => loaded.run(asFile(model, feeds))));
    return results?.[name] ? numbersOf(results[name]) : [];
  };
  if (await meetsUndefined(model, row)) return true;
  const here = await answer(original, row);
  const plain = await attempt(() => load(model.bytes, { optimise: false }));
  const others = [await answer(plain, row)];
  for (let i = 0; i < 4; i++) others.push(await answer(original, nudged(model, draw, row)));
  return others.some((other) => difference(other, here) > apart / 10);
}
