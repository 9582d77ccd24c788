/**
 * What an op must state. Transforms ask for a rule by its kind and never branch on an op's name; an
 * op that lacks a rule may state a `lower`ing into other ops instead, and one that lacks both is a
 * typed error (RuleMissing), never a silent skip.
 *
 * Kinds, decided per node by which operands depend on a perturbed value:
 * - structural: moves elements, never computes (reshape, slice, …): no rounding, adjoint only
 * - linear: sums and products with points: adjoint gives gradient and backward bound
 * - elementwise: one operand, element by element
 * - coupled: several perturbed operands or elements meet non-linearly
 * - step: piecewise constant; gradient zero by definition
 */
import type { Builder } from '../builder.ts';
import type { Dimension } from '../dimension.ts';
import type { Node, NodeOf, OpAttributes, OpName, ValueType } from '../graph.ts';
import type { Blocked } from './blocked.ts';
import type { Emitter } from './emitter.ts';
import type { Lines } from './lines.ts';
import type { PlaneContext, Planes } from './planes.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Window, Windowed } from './windows.ts';

export { ShapeError } from '../dimension.ts';

export type OpKind = 'source' | 'structural' | 'linear' | 'elementwise' | 'coupled' | 'step';

/** Lower and upper end of a value; the same node twice for a point. */
export interface Bounds {
  readonly lower: Node;
  readonly upper: Node;
}

export function isPoint(bounds: Bounds): boolean {
  return bounds.lower === bounds.upper;
}

export interface GradientContext<K extends OpName> {
  readonly b: Builder;
  readonly node: NodeOf<K>;
  readonly operands: readonly Node[];
  readonly output: Node;
  readonly cotangent: Node;
}

/**
 * Rounding as the design's "Soundness" wants it. `gamma(n)` is the relative error, per |term|, of a
 * sum of n products; `tiny(n)` its absolute underflow. Both cover the bound's own arithmetic and,
 * under float32 semantics, the network's.
 */
export interface RoundingModel {
  gamma(n: number): number;
  /** The part of gamma that is the bound's own arithmetic. */
  own(n: number): number;
  tiny(n: number): number;
}

/** Whether a model leaves rounding out: then nothing is written to pay for it. */
export function isExact(rounding: RoundingModel): boolean {
  return rounding.own(1) === 0;
}

export interface RangeContext<K extends OpName> {
  readonly b: Builder;
  readonly node: NodeOf<K>;
  readonly operands: readonly Bounds[];
  readonly rounding: RoundingModel;
  /** Products and sums a runtime may fuse with this node's (the longest chain of its region). */
  readonly fused: number;
}

export interface RelaxContext<K extends OpName> {
  readonly b: Builder;
  readonly node: NodeOf<K>;
  readonly x: Bounds;
  readonly centre: Node;
  readonly rounding: RoundingModel;
}

export interface OpDefinition<K extends OpName> {
  readonly kind: OpKind;
  /** Result type; throws ShapeError. */
  infer(attributes: OpAttributes[K], operands: readonly ValueType[]): ValueType;
  /** Writes ONNX nodes and returns the name of the result. */
  emit(emitter: Emitter, node: NodeOf<K>, operands: readonly Node[]): string;
  /**
   * The cotangent of one operand: cotangentᵀ·∂output/∂operand, of the operand's shape; undefined
   * where the derivative is zero by definition. For linear ops this is the adjoint and uses no
   * value of the operand itself.
   */
  gradient?(context: GradientContext<K>, operand: number): Node | undefined;
  /**
   * For steps, and what is chosen by them: the cotangent of one operand where a search asks to pass steps (the
   * straight-through estimator, Bengio et al. 2013). Never a derivative.
   */
  surrogate?(context: GradientContext<K>, operand: number): Node | undefined;
  /** Ends of the output over the operands' boxes, outward by the rounding model. */
  range?(context: RangeContext<K>): Bounds;
  /**
   * Two lines around the value of an op of one operand, over the operand's interval and around a centre
   * in it; undefined where there are none but flat ones.
   */
  relax?(context: RelaxContext<K>): Lines | undefined;
  /**
   * Two planes around the value of an op of several operands or elements, over their box; undefined
   * where there are none but flat ones.
   */
  planes?(context: PlaneContext<K>): Planes | undefined;
  /** Why no line or plane with a slope is sensible, for an op with a gradient that has none. */
  readonly flat?: string;
  /**
   * The s of a hinge max(x, s·x), 0 ≤ s < 1: linear but for its bend at 0, and above every line through
   * the origin whose slope is between s and 1.
   */
  hinge?(attributes: OpAttributes[K]): number | undefined;
  /**
   * Error of one float32 evaluation where the op is not linear in its perturbed operands, of the output's
   * shape, given its own ends; absent: not known.
   */
  evaluationError?: 'exact' | ((context: RangeContext<K>, output: Bounds) => Node);
  /**
   * Of an op that is not linear: how much its output changes in the ℓp norm, at most, over all values, when each
   * operand changes by the given length (0 for a point). Absent: without bound, or not known.
   */
  lipschitz?(context: LipschitzContext<K>): number;
  /** Of a linear op: the spectral norm of its map for constant weights, from above. */
  spectralNorm?(
    node: NodeOf<K>,
    weights: Tensor,
    operands: readonly ValueType[],
  ): number | undefined;
  /** The same value written in other ops. */
  lower?(b: Builder, node: NodeOf<K>, operands: readonly Node[]): Node;
  /**
   * Whether the op is linear in its perturbed operands together. Absent: always so for linear and
   * structural kinds, never for the others.
   */
  linearIn?(perturbed: readonly boolean[]): boolean;
  /** Whether the second operand divides, where it is a point. */
  readonly divides?: boolean;
  /**
   * For linear ops, the same sum over the absolute values of its terms, given operands' magnitudes.
   * Absent: the op itself.
   */
  absolute?(b: Builder, node: NodeOf<K>, magnitudes: readonly Node[]): Node;
  /**
   * For linear ops whose operands may be terms: how far the sum moves, given how far each operand does;
   * undefined for one that does not. Absent: what does not move is a factor.
   */
  deviation?(b: Builder, node: NodeOf<K>, moves: readonly (Node | undefined)[]): Node;
  /** Attributes of the same op over another number of rows; absent: they do not name it. */
  rebatched?(attributes: OpAttributes[K], rows: Dimension): OpAttributes[K];
  /**
   * Attributes of the same op where every operand has one more axis in front, of `size`. Absent: they name no
   * axis, and operands broadcast. `first`: the first axis is that of samples, and there can be no other; `each`:
   * every operand has its own axes.
   */
  readonly lifted?: Lifted<K> | 'first' | 'each';
  /** Of a linear op: the same value of points, with fewer roundings; undefined where there is no such way. */
  blocked?(b: Builder, node: NodeOf<K>, operands: readonly Node[]): Blocked | undefined;
  /**
   * The first `ends` positions of each spatial axis of the result, without computing what lies behind;
   * absent or undefined: there is no way but a slice of the whole.
   */
  cropped?(
    b: Builder,
    node: NodeOf<K>,
    operands: readonly Node[],
    cropping: Cropping,
  ): Node | undefined;
  /** The same value over those positions of its operand alone that it depends on; absent: on all. */
  trimmed?(b: Builder, node: NodeOf<K>, operand: Node, crop: Crop): Node;
  /** Over images: the op over a window of its result; absent or undefined: there is none smaller than the whole. */
  windowed?(
    node: NodeOf<K>,
    operands: readonly ValueType[],
    window: Window,
  ): Windowed<OpAttributes[K]> | undefined;
  /** Whether every element is the greatest of some of the operand's: nondecreasing functions may then come after. */
  readonly picksGreatest?: boolean;
  /**
   * Of a linear op: at least as many as the numbers that each element of the output is a sum of, given the same of
   * its operands (undefined for a point); it broadcasts to the output. Absent or undefined: `terms` times the most,
   * or, of an op that moves elements, the op itself.
   */
  counted?(b: Builder, node: NodeOf<K>, counts: readonly (Node | undefined)[]): Node | undefined;
  /** Products summed into one element of the output; 0 or absent when nothing is summed. */
  terms?(node: NodeOf<K>, operands: readonly ValueType[]): number;
}

export type Lifted<K extends OpName> = (
  attributes: OpAttributes[K],
  size: Dimension,
) => OpAttributes[K];

/** The rule of an op whose only axis is its attribute `axis`. */
export function axisBehind<A extends { readonly axis: number }>(attributes: A): A {
  return { ...attributes, axis: attributes.axis + 1 };
}

/** The same of several. */
export function axesBehind<A extends { readonly axes: readonly number[] }>(attributes: A): A {
  return { ...attributes, axes: attributes.axes.map((axis) => axis + 1) };
}

export interface LipschitzContext<K extends OpName> {
  /** p: 1, 2 or Infinity. */
  readonly order: number;
  readonly node: NodeOf<K>;
  readonly operands: readonly ValueType[];
  readonly changes: readonly number[];
}

/** The first `ends` positions of each spatial axis of [batch, channels, size…]. */
export type Crop = (of: Node, ends: readonly number[]) => Node;

export interface Cropping {
  readonly ends: readonly number[];
  /** How operands are cropped. */
  readonly crop: Crop;
}

/** A product is linear while at most one factor is perturbed. */
export function oneFactor(perturbed: readonly boolean[]): boolean {
  return perturbed.filter(Boolean).length <= 1;
}

/** An op lacks the rule a transform needs. */
export class RuleMissing extends Error {
  override readonly name = 'RuleMissing';
  constructor(rule: string, node: Node, advice: string) {
    super(`${node.op} (${node.label || `node ${node.id}`}) has no ${rule} rule: ${advice}`);
  }
}
