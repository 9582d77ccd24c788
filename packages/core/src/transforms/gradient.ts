/**
 * Reverse-mode differentiation as a graph transform: appends to a builder the cotangents of chosen
 * nodes. For linear ops a gradient rule is the adjoint, so the same pass carries gradients and rows
 * of linear bounds.
 */
import { Builder } from '../graph/builder.ts';
import {
  ancestors,
  dependents,
  type Graph,
  inputNamed,
  inputNodes,
  type Node,
  outputNamed,
} from '../graph/graph.ts';
import { RuleMissing } from '../graph/ops/definition.ts';
import { alongChord, type Elsewhere } from './chords.ts';
import { replayLowered, rulesOf } from './lowering.ts';
import { isGate } from './straight-through.ts';

export interface PullBackOptions {
  /** Steps that state a surrogate pass it on: for searches, since the result is no derivative then. */
  readonly straightThrough?: boolean;
  /** The nodes' values at another point: elementwise ops pass on the slope of the chord to it. No derivative either. */
  readonly elsewhere?: Elsewhere;
  /** Told the cotangent of every result on the way, and the part of it that each use of an operand gets. */
  readonly observe?: (node: Node, cotangent: Node, operand?: Node) => void;
}

/**
 * Pulls a cotangent of `output` back to `targets` through the nodes already in the builder.
 * @returns for each target the cotangent of its shape; absent where the derivative is zero.
 */
export function pullBack(
  b: Builder,
  output: Node,
  cotangent: Node,
  targets: Iterable<Node>,
  { straightThrough = false, elsewhere, observe }: PullBackOptions = {},
): Map<number, Node> {
  const wanted = new Set([...targets].map((target) => target.id));
  const snapshot: Graph = { nodes: b.nodes.slice(), inputs: [], outputs: [] };
  const onPath = dependents(snapshot, wanted);
  const needed = ancestors(snapshot, [output.id]);
  const cotangents = new Map<number, Node>([[output.id, cotangent]]);
  for (let id = output.id; id >= 0; id--) {
    const node = snapshot.nodes[id];
    const incoming = cotangents.get(id);
    if (!node || !incoming || !onPath[id] || !needed[id] || wanted.has(id)) continue;
    const operands = node.operands.map((operand) => snapshot.nodes[operand] ?? node);
    const definition = rulesOf(node);
    observe?.(node, incoming);
    b.labelled(`gradient of ${node.label}`, () => {
      operands.forEach((operand, i) => {
        if (!onPath[operand.id]) return;
        if (!definition.gradient) {
          throw new RuleMissing('gradient', node, 'it is refused rather than skipped');
        }
        const context = { b, node, operands, output: node, cotangent: incoming };
        if (straightThrough && isGate(snapshot, node, i, onPath)) return;
        const tangent =
          straightThrough && definition.surrogate
            ? definition.surrogate(context, i)
            : definition.gradient(context, i);
        if (!tangent) return;
        const hasChord = elsewhere && definition.kind === 'elementwise';
        const chord = { operand, output: node, cotangent: incoming, tangent };
        const part = (hasChord && alongChord(b, chord, elsewhere)) || tangent;
        observe?.(node, part, operand);
        const sum = cotangents.get(operand.id);
        cotangents.set(operand.id, sum ? b.add(sum, part) : part);
      });
    });
  }
  return new Map([...cotangents].filter(([id]) => wanted.has(id)));
}

/**
 * Gradient of a value that holds one number per row, summed over rows: row n of the result is the
 * gradient of row n's number (rows do not interact).
 */
export function gradientWith(
  b: Builder,
  of: Node,
  at: readonly Node[],
  options: PullBackOptions = {},
): Node[] {
  const ones = b.expand(b.scalar(1), of.shape);
  const cotangents = pullBack(b, of, ones, at, options);
  return at.map((target) => cotangents.get(target.id) ?? b.expand(b.scalar(0), target.shape));
}

export interface GradientOptions extends PullBackOptions {
  /** Builds, from the graph's outputs, the value [batch] to differentiate. */
  readonly of: (b: Builder, output: Node) => Node;
  /** The input to differentiate with respect to. */
  readonly at: string;
  /** Which output of the graph `of` receives; the first when absent. */
  readonly output?: string;
}

/** A name that none of the graph's inputs has: itself, or itself with strokes behind. */
export function freeName(graph: Graph, name: string): string {
  const taken = new Set(inputNodes(graph).map(({ attributes }) => attributes.name));
  let free = name;
  while (taken.has(free)) free += '_';
  return free;
}

/**
 * From a graph (or a model's): a graph with outputs `value` [batch] and `gradient` (the input's shape);
 * where an input is called so, `value_` and `gradient_`.
 */
export function gradientOf(
  source: Graph | { readonly graph: Graph },
  options: GradientOptions,
): Graph {
  const graph = 'graph' in source ? source.graph : source;
  const b = new Builder();
  const copies = replayLowered(b, graph, new Map(), ['gradient']);
  const name = options.output ?? graph.outputs[0]?.name ?? '';
  const output = copies.get(outputNamed(graph, name).id);
  const input = copies.get(inputNamed(graph, options.at).id);
  if (!output || !input) throw new RangeError('the graph was not copied whole');
  const value = options.of(b, output);
  const [gradient = input] = gradientWith(b, value, [input], options);
  return b.graph({
    [freeName(graph, 'value')]: value,
    [freeName(graph, 'gradient')]: gradient,
  });
}
