/**
 * Interval bound propagation as a graph transform: every value gets a lower and an upper end over a
 * set of inputs, rounded outward. Two things make it tighter than box arithmetic alone: affine
 * functions of the input use the set's own support function (exact in every norm), and the
 * specification's rows are folded into the last affine region instead of being applied to ends.
 *
 * Gowal et al. 2018 for the box arithmetic; rounding as in the design's "Soundness".
 */
import type { Builder } from '../graph/builder.ts';
import { divide, type Dimension, elementCount } from '../graph/dimension.ts';
import { ancestors, type Graph, holdsNonFinite, type Node } from '../graph/graph.ts';
import { type Bounds, isPoint, RuleMissing, type RoundingModel } from '../graph/ops/definition.ts';
import { magnitude, outwardBy } from '../graph/ops/outward.ts';
import {
  affineRegion,
  type AffineRegion,
  evaluateRegion,
  isAffine,
  isRowwise,
  pullRows,
  regionMagnitude,
  regionReach,
  regionTerms,
} from './affine.ts';
import { backwardBound, type BackwardBound, type FreeSlopes } from './backward-bounds.ts';
import { fusedTerms } from './fusion.ts';
import type { InputSet } from './input-set.ts';
import { lowerBound, type RegionBounds } from './interval-specification.ts';
import { rulesOf } from './lowering.ts';

/** An affine value that something bends next. */
export interface Stop {
  readonly node: Node;
  /** Whether it is affine in the input itself, so that nothing bounds it better. */
  readonly first: boolean;
  /** Whether only hinges bend it: where its interval lies on one side of 0 nothing does. */
  readonly hinges: boolean;
}

export interface IntervalPropagation {
  /** Ends of a node of the graph. */
  readonly boundsOf: (node: Node) => Bounds;
  /** Lower bound of rows·output, rows [batch, rows, outputs] as a value: [batch, rows]. */
  readonly lowerBoundOf: (output: Node, rows: Node) => Node;
  /** The same by backward linear bounds, never less than lowerBoundOf. */
  readonly linearBoundOf: (output: Node, rows: Node) => Node;
  /** By backward linear bounds alone, with free slopes below hinges. */
  readonly backwardBoundOf: (output: Node, rows: Node, slopes?: FreeSlopes) => BackwardBound;
  /** Before an output: values whose own bounds, where they are given, make all behind them tighter. */
  readonly stops: (output: Node) => readonly Stop[];
  /** 1 for rows where every value inside was finite, else 0: [batch]. */
  readonly finite: () => Node;
}

/** Coefficient rows of a first layer are kept whole up to this many numbers. */
const DENSE_ROWS = 2 ** 24;
/**
 * Ends below this keep every sum of the network, in any order, from overflowing: ends are at least
 * 2·γ·Σ|terms| apart, and γ ≥ 2⁻²¹, so that Σ|terms| < 2¹²⁷.
 */
const OVERFLOWING = 2 ** 107;

/**
 * Propagates through nodes already in the builder: a copy of the network over the sets' centres
 * (so a node's own value is its value at the centres), every op with a range rule (replayLowered).
 */
export function propagateIntervals(
  b: Builder,
  network: Graph,
  sets: ReadonlyMap<number, InputSet>,
  rounding: RoundingModel,
  options: PropagationOptions = {},
): IntervalPropagation {
  return new Propagation(b, network.nodes.slice(), sets, rounding, options);
}

export interface PropagationOptions {
  /** Affine values of up to so many elements are bounded backwards too, where something bends them. */
  readonly linearUpTo?: number;
  /** Bounds of values that are known already. */
  readonly given?: (node: Node) => Bounds | undefined;
}

class Propagation implements IntervalPropagation, RegionBounds {
  readonly b: Builder;
  private readonly nodes: readonly Node[];
  readonly sets: ReadonlyMap<number, InputSet>;
  readonly rounding: RoundingModel;
  private readonly bounds = new Map<number, Bounds>();
  private readonly perturbed: boolean[];
  private readonly fused: number[];
  readonly batch: Dimension;
  private readonly watched = new Set<Node>();
  private readonly linearUpTo: number;
  private readonly given: (node: Node) => Bounds | undefined;

  constructor(
    b: Builder,
    nodes: readonly Node[],
    sets: ReadonlyMap<number, InputSet>,
    rounding: RoundingModel,
    { linearUpTo = 0, given = () => undefined }: PropagationOptions,
  ) {
    this.b = b;
    this.linearUpTo = linearUpTo;
    this.given = given;
    this.nodes = nodes;
    this.sets = sets;
    this.rounding = rounding;
    const [first] = sets.values();
    this.batch = first?.centre.shape[0] ?? 1;
    this.perturbed = nodes.map((node) => sets.has(node.id));
    for (const node of nodes) {
      if (node.operands.some((id) => this.perturbed[id])) this.perturbed[node.id] = true;
    }
    this.fused = fusedTerms(nodes, (id) => this.perturbed[id] ?? false);
  }

  readonly boundsOf = (node: Node): Bounds => {
    // Iteratively from the front: deep networks would overflow the stack otherwise.
    const needed = this.sourcesOf(node);
    for (const candidate of needed) {
      if (!this.bounds.has(candidate.id)) this.bounds.set(candidate.id, this.compute(candidate));
    }
    return this.known(node);
  };

  /** What a node's ends are computed from, itself last; what is known already needs nothing. */
  private sourcesOf(node: Node): Node[] {
    const marked = new Set<number>([node.id]);
    for (let id = node.id; id >= 0; id--) {
      const each = this.nodes[id];
      if (!each || !marked.has(id) || this.bounds.has(id) || this.given(each)) continue;
      for (const operand of each.operands) marked.add(operand);
    }
    return this.nodes.filter(({ id }) => marked.has(id));
  }

  private known(node: Node): Bounds {
    const bounds = this.bounds.get(node.id);
    if (!bounds) throw new RangeError(`node ${node.id} has no bounds yet`);
    return bounds;
  }

  private compute(node: Node): Bounds {
    const known = this.sets.get(node.id)?.box ?? this.given(node);
    if (known) return this.watch(known);
    const definition = rulesOf(node);
    const { kind } = definition;
    if (kind === 'source') return { lower: node, upper: node };
    // Values moved about but not computed from constants stay points.
    const operands = node.operands.map((id) => this.known(this.nodes[id] ?? node));
    if (kind === 'structural' && operands.every(isPoint)) return { lower: node, upper: node };
    const fused = this.fused[node.id] ?? 0;
    const { b, rounding } = this;
    const context = { b, node, operands, rounding, fused };
    const bounds = b.labelled(`interval of ${node.label}`, () => definition.range?.(context));
    if (!bounds) throw new RuleMissing('interval', node, 'no bound can be proven through it');
    return this.watch(this.sharpened(node, this.watch(bounds)));
  }

  /** Intersects an affine function of a non-box input with what the support function gives. */
  private sharpened(node: Node, bounds: Bounds): Bounds {
    if (!this.feedsNonlinear(node)) return bounds;
    const region = this.regionOf(node);
    const [seed] = region.frontier;
    if (!region.frontier.every(({ id }) => this.sets.has(id))) {
      return this.linearly(node, region, bounds);
    }
    const set = seed && this.sets.get(seed.id);
    if (!seed || !set || set.isBox || region.frontier.length !== 1 || region.inside.length === 0) {
      return bounds;
    }
    const outputs = elementCount(node.shape.slice(1));
    const inputs = elementCount(seed.shape.slice(1));
    if (typeof outputs !== 'number' || typeof inputs !== 'number') return bounds;
    if (outputs * inputs > DENSE_ROWS || !this.isFoldable(region)) return bounds;
    const { b } = this;
    const identity = b.constant(identityTensor(outputs));
    const spec = b.reshape(identity, [outputs, ...node.shape.slice(1)]);
    const rows = pullRows(b, region, spec, this.batch)?.get(seed.id);
    if (!rows) return bounds;
    const flat = this.watchedNode(b.reshape(rows, [outputs, inputs]));
    const reach = (coefficients: Node): Node =>
      b.reshape(set.support(coefficients, true), [this.batch, ...node.shape.slice(1)]);
    const centre = evaluateRegion(b, region, new Map([[seed.id, set.centre]]));
    const error = this.regionError(region);
    const ends = {
      lower: b.sub(centre, reach(b.neg(flat))),
      upper: b.add(centre, reach(flat)),
    };
    const sharp = outwardBy(b, ends, error);
    this.watch(sharp);
    return { lower: b.max(bounds.lower, sharp.lower), upper: b.min(bounds.upper, sharp.upper) };
  }

  /** Intersects an affine function of values that something bent with its backward linear bounds. */
  private linearly(node: Node, region: AffineRegion, bounds: Bounds): Bounds {
    const size = elementCount(node.shape.slice(1));
    if (typeof size !== 'number' || size > this.linearUpTo || !this.isFoldable(region)) {
      return bounds;
    }
    // The pass asks for the ends of values on its way, this one's among them.
    this.bounds.set(node.id, bounds);
    const { b, batch } = this;
    const identity = identityTensor(size);
    const both = b.concat([b.constant(identity), b.neg(b.constant(identity))], 0);
    const rows = b.expand(b.reshape(both, [1, 2 * size, size]), [batch, 2 * size, size]);
    const least = backwardBound(this, node, rows).lower;
    const shape = [batch, ...node.shape.slice(1)];
    return this.watch({
      lower: b.max(bounds.lower, b.reshape(b.slice(least, 1, 0, size), shape)),
      upper: b.min(bounds.upper, b.neg(b.reshape(b.slice(least, 1, size, 2 * size), shape))),
    });
  }

  /**
   * Whether rows can be pulled through the region: its values are rows, and what it takes for points
   * are exact. A weight that the network computes is only known up to its rounding, which box
   * arithmetic accounts for.
   */
  isFoldable(region: AffineRegion): boolean {
    const exact = (id: number): boolean => {
      const node = this.nodes[id];
      return this.perturbed[id] === true || (node !== undefined && isPoint(this.boundsOf(node)));
    };
    return (
      isRowwise(region, this.batch) && region.inside.every((node) => node.operands.every(exact))
    );
  }

  private feedsNonlinear(node: Node): boolean {
    if (!this.perturbed[node.id] || !isAffine(node, (id) => this.perturbed[id] ?? false))
      return false;
    return this.nodes.some(
      (user) =>
        user.operands.includes(node.id) && !isAffine(user, (id) => this.perturbed[id] ?? false),
    );
  }

  regionOf(output: Node): AffineRegion {
    return affineRegion(
      this.nodes,
      output,
      (id) => this.perturbed[id] ?? false,
      (id) => this.sets.has(id),
    );
  }

  /**
   * Error of a region's bound: of evaluating it (by the network, and at the centre), relative to its
   * terms; and of its rows, relative to the same terms over how far the frontier is from its centre.
   */
  regionError(region: AffineRegion): Node {
    const { b, rounding } = this;
    const sizes = new Map<number, Node>();
    const reaches = new Map<number, Node>();
    for (const node of region.frontier) {
      const bounds = this.known(node);
      sizes.set(node.id, magnitude(b, bounds));
      reaches.set(node.id, b.abs(b.sub(bounds.upper, bounds.lower)));
    }
    const terms = regionTerms(b, region);
    const values = b.mul(regionMagnitude(b, region, sizes), rounding.gamma(terms));
    const rows = b.mul(regionReach(b, region, reaches), rounding.own(2 * terms));
    return b.add(b.add(values, rows), 4 * rounding.tiny(terms));
  }

  readonly lowerBoundOf = (output: Node, rows: Node): Node => lowerBound(this, output, rows);

  readonly linearBoundOf = (output: Node, rows: Node): Node =>
    this.b.max(lowerBound(this, output, rows), backwardBound(this, output, rows).lower);

  readonly backwardBoundOf = (output: Node, rows: Node, slopes?: FreeSlopes): BackwardBound =>
    backwardBound(this, output, rows, slopes);

  readonly stops = (output: Node): readonly Stop[] => {
    const needed = ancestors({ nodes: this.nodes, inputs: [], outputs: [] }, [output.id]);
    return this.nodes
      .filter((node) => needed[node.id] && node.id !== output.id && this.feedsNonlinear(node))
      .map((node) => {
        const region = this.regionOf(node);
        const first = region.frontier.every(({ id }) => this.sets.has(id));
        const users = this.nodes.filter(({ operands }) => operands.includes(node.id));
        const bent = users.filter((user) => !isAffine(user, (id) => this.perturbed[id] ?? false));
        const hinges = bent.every((user) => rulesOf(user).hinge?.(user.attributes) !== undefined);
        return { node, first, hinges };
      });
  };

  private watch(bounds: Bounds): Bounds {
    this.watched.add(bounds.lower);
    this.watched.add(bounds.upper);
    return bounds;
  }

  watchedNode(node: Node): Node {
    this.watched.add(node);
    return node;
  }

  // Σ|v| < OVERFLOWING holds only if every v is finite; sums and |·| let no NaN escape, unlike
  // ReduceMax, MaxPool, Where or comparisons. A value whose rows do not lie one behind the other speaks
  // for all rows. A weight that is no finite number is looked for here: an op may swallow it.
  readonly finite = (): Node => {
    const { b, batch } = this;
    const sums = [...this.watched].map((node) => {
      const [first = 1] = node.shape;
      const perRow = divide(elementCount(node.shape), batch);
      return perRow === undefined || divide(first, batch) === undefined
        ? b.reshape(sumAll(b, b.abs(node)), [1])
        : b.sum(b.abs(b.reshape(node, [batch, perRow])), [1]);
    });
    const start = this.nodes.some(holdsNonFinite) ? Infinity : 0;
    const total = sums.reduce((sum, part) => b.add(sum, part), b.scalar(start));
    return b.greater(OVERFLOWING, b.expand(total, [batch]));
  };
}

function sumAll(b: Builder, value: Node): Node {
  return b.sum(
    value,
    value.shape.map((_, i) => i),
  );
}

function identityTensor(size: number): { type: 'float32'; shape: number[]; data: Float32Array } {
  const data = new Float32Array(size * size);
  for (let i = 0; i < size; i++) data[i * (size + 1)] = 1;
  return { type: 'float32', shape: [size, size], data };
}
