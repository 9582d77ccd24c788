/**
 * What a norm must state to be a threat. All graph values are rows [batch, n] of a unit ball meeting
 * a box: δ in [−down, up] with rooms in [0, 1] and ‖δ‖ ≤ 1 (threats divide by ε first, so no ε is too
 * small). Host functions work in float64.
 */
import type { Builder } from '../graph/builder.ts';
import type { Node } from '../graph/graph.ts';
import type { NormName } from '../audit/run.ts';
import type { RandomBlock } from '../tensor/random.ts';

/** Room in the positive and negative direction of every coordinate: [batch, n] (or broadcast). */
export interface Rooms {
  readonly up: Node;
  readonly down: Node;
  /** How many coordinates may change, of a norm that counts them: [batch]. */
  readonly most?: Node;
}

export interface Norm {
  readonly name: NormName;
  /** Whether ball ∩ box is itself a box (ℓ∞). */
  readonly isBox: boolean;
  /** Whether the radius is a number of features (ℓ0) and each moves as far as the valid box lets it. */
  readonly counts: boolean;
  /** ‖δ‖ in float64. */
  length(delta: ArrayLike<number>): number;
  /** ‖a‖ in the dual norm, float64. */
  dualLength(a: ArrayLike<number>): number;
  /** Dual norm along the last axis, kept with size 1. */
  dual(b: Builder, a: Node): Node;
  /**
   * Upper bound of a·δ over unit ball ∩ rooms, along the last axis (kept): sound at any multiplier, which is
   * searched for in so many rounds; never above the whole ball's.
   */
  support(b: Builder, a: Node, rooms: Rooms, rounds?: number): Node;
  /** The δ in unit ball ∩ rooms where a·δ is largest. */
  maximiser(b: Builder, a: Node, rooms: Rooms): Node;
  /** Whether the ball has its corners at few coordinates, so that its steepest steps are sparse. */
  readonly sparse: boolean;
  /** The steepest step of unit length for an iterative attack (sign, normalised, top coordinates). */
  direction(b: Builder, a: Node, rooms: Rooms): Node;
  /** The nearest point (Euclidean) of unit ball ∩ rooms. */
  project(b: Builder, v: Node, rooms: Rooms): Node;
  /** A random direction of unit length, written to `out`. */
  sample(random: RandomBlock, out: Float64Array): void;
  /** The shortest u with a·u = need and 0 ≤ u ≤ room, or as far as the rooms go; a ≥ 0 (float64). */
  cross?(a: Float64Array, room: Float64Array, need: number, out: Float64Array): void;
  /** u, in place, to the nearest point (Euclidean) of the ball (float64). */
  shrink?(u: Float64Array, radius: number): void;
  /** A gradient with a largest size of 1, in place, to the direction of a projected step (float64). */
  steepen?(slope: Float64Array): void;
}

/** Room in the direction of a: up where a > 0, down where a < 0. */
export function roomAlong(b: Builder, a: Node, { up, down }: Rooms): Node {
  return b.where(b.step(a), up, down);
}

/**
 * Rows scaled by their largest magnitude, or by the smallest scale if that is less, and that scale: rows
 * of zeros stay zero.
 */
export function normalised(b: Builder, a: Node): { unit: Node; size: Node } {
  const largest = b.maximum(b.abs(a), [a.shape.length - 1], true);
  const size = b.max(largest, SMALLEST_SCALE);
  return { unit: b.div(a, size), size };
}

export function lastAxis(a: Node): number[] {
  return [a.shape.length - 1];
}

/** δ clamped to its rooms. */
export function clampToRooms(b: Builder, delta: Node, { up, down }: Rooms): Node {
  return b.max(b.min(delta, up), b.neg(down));
}

const SMALLEST_SCALE = 1e-30;
