/**
 * Networks that carry values through pairs of opposed neurons, written with one of each: relu(z) = z + relu(−z), so
 * that c·relu(z) + d·relu(−z) is c·z + (c + d)·relu(−z), of which nothing bends where d = −c. Maxima of
 * two-level lattices are written so. Relaxed each by itself, the two of a pair forget that they share z. Over the
 * reals the function is the same: sums of weights are taken only where they are exact.
 */
import { Builder } from '../graph/builder.ts';
import { elementCount, known } from '../graph/dimension.ts';
import { dependents, type Graph, holdsNonFinite, type Node, outputNamed } from '../graph/graph.ts';
import { ExpressionGraph } from './expression-graph.ts';
import { constantly, type Expression, keyOf, type Share, sum, variable } from './expressions.ts';
import { type Matrix, matrixOf, vectorOf, type Weights, weightsOf } from './sparse-weights.ts';

/** What is worth writing anew: so many of the hinges are the other one of a pair. */
const LEAST_SHARE = 1 / 8;
/** Terms that one composition may take. */
const MOST_TERMS = 2e7;

/** Values that expressions are about: the input, or made of earlier ones. */
interface Source {
  readonly first: number;
  /** Of each variable; null for the input. */
  readonly made: readonly Expression[] | null;
  readonly bends: boolean;
}

/** The elements of one value. */
type Form = readonly Expression[];

/**
 * The same function with one neuron for each pair; null where there are few pairs, or anything but dense layers.
 * `tick` ends the work by throwing.
 */
export function withoutPairs(graph: Graph, tick = (): void => undefined): Graph | null {
  if (!mayHavePairs(graph) || graph.nodes.some(holdsNonFinite)) return null;
  return new Rewriting(graph, tick).result();
}

class Rewriting {
  private readonly graph: Graph;
  private readonly tick: () => void;
  private readonly depends: readonly boolean[];
  private readonly sources: Source[] = [];
  private readonly forms = new Map<number, Form>();
  private variables = 0;
  private hinges = 0;
  private pairs = 0;

  constructor(graph: Graph, tick: () => void) {
    this.graph = graph;
    this.tick = tick;
    this.depends = dependents(graph, graph.inputs);
  }

  result(): Graph | null {
    const { graph, depends } = this;
    const needed = graph.nodes.filter(({ id }) => depends[id]);
    if (graph.inputs.length !== 1) return null;
    for (const node of needed) {
      const form = this.formOf(node);
      if (!form) return null;
      this.forms.set(node.id, form);
    }
    if (this.pairs < LEAST_SHARE * this.hinges) return null;
    return this.written();
  }

  private source(made: readonly Expression[] | null, size: number, bends = false): Form {
    const first = this.variables;
    this.variables += size;
    this.sources.push({ first, made, bends });
    return Array.from({ length: size }, (_, i) => variable(first + i));
  }

  private formOf(node: Node): Form | null {
    const { op, operands, shape } = node;
    const size = widthOf(node);
    if (size === null) return null;
    if (op === 'input') return this.source(null, size);
    const [x, y] = operands.flatMap((id) => this.graph.nodes[id] ?? []);
    const [own, other] = [x && this.forms.get(x.id), y && this.forms.get(y.id)];
    if (op === 'reshape') return own?.length === size ? own : null;
    if (op === 'relu') return own ? this.bent(own) : null;
    if (shape.length !== 2 || !x || !y) return null;
    if (op === 'matMul' && own && !other && !node.attributes.transA) {
      const weights = weightsOf(y, node.attributes.transB);
      return weights && this.product(own, weights);
    }
    if (op !== 'add') return null;
    if (own && other) return this.together(own, other);
    const [form, beside] = own ? [own, vectorOf(y, size)] : [other, vectorOf(x, size)];
    return form && beside ? this.together(form, beside.map(constantly)) : null;
  }

  /** relu of each: of two opposed ones, and of equal ones, one bends. */
  private bent(form: Form): Form {
    const made: Expression[] = [];
    const first = this.variables;
    const known = new Map<string, Expression>();
    const values: Form = form.map((own) => {
      this.hinges++;
      if (own.variables.length === 0) return constantly(Math.max(0, own.constant));
      const same = known.get(keyOf(own));
      if (same) return same;
      const opposed = known.get(keyOf(own, -1));
      if (opposed) this.pairs++;
      const both =
        opposed &&
        sum([
          { factor: 1, of: own },
          { factor: 1, of: opposed },
        ]);
      const value = both ?? variable(first + made.push(own) - 1);
      known.set(keyOf(own), value);
      return value;
    });
    this.source(made, made.length, true);
    return values;
  }

  private together(one: Form, other: Form): Form {
    const added = (a: Form, b: Form): Form | null =>
      this.all(a.length, (i) => sum([a, b].flatMap((form) => shareOf(form[i], 1))));
    return (
      added(one, other) ??
      added(this.made(one), other) ??
      added(this.made(one, false), this.made(other, false)) ??
      unreachable()
    );
  }

  private product(form: Form, weights: Weights): Form {
    return (
      this.composed(form, weights) ??
      this.composed(this.made(form), weights) ??
      this.composed(this.made(form, false), weights) ??
      unreachable()
    );
  }

  private composed(form: Form, columns: Weights): Form | null {
    const terms = columns.reduce(
      (total, { at }) => total + at.reduce((own, i) => own + (form[i]?.variables.length ?? 0), 0),
      0,
    );
    const isUnit = form.every(({ variables }) => variables.length <= 1);
    if (terms > MOST_TERMS && !isUnit) return null;
    return this.all(columns.length, (j) => {
      const { at = [], of = [] } = columns[j] ?? {};
      return sum(at.flatMap((i, k) => shareOf(form[i], of[k] ?? 0)));
    });
  }

  private all(count: number, of: (i: number) => Expression | null): Form | null {
    const form: Expression[] = [];
    for (let i = 0; i < count; i++) {
      this.tick();
      const own = of(i);
      if (!own) return null;
      form.push(own);
    }
    return form;
  }

  /** As variables of their own; `shares`: equal ones are one. */
  private made(form: Form, shares = true): Form {
    const made: Expression[] = [];
    const first = this.variables;
    const known = new Map<string, Expression>();
    const values = form.map((own) => {
      const key = keyOf(own);
      const same = shares ? known.get(key) : undefined;
      const value = same ?? variable(first + made.push(own) - 1);
      known.set(key, value);
      return value;
    });
    this.source(made, made.length);
    return values;
  }

  /** Of each source what is needed, and the outputs. */
  private written(): Graph {
    const { graph, sources } = this;
    const outputs = graph.outputs.map(({ name }) => ({ name, node: outputNamed(graph, name) }));
    const needed = new Uint8Array(this.variables);
    const need = ({ variables }: Expression): void => {
      for (const id of variables) needed[id] = 1;
    };
    for (const { node } of outputs) this.forms.get(node.id)?.forEach(need);
    for (const { first, made } of sources.toReversed()) {
      made?.forEach((own, i) => needed[first + i] && need(own));
    }
    const b = new Builder();
    const written = new ExpressionGraph(b);
    for (const { first, made, bends } of sources) {
      if (!made) {
        const input = this.input(b);
        const [batch = 1] = input.shape;
        const size = Number(elementCount(input.shape.slice(1)));
        const ids = Array.from({ length: size }, (_, i) => first + i);
        written.put(ids, b.reshape(input, [batch, size]));
        continue;
      }
      const ids = [...made.keys()].map((i) => first + i).filter((id) => needed[id]);
      if (ids.length === 0) continue;
      const affine = written.affine(ids.flatMap((id) => made[id - first] ?? []));
      written.put(ids, bends ? b.relu(affine) : affine);
    }
    const values = outputs.map(({ name, node }) => {
      const affine = written.affine(this.forms.get(node.id) ?? []);
      return [name, b.reshape(affine, node.shape)] as const;
    });
    return b.graph(Object.fromEntries(values));
  }

  private input(b: Builder): Node {
    const [id = -1] = this.graph.inputs;
    const node = this.graph.nodes[id];
    if (node?.op !== 'input') throw new RangeError('the input was lost');
    return b.input(node.attributes.name, node.shape);
  }
}

const shareOf = (of: Expression | undefined, factor: number): Share[] =>
  of ? [{ factor, of }] : [];

/** Elements of one sample; null where they are not known, or of another type. */
function widthOf({ shape, type }: Node): number | null {
  const size = elementCount(shape.slice(1));
  return type === 'float32' && typeof size === 'number' ? size : null;
}

/** Whether some layer before hinges has columns of which one is another's negative: by sums that tell them apart. */
function mayHavePairs({ nodes }: Graph): boolean {
  return nodes.some((node) => {
    if (node.op !== 'relu') return false;
    const [before] = node.operands.flatMap((id) => nodes[id] ?? []);
    const affine =
      before?.op === 'add' ? before.operands.flatMap((id) => nodes[id] ?? []) : [before];
    return affine.some((layer) => {
      if (layer?.op !== 'matMul') return false;
      const weights = nodes[layer.operands[1] ?? -1];
      const matrix = weights && matrixOf(weights);
      return matrix ? areOpposed(matrix, layer.attributes.transB) : false;
    });
  });
}

function areOpposed({ data, shape }: Matrix, transposed: boolean): boolean {
  const [first = 0, second = 0] = shape;
  const [rows, width] = transposed ? [second, first] : [first, second];
  const sums = new Float64Array(width);
  const [step, next] = transposed ? [1, rows] : [width, 1];
  for (let i = 0; i < rows; i++) {
    const own = Math.sin(i + 1);
    for (let j = 0, at = i * step; j < width; j++, at += next) {
      const value = data[at] ?? 0;
      // Most of what is written in pairs is 0.
      if (value !== 0) sums[j] = (sums[j] ?? 0) + own * value;
    }
  }
  const seen = new Set(sums);
  const opposed = sums.filter((each) => each !== 0 && seen.has(-each));
  return opposed.length >= LEAST_SHARE * known(width, 'a layer');
}

function unreachable(): never {
  throw new RangeError('what was composed of variables was not exact');
}
