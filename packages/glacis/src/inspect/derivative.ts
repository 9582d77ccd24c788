/**
 * One number a row, a linear function of one output, and its gradient with respect to every real-valued
 * input, at any number of points.
 */
import {
  Builder,
  dependents,
  ancestors,
  definitionOf,
  freeName,
  type Graph,
  inputNodes,
  type Node,
  outputNamed,
  pullBack,
  replayLowered,
  type Runtime,
  sizeOf,
  writeModel,
} from '@glacis/core';
import { rowsAtOnce, opened, ran } from './sessions.ts';
import { feedsOf, type Layout, type Part } from './points.ts';
import { reals } from './rows.ts';

export interface Derivative {
  readonly output: string;
  /** Elements of a row of the output. */
  readonly width: number;
  /** The real-valued inputs, and what may happen along each. */
  readonly ways: readonly Way[];
  /**
   * Gradients [size] of the output's elements, each times its weight [width], at points, at most `most`:
   * what holds them is as large as the input.
   */
  at(points: readonly Float32Array[], weights: Float32Array): Promise<Float32Array[]>;
  readonly most: number;
  release(): Promise<void>;
}

export interface Way {
  readonly part: Part;
  /** Whether a step op lies between the input and the output: the function may jump. */
  readonly steps: boolean;
  /** Whether nothing but steps leads to the output: the derivative is zero by definition. */
  readonly onlySteps: boolean;
}

export async function openDerivative(
  layout: Layout,
  runtime: Runtime,
  { output, valuesPerRow }: { readonly output: string; readonly valuesPerRow: number },
): Promise<Derivative> {
  const { graph } = layout.model;
  const real = layout.parts.filter((part) => part.real);
  const { derived, weighted, width, reached } = gradientGraph(graph, output, real);
  const session = await opened(runtime, writeModel(derived));
  const run: Derivative['at'] = async (points, weights) => {
    const packed = packedRows(points, layout.size);
    const feeds = {
      ...feedsOf(layout, packed, points.length, 'derived'),
      [weighted]: { type: 'float32' as const, shape: [1, width], data: weights },
    };
    const found = await ran(session, feeds, layout);
    const gradients = points.map(() => new Float32Array(layout.size));
    for (const { port, start, end } of real) {
      const all = reals(found[gradientName(port.name)]);
      const size = end - start;
      gradients.forEach((gradient, k) =>
        gradient.set(all.subarray(k * size, (k + 1) * size), start),
      );
    }
    return gradients;
  };
  // A gradient keeps the values of the forward pass and makes about as many again.
  const most = layout.model.batched ? rowsAtOnce(3 * valuesPerRow) : 1;
  return {
    output,
    width,
    ways: real.map((part) => {
      const steps = stepsBetween(graph, part.port.name, output).length > 0;
      return { part, steps, onlySteps: steps && !reached.has(part.port.name) };
    }),
    at: run,
    most,
    release: () => session.release(),
  };
}

/** Points one behind the other: one alone is that already. */
function packedRows(points: readonly Float32Array[], size: number): Float32Array {
  const [first] = points;
  if (first && points.length === 1) return first;
  const packed = new Float32Array(points.length * size);
  points.forEach((point, k) => packed.set(point, k * size));
  return packed;
}

const gradientName = (input: string): string => `gradient of ${input}`;

/** Nodes whose derivative is zero by definition, on a way from an input to an output. */
export function stepsBetween(graph: Graph, input: string, output: string): Node[] {
  const from = inputNodes(graph).filter(({ attributes }) => attributes.name === input);
  const depends = dependents(
    graph,
    from.map(({ id }) => id),
  );
  const needed = ancestors(graph, [outputNamed(graph, output).id]);
  return graph.nodes.filter(
    ({ id, op }) => depends[id] && needed[id] && definitionOf(op).kind === 'step',
  );
}

function gradientGraph(
  graph: Graph,
  output: string,
  real: readonly Part[],
): { derived: Graph; weighted: string; width: number; reached: ReadonlySet<string> } {
  const b = new Builder();
  const copies = replayLowered(b, graph, new Map(), ['gradient']);
  const result = copies.get(outputNamed(graph, output).id);
  if (!result) throw new RangeError('the output was not copied');
  const width = sizeOf(result.shape.slice(1).map(Number));
  const weighted = freeName(graph, 'weights');
  const flat = b.reshape(result, [result.shape[0] ?? 1, width]);
  const value = b.sum(b.mul(flat, b.input(weighted, [1, width])), [1]);
  const nodes = new Map(
    inputNodes(graph).map(({ id, attributes }) => [attributes.name, copies.get(id)]),
  );
  const targets = real.flatMap(({ port }) => nodes.get(port.name) ?? []);
  const cotangents = pullBack(b, value, b.expand(b.scalar(1), value.shape), targets);
  const gradients = targets.map((target, i) => {
    const gradient = cotangents.get(target.id) ?? b.expand(b.scalar(0), target.shape);
    return [gradientName(real[i]?.port.name ?? ''), gradient] as const;
  });
  const reached = real.filter((_, i) => cotangents.has(targets[i]?.id ?? -1));
  return {
    derived: b.graph(Object.fromEntries(gradients)),
    weighted,
    width,
    reached: new Set(reached.map(({ port }) => port.name)),
  };
}
