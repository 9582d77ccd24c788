/**
 * Constants that a runtime may multiply with each other before a value meets them: a convolution's weights with
 * the scale behind it, scales before and behind a product. In float32 such a product may underflow or overflow
 * where the file's own order does neither, and what is lost is multiplied by the value, however large it is.
 */
import type { Builder } from '../graph/builder.ts';
import type { Dimension } from '../graph/dimension.ts';
import type { Node } from '../graph/graph.ts';
import { type Bounds, isExact, type RoundingModel } from '../graph/ops/definition.ts';
import { magnitude, outwardBy } from '../graph/ops/outward.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { isAffine } from './affine.ts';
import { rulesOf } from './lowering.ts';

export interface Factors {
  /** The value that is multiplied. */
  readonly base: Node;
  /** How many constants, one after the other. */
  readonly count: number;
  /** Whether one of them is a sum's weights: there is one in a fusion at most. */
  readonly sums: boolean;
  /** At least the product of any of them, summed over all ways through them. */
  readonly size: number;
  /** Points that are factors too, but computed. */
  readonly computed: readonly { readonly point: Node; readonly divides: boolean }[];
}

/** By a node's id, where at least two constants may be multiplied first. */
export function constantFactors(
  nodes: readonly Node[],
  perturbed: (id: number) => boolean,
): ReadonlyMap<number, Factors> {
  const all = new Map<number, Factors>();
  const coupled = new Map<number, Factors>();
  for (const node of nodes) {
    if (!perturbed(node.id)) continue;
    const own = factorsOf(nodes, node, perturbed, all);
    if (own) all.set(node.id, own);
    const before = own ? undefined : scalesBefore(nodes, node, perturbed, all);
    if (before) coupled.set(node.id, before);
  }
  return new Map([...[...all].filter(([, { count }]) => count > 1), ...coupled]);
}

/** Scales of the factors of a sum of products, which a runtime may put behind it. */
function scalesBefore(
  nodes: readonly Node[],
  node: Node,
  perturbed: (id: number) => boolean,
  known: ReadonlyMap<number, Factors>,
): Factors | undefined {
  const rules = rulesOf(node);
  if (!rules.linearIn || isAffine(node, perturbed)) return undefined;
  const operands = node.operands.flatMap((id) => nodes[id] ?? []);
  const terms = rules.terms?.(node, operands) ?? 0;
  if (terms <= 1) return undefined;
  const scaleOf = ({ id }: Node): Factors | undefined => {
    const own = known.get(id);
    return own?.sums === false ? own : undefined;
  };
  const scales = operands.flatMap((operand) => scaleOf(operand) ?? []);
  const [first] = scales;
  if (!first) return undefined;
  const others = operands.filter((operand) => !scaleOf(operand));
  const values = [...scales.slice(1).map(({ base }) => base), ...others];
  return {
    base: first.base,
    count: scales.reduce((sum, { count }) => sum + count, 1),
    sums: true,
    size: scales.reduce((product, { size }) => product * size, terms),
    computed: [
      ...scales.flatMap(({ computed }) => computed),
      ...values.map((point) => ({ point, divides: false })),
    ],
  };
}

function factorsOf(
  nodes: readonly Node[],
  node: Node,
  perturbed: (id: number) => boolean,
  known: ReadonlyMap<number, Factors>,
): Factors | undefined {
  if (!isAffine(node, perturbed)) return undefined;
  const operands = node.operands.flatMap((id) => nodes[id] ?? []);
  const [moving, ...others] = operands.filter(({ id }) => perturbed(id));
  if (!moving || others.length > 0) return undefined;
  const rules = rulesOf(node);
  const terms = rules.terms?.(node, operands) ?? 0;
  const before = known.get(moving.id);
  // What is moved, or shifted by a constant, is multiplied all the same.
  if (!rules.linearIn) return terms <= 1 ? before : undefined;
  const [point] = operands.filter(({ id }) => !perturbed(id));
  if (!point || rules.kind === 'structural') return before;
  const sums = terms > 1;
  const divides = rules.divides === true;
  const start =
    before && !(sums && before.sums)
      ? before
      : { base: moving, count: 0, sums: false, size: 1, computed: [] };
  const factor = constantSize(nodes, point, divides);
  return {
    base: start.base,
    count: start.count + 1,
    sums: start.sums || sums,
    size: start.size * Math.max(terms, 1) * (factor ?? 1),
    computed: factor === undefined ? [...start.computed, { point, divides }] : start.computed,
  };
}

const sizes = new WeakMap<Tensor, readonly [least: number, most: number]>();

/** At least 1, and as any of the constant's numbers or, where it divides, their inverses; undefined where it is computed. */
function constantSize(nodes: readonly Node[], point: Node, divides: boolean): number | undefined {
  if (point.op === 'constant') {
    const [least, most] = sizesOf(point.attributes.tensor);
    return divides ? Math.max(1, 1 / least) : Math.max(1, most);
  }
  const [first, ...others] = point.operands;
  const moved = rulesOf(point).kind === 'structural' && others.length === 0;
  const source = moved && first !== undefined ? nodes[first] : undefined;
  return source && constantSize(nodes, source, divides);
}

/** The least and the greatest |number|. */
function sizesOf(tensor: Tensor): readonly [number, number] {
  const known = sizes.get(tensor);
  if (known) return known;
  let [least, most] = [Infinity, 0];
  for (let i = 0; i < tensor.data.length; i++) {
    const size = Math.abs(Number(tensor.data[i]));
    // Not for NaN either.
    if (!(size >= least)) least = size;
    if (!(size <= most)) most = size;
  }
  sizes.set(tensor, [least, most]);
  return [least, most];
}

interface Around {
  readonly b: Builder;
  readonly batch: Dimension;
  readonly boundsOf: (node: Node) => Bounds;
}

/**
 * At least what any product of some of the factors and of the base can be, the base being at most so large:
 * [batch, 1, …] of the rank of a value that it is to be added to, or a scalar; infinite where one may overflow.
 */
export function greatestProduct(
  { b, batch, boundsOf }: Around,
  { size, computed }: Factors,
  base: Node,
  { shape }: Pick<Node, 'shape'>,
): Node {
  // Where samples do not come first, one number serves them all.
  const rank = shape[0] === batch ? shape.length : 0;
  const total = (value: Node): Node => {
    if (value.shape[0] === batch && rank > 0) return b.perRow(b.sumRows(value), rank);
    return b.sum(
      value,
      value.shape.map((_, i) => i),
    );
  };
  const points = computed.map(({ point, divides }) => {
    const ends = boundsOf(point);
    const nearest = b.max(b.relu(ends.lower), b.relu(b.neg(ends.upper)));
    return b.add(total(divides ? b.reciprocal(nearest) : magnitude(b, ends)), 1);
  });
  const whole = points.reduce((product, each) => b.mul(product, each), b.add(total(base), 1));
  return b.mul(whole, size);
}

interface Rounded extends Around {
  readonly rounding: RoundingModel;
  readonly factorsOf: (node: Node) => Factors | undefined;
}

/** What a node's value loses where constants are multiplied first; undefined where none are, or nothing is rounded. */
export function regroupingError(context: Rounded, node: Node): Node | undefined {
  const { b, rounding, boundsOf } = context;
  const factors = context.factorsOf(node);
  if (!factors || isExact(rounding)) return undefined;
  const base = magnitude(b, boundsOf(factors.base));
  const product = greatestProduct(context, factors, base, node);
  return b.mul(product, rounding.tiny(factors.count));
}

/** Ends of a node's value with room for that. */
export function regroupedEnds(context: Rounded, node: Node, bounds: Bounds): Bounds {
  const error = regroupingError(context, node);
  return error ? outwardBy(context.b, bounds, error) : bounds;
}
