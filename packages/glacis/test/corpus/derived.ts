/** What Glacis makes of a model of the corpus: its outputs, and the gradients that the reference holds. */
import {
  Builder,
  gradientWith,
  type Graph,
  inputNodes,
  type Model,
  type Node,
  outputNamed,
  replayLowered,
  type Runtime,
  type Session,
  sizeOf,
  type Tensor,
  writeModel,
} from '@glacis/core';
import type { StoredArray } from '../../src/data/array.ts';
import type { Arrays, Reference } from './references.ts';

/** Values by name, rows one after the other. */
export type Values = ReadonlyMap<string, readonly number[]>;

const weightName = (output: string): string => `weight of ${output}`;
const gradientName = (input: string): string => `gradient of ${input}`;

/** The model's outputs, and the gradients of Σ weight · output, the weights being inputs. */
export function withGradients({ graph }: Model, { weights, gradients }: Reference): Graph {
  const b = new Builder();
  const copies = replayLowered(b, graph, new Map(), ['gradient']);
  const copy = (node: Node): Node => copies.get(node.id) ?? node;
  const outputs = graph.outputs.map(({ name }) => [name, copy(outputNamed(graph, name))] as const);
  const terms = outputs
    .filter(([name]) => weights.has(name))
    .map(([name, output]) => {
      const weight = b.input(weightName(name), output.shape);
      return b.sumRows(b.mul(output, weight));
    });
  const at = inputNodes(graph).filter(({ attributes }) => gradients.has(attributes.name));
  const [first, ...others] = terms;
  const found = first
    ? gradientWith(
        b,
        others.reduce((sum, term) => b.add(sum, term), first),
        at.map(copy),
      )
    : [];
  const named = at.map(({ attributes }, i) => [gradientName(attributes.name), found[i]] as const);
  const present = named.flatMap(([name, node]) => (node ? [[name, node] as const] : []));
  return b.graph(Object.fromEntries([...outputs, ...present]));
}

/** Runs the derived graph on the reference's rows: `together` at once, or one by one. */
export async function derivedValues(
  model: Model,
  reference: Reference,
  runtime: Runtime,
  together: boolean,
): Promise<{ outputs: Values; gradients: Values }> {
  const graph = withGradients(model, reference);
  const session = await runtime.session(writeModel(graph));
  const feeds = inputNodes(graph).map(({ attributes, shape, type }) => {
    const { name } = attributes;
    const array = reference.inputs.get(name) ?? weightFor(reference.weights, name);
    if (!array) throw new RangeError(`the reference has no array for ${name}`);
    return { name, array, type, row: shape.slice(1).map(Number) };
  });
  const batches = together ? [{ at: 0, rows: reference.rows }] : each(reference.rows);
  const results = await inTurn(session, batches, ({ at, rows }) =>
    feeds.map(({ name, array, type, row }) => [
      name,
      rowsOf(array, type, at, rows, reference.rows, [rows, ...row]),
    ]),
  );
  const named = (names: Iterable<string>, key = (name: string): string => name): Values =>
    new Map([...names].map((name) => [name, results.get(key(name)) ?? []]));
  const outputs = graph.outputs.map(({ name }) => name).filter((n) => reference.outputs.has(n));
  return {
    outputs: named(outputs),
    gradients: named(reference.gradients.keys(), gradientName),
  };
}

/** What ONNX Runtime computes from the file itself, one row at a time. */
export async function originalValues(
  model: Model,
  reference: Reference,
  runtime: Runtime,
): Promise<Values> {
  const session = await runtime.session(model.bytes);
  return inTurn(session, each(reference.rows), ({ at }) =>
    model.inputs.map(({ name, type }) => {
      const array = reference.inputs.get(name);
      if (!array) throw new RangeError(`the reference has no array for ${name}`);
      const row = array.shape.slice(1);
      const shape = model.batchAxis ? [1, ...row] : row;
      return [name, rowsOf(array, type, at, 1, reference.rows, shape)];
    }),
  );
}

interface Rows {
  readonly at: number;
  readonly rows: number;
}

const each = (rows: number): Rows[] => Array.from({ length: rows }, (_, at) => ({ at, rows: 1 }));

const weightFor = (weights: Arrays, name: string): StoredArray | undefined =>
  [...weights].find(([output]) => weightName(output) === name)?.[1];

function rowsOf(
  array: StoredArray,
  type: string,
  at: number,
  rows: number,
  of: number,
  shape: readonly number[],
): Tensor {
  const size = array.data.length / of;
  if (size * rows !== sizeOf(shape)) {
    throw new RangeError(`${size} numbers a row do not fill ${shape.join('×')}`);
  }
  const data = array.data.slice(at * size, (at + rows) * size);
  if (type === 'int64' && data instanceof BigInt64Array) return { type: 'int64', shape, data };
  if (type === 'float64' && data instanceof Float64Array) return { type: 'float64', shape, data };
  return { type: 'float32', shape, data: Float32Array.from(data, Number) };
}

async function inTurn(
  session: Session,
  batches: readonly Rows[],
  feedsOf: (batch: Rows) => (readonly [string, Tensor])[],
): Promise<Values> {
  const values = new Map<string, number[]>();
  for (const batch of batches) {
    const results = await session.run(Object.fromEntries(feedsOf(batch)));
    for (const [name, { data }] of Object.entries(results)) {
      values.set(name, [...(values.get(name) ?? []), ...Array.from(data, Number)]);
    }
  }
  await session.release();
  return values;
}
