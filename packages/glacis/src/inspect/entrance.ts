/**
 * Where a model's own first steps put its inputs. A Scaler, a batch norm or x / 255 − 0.5 at the entrance
 * says what data look like: what leaves it is of the order of 1. Random points are drawn there and taken
 * back, so that a model of raw features is looked at where it is not saturated.
 */
import {
  ancestors,
  Builder,
  definitionOf,
  dependents,
  inputNodes,
  type Node,
  nodeAt,
  replayLowered,
  type Runtime,
  writeModel,
} from '@glacis/core';
import { feedsOf, type Layout } from './points.ts';
import { numbersOf } from './rows.ts';
import { opened, ran } from './sessions.ts';

/** What leaves the entrance is scale · x + shift, element by element of a point; scale 0: nothing known. */
export interface Entrance {
  readonly scale: Float32Array;
  readonly shift: Float32Array;
}

/** Positions up to here are told apart by one float32 number each. */
const MOST_SIZE = 2 ** 20;
/** How far from a whole number a position may seem to be. */
const NEAR = 0.25;
/** Raw features are hardly ever greater. */
const MOST_RAW = 1e9;

/** undefined where the model takes its inputs as they are. */
export async function entranceOf(layout: Layout, runtime: Runtime): Promise<Entrance | undefined> {
  const { model, size } = layout;
  const exits = exitsOf(layout);
  if (exits.length === 0 || size > MOST_SIZE) return undefined;
  const b = new Builder();
  const copies = replayLowered(
    b,
    model.graph,
    new Map(),
    [],
    [...exits.map(({ id }) => id), ...model.graph.inputs],
  );
  const name = (k: number): string => `exit ${k}`;
  const outputs = Object.fromEntries(
    exits.flatMap(({ id }, k) => {
      const copy = copies.get(id);
      return copy ? [[name(k), copy] as const] : [];
    }),
  );
  const session = await opened(runtime, writeModel(b.graph(outputs)));
  const at = async (of: (i: number) => number): Promise<readonly Float64Array[]> => {
    const point = Float32Array.from({ length: size }, (_, i) => of(i));
    const found = await ran(session, feedsOf(layout, point, 1, 'derived'), layout);
    return exits.map((_, k) => numbersOf(found[name(k)]));
  };
  const [zero, one, counted] = [await at(() => 0), await at(() => 1), await at((i) => i)];
  await session.release();
  const entrance = { scale: new Float32Array(size), shift: new Float32Array(size) };
  exits.forEach((_, k) => {
    zero[k]?.forEach((shift, j) => {
      const scale = (one[k]?.[j] ?? Number.NaN) - shift;
      const position = ((counted[k]?.[j] ?? Number.NaN) - shift) / scale;
      const i = Math.round(position);
      const usable = Math.abs(position - i) < NEAR && i >= 0 && i < size;
      if (!usable || !(Math.abs(shift / scale) < MOST_RAW) || !(Math.abs(1 / scale) < MOST_RAW))
        return;
      entrance.scale[i] = scale;
      entrance.shift[i] = shift;
    });
  });
  return entrance.scale.some((scale) => scale !== 0) ? entrance : undefined;
}

/** The last values that are inputs moved about, multiplied and added to by constants, where any were. */
function exitsOf({ model: { graph }, parts }: Layout): Node[] {
  const real = new Set(parts.filter((part) => part.real).map(({ port }) => port.name));
  const inputs = inputNodes(graph);
  const depends = dependents(
    graph,
    inputs.map(({ id }) => id),
  );
  const needed = ancestors(
    graph,
    graph.outputs.map(({ id }) => id),
  );
  const moved = new Set(
    inputs.filter(({ attributes }) => real.has(attributes.name)).map(({ id }) => id),
  );
  const scaled = new Set<number>();
  for (const node of graph.nodes) {
    if (!needed[node.id]) continue;
    const varying = node.operands.filter((id) => depends[id]);
    if (varying.length === 0 || !staysElementwise(node, depends, moved)) continue;
    moved.add(node.id);
    if (ARITHMETIC.has(node.op) || varying.some((id) => scaled.has(id))) scaled.add(node.id);
  }
  const left = new Set(
    graph.nodes.flatMap(({ id, operands }) => (needed[id] && !moved.has(id) ? operands : [])),
  );
  graph.outputs.forEach(({ id }) => left.add(id));
  return [...scaled].filter((id) => left.has(id)).map((id) => nodeAt(graph, id));
}

const ARITHMETIC: ReadonlySet<string> = new Set(['add', 'sub', 'mul', 'div', 'neg']);

/** Whether every element is an affine function of one element of the inputs, or a constant. */
function staysElementwise(
  node: Node,
  depends: readonly boolean[],
  moved: ReadonlySet<number>,
): boolean {
  const follows = (id: number): boolean => !depends[id] || moved.has(id);
  const [first = -1, ...others] = node.operands;
  if (node.op === 'where') return others.every(follows);
  if (definitionOf(node.op).kind === 'structural') return node.operands.every(follows);
  if (!ARITHMETIC.has(node.op)) return false;
  const varying = node.operands.filter((id) => depends[id]);
  const divides = node.op === 'div' && !moved.has(first);
  return varying.length === 1 && varying.every(follows) && !divides;
}

/** Points that the entrance takes to the given ones. */
export function beforeEntrance({ scale, shift }: Entrance, points: Float32Array): Float32Array {
  return points.map((value, at) => {
    const i = at % scale.length;
    const own = scale[i] ?? 0;
    return own === 0 ? value : (value - (shift[i] ?? 0)) / own;
  });
}

/** What of each input makes a difference of 1 behind the entrance. */
export function spreadBefore({ scale }: Entrance): Float32Array {
  return scale.map((own) => (own === 0 ? 1 : Math.abs(1 / own)));
}
