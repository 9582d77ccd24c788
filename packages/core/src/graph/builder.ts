/**
 * Builds graphs: appends nodes with inferred types, shares equal ones, and offers the arithmetic that
 * transforms are written in. Shape rules are the op table's; this file adds only NumPy-like manners
 * (scalars from numbers, sums back to a broadcast operand's shape).
 */
import { floats, tensor, type Tensor } from '../tensor/tensor.ts';
import { BATCH, type Dimension, sameShape, type Shape } from './dimension.ts';
import type { Graph, Node, OpAttributes, OpName, ValueType } from './graph.ts';
import { definitionOf } from './ops/table.ts';

/** Longer lists among attributes count as equal where they are one list. */
const MOST_COMPARED = 2 ** 12;

export class Builder {
  readonly nodes: Node[] = [];
  readonly inputs: number[] = [];
  private readonly interned = new Map<string, Node>();
  private readonly constants = new Map<Tensor, Node>();
  private readonly scalars = new Map<string, Node>();
  private readonly lists = new Map<readonly unknown[], string>();
  private label = '';

  /** Runs `body` with every node made in it labelled so. */
  labelled<T>(label: string, body: () => T): T {
    const before = this.label;
    this.label = label;
    try {
      return body();
    } finally {
      this.label = before;
    }
  }

  /** Appends a node (or returns the equal one made before). Throws ShapeError. */
  push<K extends OpName>(op: K, operands: readonly Node[], attributes: OpAttributes[K]): Node {
    const key = `${op}(${operands.map((node) => node.id).join(',')})${this.serialised(attributes)}`;
    const existing = this.interned.get(key);
    if (existing) return existing;
    const type = this.inferred(op, operands, attributes);
    const node = this.append(op, operands, attributes, type);
    this.interned.set(key, node);
    return node;
  }

  private serialised(attributes: object): string {
    return JSON.stringify(attributes, (_key, value: unknown) => {
      if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
      return Array.isArray(value) && value.length > MOST_COMPARED ? this.nameOfList(value) : value;
    });
  }

  private nameOfList(list: readonly unknown[]): string {
    const name = this.lists.get(list) ?? `list ${this.lists.size}`;
    this.lists.set(list, name);
    return name;
  }

  private inferred<K extends OpName>(
    op: K,
    operands: readonly Node[],
    attributes: OpAttributes[K],
  ): ValueType {
    return definitionOf(op).infer(attributes, operands);
  }

  private append<K extends OpName>(
    op: K,
    operands: readonly Node[],
    attributes: OpAttributes[K],
    { type, shape }: ValueType,
  ): Node {
    const ids = operands.map((operand) => operand.id);
    const node = {
      id: this.nodes.length,
      op,
      operands: ids,
      attributes,
      label: this.label,
      type,
      shape,
    };
    // The attributes are K's by the signature; TypeScript cannot correlate a generic union.
    const made = node as unknown as Node;
    this.nodes.push(made);
    return made;
  }

  input(name: string, shape: Shape, type: ValueType['type'] = 'float32'): Node {
    const node = this.append('input', [], { name }, { type, shape });
    this.inputs.push(node.id);
    return node;
  }

  constant(value: Tensor, name?: string, parameter?: boolean): Node {
    const existing = this.constants.get(value);
    if (existing) return existing;
    const attributes = {
      tensor: value,
      ...(name === undefined ? {} : { name }),
      ...(parameter ? { parameter } : {}),
    };
    const node = this.append('constant', [], attributes, { type: value.type, shape: value.shape });
    this.constants.set(value, node);
    return node;
  }

  /** A float32 scalar. */
  scalar(value: number): Node {
    const key = Object.is(value, -0) ? '-0' : String(value);
    const existing = this.scalars.get(key);
    if (existing) return existing;
    const node = this.constant(floats([value], []));
    this.scalars.set(key, node);
    return node;
  }

  private lift(value: Node | number): Node {
    return typeof value === 'number' ? this.scalar(value) : value;
  }

  add(a: Node | number, b: Node | number): Node {
    return this.push('add', [this.lift(a), this.lift(b)], {});
  }
  sub(a: Node | number, b: Node | number): Node {
    return this.push('sub', [this.lift(a), this.lift(b)], {});
  }
  mul(a: Node | number, b: Node | number): Node {
    return this.push('mul', [this.lift(a), this.lift(b)], {});
  }
  div(a: Node | number, b: Node | number): Node {
    return this.push('div', [this.lift(a), this.lift(b)], {});
  }
  max(a: Node | number, b: Node | number): Node {
    return this.push('max', [this.lift(a), this.lift(b)], {});
  }
  min(a: Node | number, b: Node | number): Node {
    return this.push('min', [this.lift(a), this.lift(b)], {});
  }
  /** What a value is the negative of, where it was made so. */
  negatedBy(a: Node): Node | undefined {
    return a.op === 'neg' ? this.nodes[a.operands[0] ?? -1] : undefined;
  }
  neg(a: Node): Node {
    const negated = this.negatedBy(a);
    if (negated) return negated;
    return this.push('neg', [a], {});
  }
  abs(a: Node): Node {
    const negated = this.negatedBy(a);
    if (negated) return this.abs(negated);
    return this.push('abs', [a], {});
  }
  sqrt(a: Node): Node {
    return this.push('sqrt', [a], {});
  }
  exp(a: Node): Node {
    return this.push('exp', [a], {});
  }
  log(a: Node): Node {
    return this.push('log', [a], {});
  }
  sign(a: Node): Node {
    return this.push('sign', [a], {});
  }
  relu(a: Node): Node {
    return this.push('relu', [a], {});
  }
  reciprocal(a: Node): Node {
    return this.push('reciprocal', [a], {});
  }
  /** 1 where a > 0, else 0. */
  step(a: Node): Node {
    return this.push('step', [a], {});
  }
  /** 1 where a > b, else 0. */
  greater(a: Node | number, b: Node | number): Node {
    return this.push('greater', [this.lift(a), this.lift(b)], {});
  }
  /** 1 where a ≥ b, else 0. */
  greaterOrEqual(a: Node | number, b: Node | number): Node {
    return this.push('greaterOrEqual', [this.lift(a), this.lift(b)], {});
  }
  /** 1 where a = b, else 0; any element type. */
  equal(a: Node, b: Node): Node {
    return this.push('equal', [a, b], {});
  }
  /** a where the mask (0 or 1) is 1, else b. */
  where(mask: Node, a: Node | number, b: Node | number): Node {
    return this.push('where', [mask, this.lift(a), this.lift(b)], {});
  }
  matMul(a: Node, b: Node, options: { transA?: boolean; transB?: boolean } = {}): Node {
    return this.push('matMul', [a, b], {
      transA: options.transA ?? false,
      transB: options.transB ?? false,
    });
  }
  reshape(a: Node, shape: Shape): Node {
    // What it was reshaped from may have this shape.
    const [source] = a.op === 'reshape' ? a.operands.map((id) => this.nodes[id]) : [];
    if (source && sameShape(source.shape, shape)) return source;
    return sameShape(a.shape, shape) ? a : this.push('reshape', [a], { shape });
  }
  transpose(a: Node, permutation: readonly number[]): Node {
    return permutation.every((axis, i) => axis === i)
      ? a
      : this.push('transpose', [a], { permutation });
  }
  expand(a: Node, shape: Shape): Node {
    return sameShape(a.shape, shape) ? a : this.push('expand', [a], { shape });
  }
  concat(parts: readonly Node[], axis: number): Node {
    const [first] = parts;
    return parts.length === 1 && first ? first : this.push('concat', parts, { axis });
  }
  slice(a: Node, axis: number, start: number, end: number): Node {
    return this.push('slice', [a], { axis, start, end });
  }
  /** Elements at constant positions along an axis. */
  gather(a: Node, axis: number, indices: readonly number[]): Node {
    return this.push('gather', [a], { axis, indices });
  }
  sum(a: Node, axes: readonly number[], keep = false): Node {
    return axes.length === 0 ? a : this.push('reduceSum', [a], { axes, keep });
  }
  maximum(a: Node, axes: readonly number[], keep = false): Node {
    return this.push('reduceMax', [a], { axes, keep });
  }

  /** The sum over everything but the first axis: [batch]. */
  sumRows(a: Node): Node {
    return this.sum(
      a,
      a.shape.slice(1).map((_, i) => i + 1),
    );
  }

  /** A vector [batch] shaped to broadcast against rows of the given rank: [batch, 1, …, 1]. */
  perRow(vector: Node, rank: number): Node {
    const [batch = BATCH] = vector.shape;
    return this.reshape(vector, [batch, ...Array<Dimension>(rank - 1).fill(1)]);
  }

  /** The cotangent of a broadcast operand: summed over the axes that broadcasting repeated. */
  sumTo(a: Node, shape: Shape): Node {
    if (sameShape(a.shape, shape)) return a;
    const extra = a.shape.length - shape.length;
    const leading = Array.from({ length: extra }, (_, i) => i);
    const repeated = shape.flatMap((dim, i) =>
      dim === 1 && a.shape[i + extra] !== 1 ? [i + extra] : [],
    );
    return this.reshape(this.sum(a, [...leading, ...repeated], true), shape);
  }

  /** A float32 constant. */
  floats(values: ArrayLike<number>, shape: readonly number[]): Node {
    return this.constant(tensor('float32', shape, Float32Array.from(values)));
  }

  graph(outputs: Readonly<Record<string, Node>>): Graph {
    return {
      nodes: this.nodes,
      inputs: this.inputs,
      outputs: Object.entries(outputs).map(([name, node]) => ({ name, id: node.id })),
    };
  }
}

/** Copies nodes of a graph into a builder; `replace` gives values to nodes that already have one. */
export function replay(
  b: Builder,
  graph: Graph,
  replace: ReadonlyMap<number, Node>,
  needed?: readonly boolean[],
): Map<number, Node> {
  const copies = new Map(replace);
  for (const node of graph.nodes) {
    if (copies.has(node.id) || (needed && !needed[node.id])) continue;
    copies.set(node.id, copyNode(b, node, copies));
  }
  return copies;
}

/** One node's copy over already copied operands. */
export function copyNode(b: Builder, node: Node, copies: ReadonlyMap<number, Node>): Node {
  return b.labelled(node.label, () => {
    if (node.op === 'input') return b.input(node.attributes.name, node.shape, node.type);
    if (node.op === 'constant') {
      return b.constant(node.attributes.tensor, node.attributes.name, node.attributes.parameter);
    }
    const operands = node.operands.map((id) => {
      const copy = copies.get(id);
      if (!copy) throw new RangeError(`operand ${id} of node ${node.id} has no copy`);
      return copy;
    });
    return b.push(node.op, operands, node.attributes);
  });
}
