/**
 * Bounds by the mean value theorem: over a set that is star-shaped about its centre c, rows·f(x) is at least
 * rows·f(c) − sup |∇(rows·f)·δ|, with the gradient bounded by intervals of the gradient graph (Weng et al. 2018,
 * "Fast-Lip"). At kinks a graph's gradient need not be one; along almost all of any segment it is the derivative
 * (Bolte and Pauwels 2021, "Conservative set valued fields"). A value that jumps has no such bound.
 *
 * The network's own rounding (design, "Soundness") moves the operands of its non-linear ops and their results:
 * further variables η, whose part of the sum is |cotangent|·|η|.
 */
import type { Builder } from '../graph/builder.ts';
import { type Dimension, divide, elementCount, known, multiply } from '../graph/dimension.ts';
import { ancestors, dependents, type Graph, type Node } from '../graph/graph.ts';
import { FEW_ULPS, magnitude, outward } from '../graph/ops/outward.ts';
import { stackedCopies } from './affine.ts';
import { ofSamples, requireContinuous } from './continuity.ts';
import { pullBack } from './gradient.ts';
import type { InputSet } from './input-set.ts';
import type { RegionBounds } from './interval-specification.ts';
import type { IntervalPropagation, PropagationOptions } from './interval.ts';
import { rulesOf } from './lowering.ts';
import { gamma } from './rounding.ts';
import { type Rounded, RoundingErrors } from './rounding-errors.ts';

/** What the pass needs beside the bounds on the network's values: propagation through its gradient. */
export interface MeanValueContext extends RegionBounds {
  propagate(
    sets: ReadonlyMap<number, InputSet>,
    rounding: RegionBounds['rounding'],
    options: PropagationOptions,
  ): IntervalPropagation;
}

/** Bounds on the gradient of every row by one input. */
export interface SizedGradient {
  /** [batch, rows, n] */
  readonly sizes: Node;
  /** [batch] */
  readonly finite: Node;
}

export function gradientSizesOf(p: MeanValueContext, output: Node, rows: Node): SizedGradient {
  const { b, batch } = p;
  requireBounded(p, output);
  const { sizes, finite } = ofSamples(() => gradientSizes(p, output, rows));
  const [set] = p.sets.values();
  const width = elementCount(set?.centre.shape.slice(1) ?? []);
  // What the output does not depend on has no gradient.
  const none = b.expand(b.scalar(0), [batch, rows.shape[1] ?? 1, width]);
  const own = set && sizes.get(set);
  return { sizes: own ? b.mul(own, 1 + FEW_ULPS) : none, finite };
}

/** Throws ModelError where a value jumps. */
function requireBounded(p: MeanValueContext, output: Node): void {
  const network = p.b.graph({});
  requireContinuous({ ...network, nodes: network.nodes.slice() }, output, p.sets.keys());
  p.boundsOf(output);
}

/** Lower bound of rows·output, rows [batch, rows, outputs] as a value: [batch, rows]. */
export function meanValueLowerBound(p: MeanValueContext, output: Node, rows: Node): Node {
  const { b, batch } = p;
  requireBounded(p, output);
  const centre = boundAtCentre(p, output, rows);
  const { sizes, errors, finite } = ofSamples(() => gradientSizes(p, output, rows));
  const moved = [...sizes].map(([set, size]) => spread(b, set, size));
  const rounded = ofSamples(() =>
    errors.map(({ cotangent, error }) => products(b, batch, cotangent, error)),
  );
  const none = b.mul(b.abs(centre.bound), 0);
  const drop = [...moved, ...rounded].reduce((sum, part) => b.add(sum, part), none);
  const lower = b.sub(centre.bound, b.mul(drop, 1 + 2 ** -18));
  const sure = b.perRow(b.mul(centre.finite, finite), 2);
  const safe = b.where(sure, outward(b, { lower, upper: lower }).lower, -Infinity);
  return p.watchedNode(safe);
}

/** rows·output at the centre, over the reals. */
function boundAtCentre(
  p: MeanValueContext,
  output: Node,
  rows: Node,
): { readonly bound: Node; readonly finite: Node } {
  const { b, rounding } = p;
  const points = [...p.sets].map(([id, { centre }]) => {
    return [id, exactly(b, centre, { lower: centre, upper: centre })] as const;
  });
  const real = { ...rounding, gamma: (n: number) => rounding.own(n) };
  const at = p.propagate(new Map(points), real, {});
  return { bound: at.linearBoundOf(output, rows), finite: at.finite() };
}

/** A box around which nothing is asked but its ends: of one point, or of one whose values are bounded already. */
function exactly(b: Builder, centre: Node, box: InputSet['box']): InputSet {
  const [batch = 1] = centre.shape;
  const support: InputSet['support'] = ({ shape: [count = 1] }) =>
    b.expand(b.scalar(0), [batch, divide(count, batch) ?? count]);
  return { centre, box, isBox: true, support };
}

interface GradientSizes {
  /** Bounds on |∂(row·output)/∂input| over the set: [batch, rows, n]. */
  readonly sizes: ReadonlyMap<InputSet, Node>;
  /** The same for what rounding moves, and how far that is. */
  readonly errors: readonly Rounded[];
  /** [batch] */
  readonly finite: Node;
}

/** Intervals of the gradient of every row. */
function gradientSizes(p: MeanValueContext, output: Node, rows: Node): GradientSizes {
  const { b } = p;
  const count = known(rows.shape[1] ?? 1, 'the number of specification rows');
  const copies = copiesForRows(p, output, count);
  if (copies) return sizesOver(p, output, { rows, count, copies });
  // Where samples cannot be repeated, one row after the other.
  const each = Array.from({ length: count }, (_, r) => {
    const row = b.slice(rows, 1, r, r + 1);
    return sizesOver(p, output, { rows: row, count: 1, copies: undefined });
  });
  const joined = (parts: readonly Node[]): Node => b.concat(parts, 1);
  const [first] = each;
  if (!first) throw new RangeError('there are no rows to bound');
  return {
    sizes: new Map(
      [...first.sizes.keys()].map((set) => [
        set,
        joined(each.flatMap(({ sizes }) => sizes.get(set) ?? [])),
      ]),
    ),
    errors: first.errors.map(({ error }, i) => ({
      error,
      cotangent: joined(each.flatMap(({ errors }) => errors[i]?.cotangent ?? [])),
    })),
    finite: each.reduce((all, { finite }) => b.mul(all, finite), first.finite),
  };
}

/** A value of every sample, repeated for each of the sample's rows: [batch·rows, …]. */
function repeated(b: Builder, value: Node, batch: Dimension, count: number): Node {
  const rest = value.shape.slice(1);
  const beside = b.reshape(value, [batch, 1, ...rest]);
  return b.reshape(b.expand(beside, [batch, count, ...rest]), [multiply(batch, count), ...rest]);
}

/** The network over samples repeated for each row, by the id of what was copied. */
function copiesForRows(
  { b, batch, sets }: MeanValueContext,
  output: Node,
  count: number,
): ReadonlyMap<number, Node> | undefined {
  const network: Graph = b.graph({});
  const perturbed = dependents(network, sets.keys());
  const needed = ancestors(network, [output.id]);
  const inside = network.nodes.filter(
    ({ id }) => perturbed[id] && needed[id] && !sets.has(id) && id <= output.id,
  );
  const inputs = [...sets].map(([id, { centre }]) => {
    return [id, repeated(b, centre, batch, count)] as const;
  });
  return stackedCopies(b, inside, new Map(inputs), multiply(batch, count), batch);
}

interface RowsOfNetwork {
  readonly rows: Node;
  readonly count: number;
  /** Undefined: one row, over the network itself. */
  readonly copies: ReadonlyMap<number, Node> | undefined;
}

function sizesOver(
  p: MeanValueContext,
  output: Node,
  { rows, count, copies }: RowsOfNetwork,
): GradientSizes {
  const { b, batch, sets, rounding } = p;
  const copyOf = (node: Node): Node => copies?.get(node.id) ?? node;
  const originals = new Map([...(copies ?? [])].map(([id, copy]) => [copy.id, b.nodes[id]]));
  const originalOf = (node: Node): Node => originals.get(node.id) ?? node;
  const stacked = (value: Node): Node =>
    count === 1 && !copies ? value : repeated(b, value, batch, count);
  const errors = new RoundingErrors(p);
  const row = b.reshape(rows, [multiply(batch, count), ...output.shape.slice(1)]);
  const rounded: Rounded[] = errors.ofAffine(output, row);
  const inputs = b.nodes.filter(({ id }) => sets.has(id));
  const pulled = pullBack(b, copyOf(output), row, inputs.map(copyOf), {
    observe: (node, cotangent, operand) => {
      rounded.push(...errors.of(originalOf(node), cotangent, operand && originalOf(operand)));
    },
  });
  const seeds = inputs.map((input) => {
    const { lower, upper } = p.boundsOf(input);
    const box = { lower: stacked(lower), upper: stacked(upper) };
    return [copyOf(input).id, exactly(b, copyOf(input), box)] as const;
  });
  // Rows are exact: ones and zeros, or what the caller says they are.
  const point = exactly(b, row, { lower: row, upper: row });
  const bounded = new Set([
    ...(copies?.values() ?? []),
    ...(copies ? [] : b.nodes.slice(0, output.id + 1)),
  ]);
  const inner = p.propagate(new Map([...seeds, [row.id, point]]), rounding, {
    given: (node) => {
      if (!bounded.has(node) || rulesOf(node).kind === 'source') return undefined;
      const { lower, upper } = p.boundsOf(originalOf(node));
      return { lower: stacked(lower), upper: stacked(upper) };
    },
  });
  const reach = (value: Node): Node => {
    const size = elementCount(value.shape.slice(1));
    return b.reshape(magnitude(b, inner.boundsOf(value)), [batch, count, size]);
  };
  const sizes = inputs.flatMap((input) => {
    const [set, gradient] = [sets.get(input.id), pulled.get(copyOf(input).id)];
    return set && gradient ? [[set, reach(gradient)] as const] : [];
  });
  const reached = rounded.map(({ cotangent, error }) => ({ cotangent: reach(cotangent), error }));
  const perRow = b.reshape(inner.finite(), [batch, count]);
  return {
    sizes: new Map(sizes),
    errors: reached,
    finite: b.neg(b.maximum(b.neg(perRow), [1])),
  };
}

/** At least Σ sizes·|δ| over the set, δ from its centre, for sizes [batch, rows, n]: [batch, rows]. */
function spread(b: Builder, set: InputSet, sizes: Node): Node {
  const { centre, box } = set;
  const [batch = 1, count = 1, width = 1] = sizes.shape;
  if (set.isBox) {
    const away = b.max(b.sub(box.upper, centre), b.sub(centre, box.lower));
    return products(b, batch, sizes, b.mul(away, 1 + 2 ** -20));
  }
  const rows = b.reshape(sizes, [multiply(batch, known(count, 'rows')), width]);
  if (set.spread) return set.spread(rows, false);
  return b.add(set.support(rows, false), set.support(b.neg(rows), false));
}

/** At least Σ a·c over the elements, both not negative: a [batch, rows, n], c [batch, …]. */
function products(b: Builder, batch: Dimension, a: Node, c: Node): Node {
  const [, count = 1, width = 1] = a.shape;
  const size = known(width, 'a layer');
  const sum = b.matMul(a, b.reshape(c, [batch, size, 1]));
  return b.add(b.mul(b.reshape(sum, [batch, count]), 1 + 2 * gamma(size + 8)), size * 2 ** -120);
}
