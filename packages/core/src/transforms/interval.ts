/**
 * Interval bound propagation as a graph transform: every value gets a lower and an upper end over a
 * set of inputs, rounded outward. Two things make it tighter than box arithmetic alone: affine
 * functions of the input use the set's own support function (exact in every norm), and the
 * specification's rows are folded into the last affine region instead of being applied to ends.
 *
 * Gowal et al. 2018 for the box arithmetic; rounding as in the design's "Soundness".
 */
import type { Builder } from '../graph/builder.ts';
import { type Dimension, elementCount, multiply } from '../graph/dimension.ts';
import { type Graph, holdsNonFinite, type Node } from '../graph/graph.ts';
import { type Bounds, isPoint, RuleMissing, type RoundingModel } from '../graph/ops/definition.ts';
import { backwardEnds, closeEnds, supportedEnds } from './affine-ends.ts';
import { constantFactors, type Factors, regroupedEnds } from './constant-factors.ts';
import { finiteFlag } from './finite-flag.ts';
import { affineRegion, type AffineRegion, isRowwise, pullRows } from './affine.ts';
import { backwardBound, type BackwardBound, type BackwardOptions } from './backward-bounds.ts';
import { forwardBounds } from './forward-bounds.ts';
import { fusedTerms } from './fusion.ts';
import type { InputSet } from './input-set.ts';
import { lowerBound } from './interval-specification.ts';
import { rulesOf } from './lowering.ts';
import { pulledLoss, regionError } from './region-errors.ts';
import {
  gradientSizesOf,
  type MeanValueContext,
  meanValueLowerBound,
  type SizedGradient,
} from './mean-value.ts';
import {
  type RelaxedChoices,
  type RelaxedPass,
  relaxedPass,
  type RelaxedRows,
} from './relaxed-pass.ts';
import { regionRows, type RegionRows } from './region-rows.ts';
import { feedsNonlinear, type Stop, stopsBefore } from './stops.ts';

export interface IntervalPropagation {
  /** Ends of a node of the graph. */
  readonly boundsOf: (node: Node) => Bounds;
  /** Lower bound of rows·output, rows [batch, rows, outputs] as a value: [batch, rows]. */
  readonly lowerBoundOf: (output: Node, rows: Node) => Node;
  /** The same by backward linear bounds, never less than lowerBoundOf. */
  readonly linearBoundOf: (output: Node, rows: Node) => Node;
  /** By backward linear bounds alone, with free slopes below hinges. */
  readonly backwardBoundOf: (output: Node, rows: Node, options?: BackwardOptions) => BackwardBound;
  /** A pass back and one forth, for choosing; undefined where not all of it has lines. */
  readonly relaxedPassOf: (
    output: Node,
    rows: RelaxedRows,
    choices: RelaxedChoices,
  ) => RelaxedPass | undefined;
  /**
   * Coefficients of the one value that something bent and from which an affine output starts, for rows
   * [batch, rows, outputs]: [batch·rows, …value]. Undefined where there is not one such value.
   */
  readonly pulledRows: (output: Node, rows: Node) => Node | undefined;
  /** Ends by forward linear bounds; the propagation must be over one input. */
  readonly forwardBounds: () => (node: Node) => Bounds;
  /** By the mean value theorem, from bounds on the gradient. Throws ModelError where a value jumps. */
  readonly meanValueBoundOf: (output: Node, rows: Node) => Node;
  /**
   * At least |∂(row·output)/∂input| anywhere on the set, [batch, rows, n], by intervals of the gradient; the
   * propagation must be over one input. Throws ModelError where a value jumps.
   */
  readonly gradientSizesOf: (output: Node, rows: Node) => SizedGradient;
  /** The affine region that ends in a value, as numbers; undefined where its rows cannot be had. */
  readonly rowsOf: (output: Node) => RegionRows | undefined;
  /** Before an output: values whose own bounds, where they are given, make all behind them tighter. */
  readonly stops: (output: Node) => readonly Stop[];
  /** 1 for rows where every value inside was finite, else 0: [batch]. */
  readonly finite: () => Node;
  /** The same for each operation of the file by itself, in order. */
  readonly finiteBy: () => readonly FiniteOperation[];
}

export interface FiniteOperation {
  readonly label: string;
  /** 1 for rows where every bound of its values was finite, else 0: [batch]. */
  readonly finite: Node;
}

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
  /** Bounds of values that are known already, and known to be finite. */
  readonly given?: (node: Node) => Bounds | undefined;
}

class Propagation implements IntervalPropagation, MeanValueContext {
  readonly b: Builder;
  readonly nodes: readonly Node[];
  readonly sets: ReadonlyMap<number, InputSet>;
  readonly rounding: RoundingModel;
  private readonly bounds = new Map<number, Bounds>();
  private readonly depends: boolean[];
  /** Whether a node depends on what is perturbed. */
  readonly perturbed = (id: number): boolean => this.depends[id] ?? false;
  private readonly fused: number[];
  private readonly factors: ReadonlyMap<number, Factors>;
  readonly batch: Dimension;
  /** By the operation whose bounds they belong to. */
  private readonly watched = new Map<Node, string>();
  private label = '';
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
    this.depends = nodes.map((node) => sets.has(node.id));
    for (const node of nodes) {
      if (node.operands.some(this.perturbed)) this.depends[node.id] = true;
    }
    this.fused = fusedTerms(nodes, this.perturbed);
    this.factors = constantFactors(nodes, this.perturbed);
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
    const given = this.given(node);
    if (given) return given;
    this.label = node.label;
    const known = this.sets.get(node.id)?.box;
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
    return this.watch(this.sharpened(node, this.watch(regroupedEnds(this, node, bounds))));
  }

  readonly factorsOf = (node: Node): Factors | undefined => this.factors.get(node.id);

  /** Intersects an affine function with what is known of it beyond its interval. */
  private sharpened(node: Node, bounds: Bounds): Bounds {
    if (!feedsNonlinear(this, node)) return bounds;
    const region = this.regionOf(node);
    if (!this.isFoldable(region)) return bounds;
    const sharp = region.frontier.every(({ id }) => this.sets.has(id))
      ? (supportedEnds(this, region) ?? closeEnds(this, region))
      : this.backwardEnds(node, bounds);
    if (!sharp) return bounds;
    this.watch(sharp);
    const { b } = this;
    return { lower: b.max(bounds.lower, sharp.lower), upper: b.min(bounds.upper, sharp.upper) };
  }

  private backwardEnds(node: Node, bounds: Bounds): Bounds | undefined {
    const size = elementCount(node.shape.slice(1));
    if (typeof size !== 'number' || size > this.linearUpTo) return undefined;
    // The pass asks for the ends of values on its way, this one's among them.
    this.bounds.set(node.id, bounds);
    return backwardEnds(this, node, size);
  }

  /**
   * Whether rows can be pulled through the region: its values are rows, and what it takes for points
   * are exact. A weight that the network computes is only known up to its rounding, which box
   * arithmetic accounts for.
   */
  isFoldable(region: AffineRegion): boolean {
    const exact = (id: number): boolean => {
      const node = this.nodes[id];
      return this.perturbed(id) || (node !== undefined && isPoint(this.boundsOf(node)));
    };
    return (
      isRowwise(region, this.batch) && region.inside.every((node) => node.operands.every(exact))
    );
  }

  regionOf(output: Node): AffineRegion {
    return affineRegion(this.nodes, output, this.perturbed, (id) => this.sets.has(id));
  }

  regionError(region: AffineRegion): Node {
    return regionError(this, region);
  }

  pulledLoss(region: AffineRegion): Node | undefined {
    return pulledLoss(this, region);
  }

  readonly lowerBoundOf = (output: Node, rows: Node): Node => lowerBound(this, output, rows);

  propagate(
    sets: ReadonlyMap<number, InputSet>,
    rounding: RoundingModel,
    options: PropagationOptions,
  ): IntervalPropagation {
    return new Propagation(this.b, this.b.nodes.slice(), sets, rounding, options);
  }

  readonly meanValueBoundOf = (output: Node, rows: Node): Node =>
    meanValueLowerBound(this, output, rows);

  readonly gradientSizesOf = (output: Node, rows: Node): SizedGradient =>
    gradientSizesOf(this, output, rows);

  readonly linearBoundOf = (output: Node, rows: Node): Node =>
    this.b.max(lowerBound(this, output, rows), backwardBound(this, output, rows).lower);

  readonly forwardBounds = (): ((node: Node) => Bounds) => forwardBounds(this);

  readonly backwardBoundOf = (output: Node, rows: Node, options?: BackwardOptions): BackwardBound =>
    backwardBound(this, output, rows, options);

  readonly relaxedPassOf = (
    output: Node,
    rows: RelaxedRows,
    choices: RelaxedChoices,
  ): RelaxedPass | undefined => relaxedPass(this, output, rows, choices);

  readonly pulledRows = (output: Node, rows: Node): Node | undefined => {
    const region = this.regionOf(output);
    const [start, ...others] = region.frontier;
    if (!start || others.length > 0 || this.sets.has(start.id)) return undefined;
    if (region.inside.length === 0 || !this.isFoldable(region)) return undefined;
    const { b, batch } = this;
    const stacked = [multiply(batch, rows.shape[1] ?? 1), ...output.shape.slice(1)];
    return pullRows(b, region, b.reshape(rows, stacked), batch)?.get(start.id);
  };

  readonly rowsOf = (output: Node): RegionRows | undefined => regionRows(this, output);

  readonly stops = (output: Node): readonly Stop[] => stopsBefore(this, this, output);

  private watch(bounds: Bounds): Bounds {
    this.watchedNode(bounds.lower);
    this.watchedNode(bounds.upper);
    return bounds;
  }

  watchedNode(node: Node): Node {
    if (!this.watched.has(node)) this.watched.set(node, this.label);
    return node;
  }

  readonly finite = (): Node => {
    const isPoisoned = this.nodes.some((node) => this.bounds.has(node.id) && holdsNonFinite(node));
    return finiteFlag(this.b, this.watched.keys(), this.batch, isPoisoned);
  };

  readonly finiteBy = (): FiniteOperation[] => {
    const watched = new Map<string, Node[]>();
    for (const [node, label] of this.watched) {
      watched.set(label, [...(watched.get(label) ?? []), node]);
    }
    const poisoned = new Set<string>();
    const constants = this.nodes.filter(holdsNonFinite).map(({ id }) => id);
    for (const node of this.nodes) {
      const holds = node.operands.some((id) => constants.includes(id));
      if (holds && this.bounds.has(node.id)) poisoned.add(node.label);
    }
    return [...watched].map(([label, nodes]) => {
      const finite = finiteFlag(this.b, nodes, this.batch, poisoned.has(label));
      return { label, finite };
    });
  };
}
