/**
 * The interval transform made a graph of its own: for every input of the network three inputs (`centre:…`,
 * `lower:…`, `upper:…`), outputs `lower`, `upper`, `finite` and, when asked, `bound` = a lower bound of
 * `rows`·output. And the simplest set there is: a box, whose support function is written out here.
 */
import { Builder } from '../../src/graph/builder.ts';
import { elementCount, multiply } from '../../src/graph/dimension.ts';
import { type Graph, inputNodes, type Node, outputNamed } from '../../src/graph/graph.ts';
import type { Bounds } from '../../src/graph/ops/definition.ts';
import type { InputSet } from '../../src/transforms/input-set.ts';
import { type IntervalPropagation, propagateIntervals } from '../../src/transforms/interval.ts';
import { replayLowered } from '../../src/transforms/lowering.ts';
import { roundingModel } from '../../src/transforms/rounding.ts';

export function boxSet(b: Builder, centre: Node, box: Bounds): InputSet {
  const [batch = 1] = centre.shape;
  const size = elementCount(centre.shape.slice(1));
  const column = (value: Node): Node => b.reshape(value, [batch, size, 1]);
  const up = column(b.sub(box.upper, centre));
  const down = column(b.sub(centre, box.lower));
  return {
    centre,
    box,
    isBox: true,
    support: (rows, shared) => {
      const count = shared ? (rows.shape[0] ?? 1) : rowsPerSample(rows, batch);
      const stacked = b.reshape(rows, [shared ? 1 : batch, count, size]);
      const positive = b.matMul(b.relu(stacked), up);
      const negative = b.matMul(b.relu(b.neg(stacked)), down);
      return b.reshape(b.add(positive, negative), [batch, count]);
    },
  };
}

/** An ℓ2 ball around the centre, which the fed box must enclose. Its support is ε‖a‖₂, rounded up. */
export function ballSet(epsilon: number): NonNullable<IntervalOptions['setOf']> {
  return (b, centre, box) => {
    const [batch = 1] = centre.shape;
    const size = elementCount(centre.shape.slice(1));
    return {
      centre,
      box,
      isBox: false,
      support: (rows, shared) => {
        const count = shared ? (rows.shape[0] ?? 1) : rowsPerSample(rows, batch);
        const stacked = b.reshape(rows, [shared ? 1 : batch, count, size]);
        const norms = b.sqrt(b.sum(b.mul(stacked, stacked), [2]));
        return b.expand(b.mul(norms, epsilon * (1 + 1e-5)), [batch, count]);
      },
    };
  };
}

function rowsPerSample(rows: Node, batch: Node['shape'][number]): number {
  const [total = 1] = rows.shape;
  if (typeof total === 'number') return total / Number(batch);
  const factor = Number(total.split('*')[0]);
  if (multiply(batch, Number.isNaN(factor) ? 1 : factor) !== total) {
    throw new RangeError(`${total} rows are no multiple of ${batch}`);
  }
  return Number.isNaN(factor) ? 1 : factor;
}

export interface IntervalOptions {
  /** Name of the network's output. */
  readonly output?: string;
  /** Number of specification rows; no `bound` when absent. */
  readonly rows?: number;
  /** Whether the bound is by backward linear bounds, and by these alone. */
  readonly linear?: boolean | 'alone';
  /** Affine values of up to so many elements have backward bounds themselves. */
  readonly linearUpTo?: number;
  /** Whether the bound is by the mean value theorem. */
  readonly meanValue?: boolean;
  /** Inputs that are points, the same for every point of the set. */
  readonly fixed?: readonly string[];
  /** The set of an input, from its centre and the box that is fed; the box itself when absent. */
  readonly setOf?: (b: Builder, centre: Node, box: Bounds) => InputSet;
}

export function intervalGraph(network: Graph, options: IntervalOptions = {}): Graph {
  const b = new Builder();
  const given = new Map<number, Node>();
  const sets = new Map<number, InputSet>();
  const setOf = options.setOf ?? boxSet;
  for (const { id, shape, attributes } of inputNodes(network)) {
    const centre = b.input(`centre:${attributes.name}`, shape);
    if (options.fixed?.includes(attributes.name)) {
      given.set(id, centre);
      continue;
    }
    const lower = b.input(`lower:${attributes.name}`, shape);
    const upper = b.input(`upper:${attributes.name}`, shape);
    given.set(id, centre);
    sets.set(centre.id, setOf(b, centre, { lower, upper }));
  }
  const copies = replayLowered(b, network, given, ['range']);
  const out = copies.get(outputNamed(network, options.output ?? 'out').id);
  if (!out) throw new RangeError('the output was not copied');
  const rows = options.rows === undefined ? undefined : rowsInput(b, out, options.rows);
  const propagation = propagateIntervals(b, b.graph({}), sets, roundingModel('float32'), {
    linearUpTo: options.linearUpTo ?? 0,
  });
  const { lower, upper } = propagation.boundsOf(out);
  const bound = rows && {
    bound: options.meanValue
      ? propagation.meanValueBoundOf(out, rows)
      : boundBy(propagation, out, rows, options.linear ?? false),
  };
  return b.graph({ lower, upper, ...bound, finite: propagation.finite() });
}

function boundBy(
  propagation: IntervalPropagation,
  out: Node,
  rows: Node,
  linear: boolean | 'alone',
): Node {
  if (linear === 'alone') return propagation.backwardBoundOf(out, rows).lower;
  return linear ? propagation.linearBoundOf(out, rows) : propagation.lowerBoundOf(out, rows);
}

function rowsInput(b: Builder, out: Node, count: number): Node {
  const [batch = 1, ...rest] = out.shape;
  return b.input('rows', [batch, count, elementCount(rest)]);
}
