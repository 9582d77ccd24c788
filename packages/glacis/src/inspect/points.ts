/**
 * Points at which a model is looked at: one vector for all inputs of a row, real-valued ones first to
 * last, with token ids and masks drawn from what the model can look up.
 */
import {
  fedAs,
  type FixedRows,
  inputNodes,
  type Model,
  nodeAt,
  type Port,
  RandomBlock,
  sizeOf,
  type Tensor,
} from '@glacis/core';

/** An input's place in the vector of a point. */
export interface Part {
  readonly port: Port;
  /** Of one sample. */
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
  /** Whether it can be changed little by little. */
  readonly real: boolean;
  /** Whole numbers from 0 are drawn below this; null for real inputs. */
  readonly below: number | null;
  /** Its values in every point, where they are given. */
  readonly given: Float32Array | null;
}

export interface Layout {
  readonly model: Model;
  readonly parts: readonly Part[];
  readonly size: number;
}

/** Truth values and numbers that nothing is looked up by. */
const BITS = 2;

export function layoutOf(model: Model, fixed: Readonly<Record<string, FixedRows>>): Layout {
  const limits = lookupLimits(model);
  let size = 0;
  const parts = inputNodes(model.graph).map((node): Part => {
    const { name } = node.attributes;
    const port = model.inputs.find((each) => each.name === name) ?? {
      name,
      type: node.type,
      shape: node.shape,
    };
    const shape = node.shape.slice(1).map(Number);
    const [start, length] = [size, sizeOf(shape)];
    size += length;
    const given = fixed[name]?.data.slice(0, length) ?? null;
    const isReal = port.type === 'float32';
    const below = isReal ? null : port.type === 'bool' ? BITS : (limits.get(node.id) ?? BITS);
    return { port, shape, start, end: size, real: isReal && !given, below, given };
  });
  return { model, parts, size };
}

/** For inputs that rows of tables are looked up by: the rows of the smallest such table. */
function lookupLimits({ graph }: Model): Map<number, number> {
  const reaching = graph.nodes.map((): Set<number> => new Set());
  const limits = new Map<number, number>();
  for (const node of graph.nodes) {
    const own = reaching[node.id] ?? new Set();
    if (node.op === 'input') own.add(node.id);
    node.operands.forEach((operand, i) => {
      for (const input of reaching[operand] ?? []) {
        // What is looked up depends on the positions, but is no position any more.
        if (node.op !== 'lookup') own.add(input);
        else if (i === 1) {
          const rows = Number(nodeAt(graph, node.operands[0] ?? 0).shape[0]);
          limits.set(input, Math.min(limits.get(input) ?? Infinity, rows));
        }
      }
    });
  }
  return limits;
}

/**
 * Half the points uniform in [0, 1), as pictures are; half standard normal, as normalised data are;
 * times a scale.
 */
export function randomPoints(
  { parts, size }: Layout,
  count: number,
  seed: number,
  scale = 1,
): Float32Array {
  const points = new Float32Array(count * size);
  for (let row = 0; row < count; row++) {
    const random = new RandomBlock(seed, row, 0);
    for (const { start, end, below, given } of parts) {
      for (let i = start; i < end; i++) {
        points[row * size + i] =
          given?.[i - start] ??
          (below !== null
            ? Math.floor(random.uniform(i) * below)
            : scale * (row % 2 === 0 ? random.uniform(i) : random.normal(i)));
      }
    }
  }
  return points;
}

/** Some columns of points [count × size]; of a single point, without a copy. */
function columns(
  points: Float32Array,
  count: number,
  size: number,
  [start, end]: readonly [number, number],
): Float32Array {
  if (count === 1) return points.subarray(start, end);
  const data = new Float32Array(count * (end - start));
  for (let row = 0; row < count; row++) {
    data.set(points.subarray(row * size + start, row * size + end), row * (end - start));
  }
  return data;
}

/** Feeds for points [count × size]: of the original file, in its own types, or of a derived graph. */
export function feedsOf(
  { model, parts, size }: Layout,
  points: Float32Array,
  count: number,
  who: 'original' | 'derived',
): Record<string, Tensor> {
  return Object.fromEntries(
    parts.map(({ port, shape, start, end }) => {
      const data = columns(points, count, size, [start, end]);
      if (who === 'derived') {
        return [port.name, { type: 'float32', shape: [count, ...shape], data } as const];
      }
      return [port.name, fedAs(port, model.batchAxis ? [count, ...shape] : shape, data)];
    }),
  );
}
