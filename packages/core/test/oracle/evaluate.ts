/**
 * The oracle: a slow interpreter of the IR in float64, written from the op table's words and not from
 * its emit rules. Symbolic sizes are bound by the feeds. Nothing but tests may use it.
 */
import type { Dimension } from '../../src/graph/dimension.ts';
import type { Graph, Node, OpName } from '../../src/graph/graph.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { activations, gatedActivations } from './activations.ts';
import { arithmetic } from './arithmetic.ts';
import { comparisons } from './comparisons.ts';
import { contractions } from './contractions.ts';
import { convolutions } from './convolutions.ts';
import type { Evaluator, Family } from './evaluator.ts';
import { inexact } from './inexact.ts';
import { normalisations } from './normalisations.ts';
import { pooling } from './pooling.ts';
import { powers, raise, roundingSteps, trigonometric } from './powers.ts';
import { reductions } from './reductions.ts';
import { selection } from './selection.ts';
import { structural } from './structural.ts';
import { type Value, valueOf } from './value.ts';

const families: Family<Exclude<OpName, 'input' | 'constant'>> = {
  ...structural,
  ...arithmetic,
  ...contractions,
  ...convolutions,
  ...reductions,
  ...activations,
  ...gatedActivations,
  ...powers,
  ...raise,
  ...trigonometric,
  ...roundingSteps,
  ...comparisons,
  ...pooling,
  ...normalisations,
  ...inexact,
  ...selection,
};

export type Feeds = Readonly<Record<string, Value | Tensor>>;

export interface EvaluateOptions {
  /** Rounds every result; Math.fround shows how float32 would err. Exact when absent. */
  readonly round?: (x: number) => number;
}

/** The value of every node, by id. */
export function evaluate(graph: Graph, feeds: Feeds, options: EvaluateOptions = {}): Value[] {
  const sizes = bindSizes(graph, feeds);
  const values: Value[] = [];
  for (const node of graph.nodes) {
    const exact = evaluateNode(node, values, feeds, sizes);
    const expected = node.shape.map((dim) => resolve(dim, sizes));
    if (String(exact.shape) !== String(expected)) {
      throw new RangeError(
        `${node.op} gave [${exact.shape.join()}] where [${expected.join()}] was inferred`,
      );
    }
    const { round } = options;
    values[node.id] = round ? { shape: exact.shape, data: exact.data.map(round) } : exact;
  }
  return values;
}

/** The values of the graph's outputs, by name. */
export function evaluateOutputs(
  graph: Graph,
  feeds: Feeds,
  options: EvaluateOptions = {},
): Record<string, Value> {
  const values = evaluate(graph, feeds, options);
  return Object.fromEntries(
    graph.outputs.map(({ name, id }) => {
      const value = values[id];
      if (!value) throw new RangeError(`the graph has no node ${id}`);
      return [name, value];
    }),
  );
}

function evaluateNode(
  node: Node,
  values: readonly Value[],
  feeds: Feeds,
  sizes: ReadonlyMap<string, number>,
): Value {
  if (node.op === 'input') return fed(feeds, node.attributes.name);
  if (node.op === 'constant') return valueOf(node.attributes.tensor);
  const operands = node.operands.map((id) => {
    const value = values[id];
    if (!value) throw new RangeError(`node ${node.id} uses ${id} before it is computed`);
    return value;
  });
  // A row of the table fits nodes of its own op; TypeScript cannot correlate the union.
  const evaluator = families[node.op] as unknown as Evaluator<OpName>;
  return evaluator(
    node.attributes,
    operands,
    node.shape.map((dim) => resolve(dim, sizes)),
  );
}

function fed(feeds: Feeds, name: string): Value {
  const feed = feeds[name];
  if (!feed) throw new RangeError(`nothing is fed to ${name}`);
  return feed.data instanceof Float64Array ? (feed as Value) : valueOf(feed as Tensor);
}

function bindSizes(graph: Graph, feeds: Feeds): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const id of graph.inputs) {
    const node = graph.nodes[id];
    if (node?.op !== 'input') continue;
    const { shape } = fed(feeds, node.attributes.name);
    node.shape.forEach((dim, axis) => {
      if (typeof dim === 'string') sizes.set(dim, shape[axis] ?? 0);
    });
  }
  return sizes;
}

function resolve(dim: Dimension, sizes: ReadonlyMap<string, number>): number {
  if (typeof dim === 'number') return dim;
  return dim.split('*').reduce((product, factor) => {
    const size = sizes.get(factor) ?? Number(factor);
    if (Number.isNaN(size)) throw new RangeError(`no feed says what ${factor} is`);
    return product * size;
  }, 1);
}
