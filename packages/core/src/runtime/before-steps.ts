/**
 * The scores in front of the steps in which a model answers: a one-hot row of comparisons, rounded scores, the
 * position of the greatest. A step has no slope, so that attacks have nothing to climb; what it compares has one.
 * A straight-through estimator (Bengio et al. 2013) whose value is the operand's too: for searches, whose finds the
 * file judges. Nothing is proven by it.
 */
import type { Builder } from '../graph/builder.ts';
import { known } from '../graph/dimension.ts';
import {
  dependents,
  type Graph,
  inputNamed,
  type Node,
  type OpName,
  operandsOf,
} from '../graph/graph.ts';
import { scoresOfPosition } from '../onnx/operators/extremes.ts';
import { FAR } from '../transforms/margin.ts';
import type { View } from './criteria/view.ts';
import { type Build, isMask } from './decisions.ts';
import { extended } from './heads.ts';
import { unshaped } from './score-rules.ts';

/** What a truth value is held to. */
const HALF = 0.5;

/** Ops that mix scores, and weigh them by no weights of a network: what they mix is looked into. */
const mixing: ReadonlySet<OpName> = new Set<OpName>([
  ...(['reshape', 'transpose', 'concat', 'slice', 'gather', 'pad', 'expand'] as const),
  ...(['add', 'sub', 'neg', 'mul', 'div', 'min', 'max', 'where'] as const),
  ...(['reduceSum', 'reduceMax', 'softmax', 'logSoftmax'] as const),
]);

/** Increasing functions that are flat somewhere. */
const flattening: ReadonlySet<OpName> = new Set<OpName>([
  'sigmoid',
  'tanh',
  'erf',
  'softsign',
  'clip',
  'relu',
]);

/** Comparisons whose stand-ins go from below ½ to above. */
const truths: ReadonlySet<OpName> = new Set<OpName>(['step', 'greater', 'greaterOrEqual']);

/** Steps of one value, by how far that lies from what stands for them. */
const steps: ReadonlyMap<OpName, number> = new Map<OpName, number>([
  ['step', HALF],
  ['ceil', HALF],
  ['floor', -HALF],
  ['round', 0],
  ['sign', 0],
]);

/** The same view with searches in front of its last steps; itself where there are none. */
export function beforeSteps(view: View, input: string): View {
  const stand = new Tail(view.graph, input).ordered(view.search);
  if (!stand) return view;
  const { graph, built } = extended(view.graph, (b, copyOf) => ({
    search: b.reshape(stand(b, copyOf), view.search.shape),
    proven: copyOf(view.proven),
  }));
  return { ...view, graph, ...built };
}

/** Scores as attacks see them. */
interface Scores {
  readonly graph: Graph;
  readonly logits: Node;
  /** The perturbed input's name. */
  readonly input: string;
}

/** Whether searches have something to gain from standing in front of what scores end in: steps, or what is flat. */
export function endsFlat({ graph, logits, input }: Scores): boolean {
  return new Tail(graph, input).ordered(logits) !== undefined;
}

/** Whether scores end in steps. */
export function endsInSteps({ graph, logits, input }: Scores): boolean {
  return new Tail(graph, input).standIn(logits) !== undefined;
}

const copied =
  (node: Node): Build =>
  (_, copyOf) =>
    copyOf(node);

const valueOf = (node: Node | undefined): number =>
  node?.op === 'constant' && node.attributes.tensor.data.length === 1
    ? Number(node.attributes.tensor.data[0])
    : Number.NaN;

/** The last operations of a graph; what stands for a value is undefined where nothing need. */
class Tail {
  private readonly graph: Graph;
  private readonly perturbed: readonly boolean[];
  private readonly found = new Map<number, Build | undefined>();

  constructor(graph: Graph, input: string) {
    this.graph = graph;
    this.perturbed = dependents(graph, [inputNamed(graph, input).id]);
  }

  /** For scores of which only the order counts: what every one of them passes alike, and increasing, is left out. */
  ordered(scores: Node): Build | undefined {
    const last = unshaped(this.graph, scores);
    const [x, y] = operandsOf(this.graph, last);
    const bounded = this.bounded(last);
    if (bounded) return this.ordered(bounded) ?? copied(bounded);
    if (x && last.op === 'mul' && valueOf(y) > 0) return this.ordered(x);
    if (y && last.op === 'mul' && valueOf(x) > 0) return this.ordered(y);
    return this.standIn(last);
  }

  /** What an increasing function that is flat somewhere is of. */
  private bounded(node: Node): Node | undefined {
    const [x, y] = operandsOf(this.graph, node);
    if (flattening.has(node.op)) return x;
    if (node.op !== 'max' && node.op !== 'min') return undefined;
    if (!Number.isNaN(valueOf(y))) return x;
    return Number.isNaN(valueOf(x)) ? undefined : y;
  }

  standIn(node: Node): Build | undefined {
    if (!this.perturbed[node.id]) return undefined;
    if (!this.found.has(node.id)) this.found.set(node.id, this.sought(node));
    return this.found.get(node.id);
  }

  private sought(node: Node): Build | undefined {
    const operands = operandsOf(this.graph, node);
    const before = this.compared(node, operands) ?? this.coded(node, operands);
    if (before || !mixing.has(node.op)) return before;
    const parts = operands.map((operand, i) =>
      this.gates(node, operands, i) ? undefined : this.standIn(operand),
    );
    if (parts.every((part) => !part)) return undefined;
    return (b, copyOf) => {
      const [x, y, z] = operands.map((each, i) => (parts[i] ?? copied(each))(b, copyOf));
      // Between two numbers, as far as the comparison is from its edge.
      if (node.op === 'where' && parts[0] && x && y && z) {
        return b.add(z, b.mul(b.sub(y, z), x));
      }
      if (node.op === 'mul' && parts[0] && parts[1] && x && y) return b.min(x, y);
      return b.push(
        node.op,
        operands.map((each, i) => (parts[i] ?? copied(each))(b, copyOf)),
        node.attributes,
      );
    };
  }

  /** Bits that are weighed, as in an error-correcting code: each as far as it is from its edge, and no farther than 1. */
  private coded(node: Node, [bits, weights]: readonly Node[]): Build | undefined {
    if (node.op !== 'matMul' || !bits || !weights || this.perturbed[weights.id]) return undefined;
    const isTruth = truths.has(bits.op);
    const stand = isTruth || bits.op === 'sign' ? this.standIn(bits) : undefined;
    if (!stand) return undefined;
    const soft = (b: Builder, x: Node): Node => b.push('softsign', [x], {});
    return (b, copyOf) => {
      const far = stand(b, copyOf);
      const bit = isTruth ? b.add(b.mul(soft(b, b.sub(far, HALF)), HALF), HALF) : soft(b, far);
      return b.push('matMul', [bit, copyOf(weights)], node.attributes);
    };
  }

  /** Whether an operand switches or divides another that is perturbed too, instead of being mixed with it. */
  private gates(node: Node, operands: readonly Node[], at: number): boolean {
    const others = operands.filter((each, i) => i !== at && this.perturbed[each.id]);
    if (node.op === 'div') return at === 1;
    if (node.op === 'where') return at === 0 && others.length > 0;
    // A product of truth values is their conjunction.
    const areTruths = operands.every((each) => isMask(this.graph, each));
    return node.op === 'mul' && others.length > 0 && !areTruths;
  }

  /** What is in front of one step: above ½ where a comparison holds. */
  private compared(node: Node, [x, y]: readonly Node[]): Build | undefined {
    if (!x) return undefined;
    const own = this.standIn(x) ?? copied(x);
    const other = y && (this.standIn(y) ?? copied(y));
    const offset = steps.get(node.op);
    if (offset !== undefined) return (b, copyOf) => b.add(own(b, copyOf), offset);
    if (!y || !other) return undefined;
    if (node.op === 'greater' || node.op === 'greaterOrEqual') {
      return (b, copyOf) => b.add(b.sub(own(b, copyOf), other(b, copyOf)), HALF);
    }
    if (node.op !== 'equal') return undefined;
    const placed = this.placed(x, y);
    if (placed || x.type !== 'float32') return placed;
    return (b, copyOf) => b.sub(1, b.abs(b.sub(own(b, copyOf), other(b, copyOf))));
  }

  /** Of the position of the greatest of a row, held against constant ones: how far what is there is behind. */
  private placed(position: Node, at: Node): Build | undefined {
    const scores = scoresOfPosition(this.graph, unshaped(this.graph, position));
    if (!scores || scores.shape.length !== 2 || at.op !== 'constant') return undefined;
    if (position.shape.length !== 2 || at.shape.length !== 1) return undefined;
    const count = known(scores.shape[1] ?? 1, 'the scores');
    const places = Array.from(at.attributes.tensor.data, Number);
    const isPlace = (place: number): boolean => place >= 0 && place < count;
    return (b, copyOf) => {
      const own = copyOf(scores);
      const behind = b.sub(own, b.maximum(own, [1], true));
      const chosen = places.map((place) => (isPlace(place) ? place : 0));
      const absent = b.floats(
        places.map((place) => Number(!isPlace(place))),
        [1, places.length],
      );
      return b.where(absent, FAR, b.add(b.gather(behind, 1, chosen), HALF));
    };
  }
}
