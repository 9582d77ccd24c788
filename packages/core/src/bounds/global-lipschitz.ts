/**
 * Lipschitz constants of a network over all inputs, from norms of its layers (Szegedy et al. 2014): ‖f(x) − f(x′)‖ ≤
 * L·‖x − x′‖, both in the same ℓp norm. Constants of what follows one another multiply, of what is added add.
 * They are about the network over the real numbers.
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

export interface LayerConstants extends LipschitzConstants {
  readonly label: string;
  readonly op: string;
}

export interface GlobalLipschitz extends LipschitzConstants {
  /** Of each op as a function of its own operands, all of which change by a length of 1. */
  readonly layers: readonly LayerConstants[];
  /** The first op whose output changes without bound; null where there is none. */
  readonly unbounded: { readonly op: string; readonly label: string } | null;
}

const orders = { linf: Infinity, l2: 2, l1: 1 } as const;
type NormOf = keyof typeof orders;
const names: readonly NormOf[] = ['linf', 'l2', 'l1'];
const ONES: LipschitzConstants = { linf: 1, l2: 1, l1: 1 };

function byNorm(value: (name: NormOf) => number): LipschitzConstants {
  return { linf: value('linf'), l2: value('l2'), l1: value('l1') };
}

/** What is asked of a network. */
type Layers = Pick<Network, 'graph' | 'input' | 'programs'>;

/** Room for the few float64 operations on each constant. */
const FEW_ULPS = 1 + 2 ** -48;

/**
 * Lipschitz constants of one output as a function of the perturbed input, other inputs being what they are.
 * Throws ModelError where a value jumps, or where samples are not kept apart.
 */
export async function globalLipschitz(network: Layers, output: Node): Promise<GlobalLipschitz> {
  const lowered = loweredNetwork(network, output);
  const { graph, from, to } = lowered;
  requireContinuous(graph, to, [from.id]);
  const perturbed = dependents(graph, [from.id]);
  const needed = ancestors(graph, [to.id]);
  const path = graph.nodes.filter(({ id }) => perturbed[id] && needed[id] && id !== from.id);
  const isPerturbed = (id: number): boolean => perturbed[id] ?? false;
  const affine = path.filter((node) => isAffine(node, isPerturbed));
  const norms = await affineNorms(network, { graph, to }, affine, isPerturbed);
  const known = new Map<number, LipschitzConstants>([[from.id, ONES]]);
  const layers: LayerConstants[] = [];
  for (const node of path) {
    const isLinear = isAffine(node, isPerturbed);
    const change = (each: OperandNorms): LipschitzConstants =>
      byNorm((name) => {
        const changes = each.map((constants) => constants?.[name] ?? 0);
        const own = norms.get(node.id)?.map((constants) => constants?.[name] ?? 0);
        const value = isLinear
          ? affineChange(node, orders[name], changes, own)
          : bentChange(graph, node, orders[name], changes);
        return Number.isNaN(value) ? Infinity : value * FEW_ULPS;
      });
    known.set(node.id, change(node.operands.map((id) => known.get(id))));
    const alone = change(node.operands.map((id) => (known.has(id) ? ONES : undefined)));
    layers.push({ label: node.label, op: node.op, ...alone });
  }
  const whole = known.get(to.id) ?? byNorm(() => 0);
  const unbounded = layers.find((layer) => names.every((name) => layer[name] === Infinity));
  return { ...whole, layers, unbounded: unbounded ?? null };
}

interface Lowered {
  readonly graph: Graph;
  readonly from: Node;
  readonly to: Node;
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
function affineChange(
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
