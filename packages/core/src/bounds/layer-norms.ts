/**
 * How much each op of a network changes when its operands do, in ℓ∞, ℓ2 and ℓ1: norms of what is affine, measured by
 * one program; of all else what its own rule says.
 */
import { Builder } from '../graph/builder.ts';
import {
  ancestors,
  dependents,
  type Graph,
  holdsNonFinite,
  inputNodes,
  type Node,
  nodeAt,
} from '../graph/graph.ts';
import type { Network } from '../runtime/network.ts';
import { zeros } from '../tensor/tensor.ts';
import { isAffine } from '../transforms/affine.ts';
import { ofSamples, requireContinuous } from '../transforms/continuity.ts';
import { linearNorms } from '../transforms/linear-norms.ts';
import { replayLowered, rulesOf } from '../transforms/lowering.ts';

/** By the name of the norm; Infinity where there is none, or none is known. */
export interface LipschitzConstants {
  readonly linf: number;
  readonly l2: number;
  readonly l1: number;
}

export const orders = { linf: Infinity, l2: 2, l1: 1 } as const;
export type NormOf = keyof typeof orders;

/** What is asked of a network. */
export type Layers = Pick<Network, 'graph' | 'input' | 'programs'>;

/** Room for the few float64 operations on each constant. */
export const FEW_ULPS = 1 + 2 ** -48;

interface Lowered {
  readonly graph: Graph;
  readonly from: Node;
  readonly to: Node;
}

/** A network up to an output, with what is between its input and that. */
export interface Path extends Lowered {
  readonly nodes: readonly Node[];
  readonly perturbed: (id: number) => boolean;
  /** Of affine nodes by their id, of each operand; undefined for those that are points. */
  readonly norms: ReadonlyMap<number, OperandNorms>;
}

/** Throws ModelError where a value jumps, or where samples are not kept apart. */
export async function pathTo(network: Layers, output: Node): Promise<Path> {
  const lowered = loweredNetwork(network, output);
  const { graph, from, to } = lowered;
  requireContinuous(graph, to, [from.id]);
  const depends = dependents(graph, [from.id]);
  const needed = ancestors(graph, [to.id]);
  const nodes = graph.nodes.filter(({ id }) => depends[id] && needed[id] && id !== from.id);
  const perturbed = (id: number): boolean => depends[id] ?? false;
  const affine = nodes.filter((node) => isAffine(node, perturbed));
  const norms = await affineNorms(network, { graph, to }, affine, perturbed);
  return { ...lowered, nodes, perturbed, norms };
}

/** How much a node of the path changes in a norm, at most, when its operands change by so much. */
export function changeOf(
  { graph, perturbed, norms }: Path,
  node: Node,
  name: NormOf,
  changes: readonly number[],
): number {
  const own = norms.get(node.id)?.map((constants) => constants?.[name] ?? 0);
  const value = isAffine(node, perturbed)
    ? affineChange(node, orders[name], changes, own)
    : bentChange(graph, node, orders[name], changes);
  return Number.isNaN(value) ? Infinity : value * FEW_ULPS;
}

/** The network up to the output, in ops that have gradients. */
function loweredNetwork({ graph, input }: Layers, output: Node): Lowered {
  const b = new Builder();
  const copies = replayLowered(b, graph, new Map(), ['gradient']);
  const own = inputNodes(graph).find(({ attributes }) => attributes.name === input);
  const [from, to] = [own && copies.get(own.id), copies.get(output.id)];
  if (!from || !to) throw new RangeError('the network was not copied whole');
  return { graph: b.graph({}), from, to };
}

/** How much an affine node's output changes when its operands change by so much. */
export function affineChange(
  node: Node,
  order: number,
  changes: readonly number[],
  norms: readonly number[] | undefined,
): number {
  if (!norms) return Infinity;
  const parts = changes.map((change, i) => (change === 0 ? 0 : change * (norms[i] ?? 0)));
  // What is only moved goes from each operand to elements of its own; what is computed adds up.
  if (rulesOf(node).kind !== 'structural') return parts.reduce((sum, part) => sum + part, 0);
  if (order === Infinity) return Math.max(...parts);
  return parts.reduce((sum, part) => sum + part ** order, 0) ** (1 / order);
}

/** The same of a node that is not affine. */
function bentChange(graph: Graph, node: Node, order: number, changes: readonly number[]): number {
  const operands = node.operands.map((id) => nodeAt(graph, id));
  return rulesOf(node).lipschitz?.({ order, node, operands, changes }) ?? Infinity;
}

/** Whether a value is one that the file gives, finite and moved about at most: not computed, nor an input. */
function isGiven(graph: Graph, id: number): boolean {
  const node = nodeAt(graph, id);
  if (node.op === 'constant') return !holdsNonFinite(node);
  const isMoved = rulesOf(node).kind === 'structural';
  return isMoved && node.operands.every((operand) => isGiven(graph, operand));
}

type OperandNorms = readonly (LipschitzConstants | undefined)[];

/**
 * Norms of affine nodes by their id, as maps of each operand; undefined for operands that are points. Nodes
 * whose weights are computed, and only known up to rounding, are not among them.
 */
async function affineNorms(
  network: Layers,
  { graph, to }: Pick<Lowered, 'graph' | 'to'>,
  affine: readonly Node[],
  perturbed: (id: number) => boolean,
): Promise<ReadonlyMap<number, OperandNorms>> {
  const b = new Builder();
  const copies = replayLowered(b, graph, new Map(), ['gradient']);
  const marked = new Set([...copies].flatMap(([id, copy]) => (perturbed(id) ? [copy.id] : [])));
  const nodes = affine.filter(({ operands }) =>
    operands.every((id) => perturbed(id) || isGiven(graph, id)),
  );
  const outputs: Record<string, Node> = {};
  for (const node of nodes) {
    const copy = copies.get(node.id) ?? node;
    node.operands.forEach((id, i) => {
      if (!perturbed(id)) return;
      const norms = ofSamples(() => linearNorms(b, copy, i, (each) => marked.has(each)));
      outputs[`rows/${node.id}/${i}`] = norms.rows;
      outputs[`columns/${node.id}/${i}`] = norms.columns;
    });
  }
  const numbers = await evaluated(network, b.graph(outputs), `norms of layers before ${to.id}`);
  const number = (name: string): number => numbers.get(name) ?? Number.NaN;
  return new Map(
    nodes.map((node) => {
      const spectral = spectralNorm(graph, node);
      const each = node.operands.map((id, i) => {
        if (!perturbed(id)) return undefined;
        const [linf, l1] = [number(`rows/${node.id}/${i}`), number(`columns/${node.id}/${i}`)];
        const between = Math.sqrt(linf * l1) * FEW_ULPS;
        // Weights may have been folded in float64, and rounded then.
        return { linf, l1, l2: Math.min(between, spectral + between * 2 ** -22) };
      });
      return [node.id, each] as const;
    }),
  );
}

/** Of an op with constant weights, where its own rule gives it. */
function spectralNorm(graph: Graph, node: Node): number {
  const operands = node.operands.map((id) => nodeAt(graph, id));
  for (const weights of operands) {
    if (weights.op !== 'constant') continue;
    return rulesOf(node).spectralNorm?.(node, weights.attributes.tensor, operands) ?? Infinity;
  }
  return Infinity;
}

/** Scalars by name, for one sample. */
async function evaluated(
  network: Layers,
  graph: Graph,
  name: string,
): Promise<ReadonlyMap<string, number>> {
  if (graph.outputs.length === 0) return new Map();
  const program = await network.programs.named(name, () => graph);
  const feeds = inputNodes(graph).map(({ attributes, shape }) => {
    const sizes = shape.map((dim) => (typeof dim === 'number' ? dim : 1));
    return [attributes.name, zeros('float32', sizes)] as const;
  });
  const results = await program.run(Object.fromEntries(feeds));
  return new Map(Object.entries(results).map(([name, { data }]) => [name, Number(data[0])]));
}
