/**
 * A network of one sample over many: every value that depends on an input gets an axis of samples in front (the
 * batching of Bradbury et al., JAX, 2018). What mixes axes of its own choosing, as attention that keeps positions
 * in front or folds heads into them does, then runs and is bounded for any number of samples at once.
 */
import { type Builder, copyNode } from './builder.ts';
import { type Dimension, sameShape, ShapeError } from './dimension.ts';
import { dependents, type Graph, type Node, nodeAt, type OpName } from './graph.ts';
import { definitionOf } from './ops/table.ts';

/**
 * The nodes of a graph whose inputs and outputs begin with an axis of size 1, written into `b` with `size` in the
 * place of that 1: the outputs by name. Throws ShapeError for an op that can have no axis before its first.
 */
export function overSamples(b: Builder, graph: Graph, size: Dimension): Record<string, Node> {
  const inputs = new Set(graph.inputs);
  const varies = dependents(graph, inputs);
  const copies = new Map<number, Node>();
  const copyOf = (id: number): Node => {
    const copy = copies.get(id);
    if (!copy) throw new RangeError(`node ${id} has no copy`);
    return copy;
  };
  for (const node of graph.nodes) {
    if (node.op === 'input') {
      const [, ...rest] = node.shape;
      const fed = b.input(node.attributes.name, [size, ...rest], node.type);
      const sample = b.labelled(`input ${node.attributes.name}`, () =>
        b.reshape(fed, [size, 1, ...rest]),
      );
      copies.set(node.id, sample);
    } else if (varies[node.id]) {
      const operands = node.operands.map((id): Operand => {
        return { copy: copyOf(id), isLifted: varies[id] ?? false };
      });
      copies.set(
        node.id,
        b.labelled(node.label, () => lifted(b, node, operands, size)),
      );
    } else {
      copies.set(node.id, copyNode(b, node, copies));
    }
  }
  return Object.fromEntries(
    graph.outputs.map(({ name, id }) => {
      const copy = copyOf(id);
      const { label, shape } = nodeAt(graph, id);
      if (!varies[id]) throw new ShapeError(`the output ${name} depends on no input`);
      return [name, b.labelled(label, () => b.reshape(copy, [size, ...shape.slice(1)]))];
    }),
  );
}

interface Operand {
  readonly copy: Node;
  /** Whether it has the axis of samples. */
  readonly isLifted: boolean;
}

function lifted(b: Builder, node: Node, operands: readonly Operand[], size: Dimension): Node {
  const made = remade(b, node, operands, size);
  if (!sameShape(made.shape, [size, ...node.shape])) {
    throw new ShapeError(`${node.op} takes no axis in front of its own`);
  }
  return made;
}

function remade(b: Builder, node: Node, operands: readonly Operand[], size: Dimension): Node {
  const rule = definitionOf<OpName>(node.op).lifted;
  if (rule === 'first') {
    const rows = operands.map(({ copy, isLifted }) => (isLifted ? withoutOne(b, copy) : copy));
    return b.reshape(b.push(node.op, rows, node.attributes), [size, ...node.shape]);
  }
  if (rule === 'each') {
    const own = operands.map(({ copy }) => copy);
    return b.push(node.op, own, node.attributes);
  }
  if (rule) {
    // What is shared by the samples is repeated: these ops move elements or reduce them, and nothing broadcasts.
    const own = operands.map(({ copy, isLifted }) =>
      isLifted ? ofRank(b, copy, node.shape.length) : b.expand(copy, [size, ...copy.shape]),
    );
    return b.push(node.op, own, rule(node.attributes, size));
  }
  const ranks = operands.map(({ copy, isLifted }) => copy.shape.length - Number(isLifted));
  const rank = ranks.reduce((most, each) => Math.max(most, each), 0);
  const own = operands.map(({ copy, isLifted }) => (isLifted ? ofRank(b, copy, rank) : copy));
  return b.push(node.op, own, node.attributes);
}

/** [size, 1, …rest] as [size, …rest]. */
function withoutOne(b: Builder, value: Node): Node {
  const [size = 1, first, ...rest] = value.shape;
  if (first !== 1) throw new ShapeError('the first axis of a sample is not of size 1');
  return b.reshape(value, [size, ...rest]);
}

/** The same value with axes of size 1 behind that of the samples: at least `rank` besides it. */
function ofRank(b: Builder, value: Node, rank: number): Node {
  const [size = 1, ...rest] = value.shape;
  const missing = Array<number>(Math.max(0, rank - rest.length)).fill(1);
  return b.reshape(value, [size, ...missing, ...rest]);
}
