/**
 * A threat's set as graph values: where a linear function is largest on it, and one projected step (attacks; how
 * large it gets: set-support.ts). Norms are asked about the unit ball with rooms in [0, 1]; radius, weights and the
 * valid box are put on here.
 */
import type { Builder } from '../graph/builder.ts';
import { type Dimension, elementCount } from '../graph/dimension.ts';
import type { Node } from '../graph/graph.ts';
import type { Rooms } from './norm.ts';
import type { Threat } from './threat.ts';

/** The set around one batch of inputs, as graph values made by `ballInputs`. */
export interface BallNodes {
  /** [batch, …] */
  readonly centre: Node;
  /** Ends of the box that encloses ball ∩ valid box: [batch, …] */
  readonly lower: Node;
  readonly upper: Node;
  /** [batch] */
  readonly radius: Node;
}

export const FEW_ULPS = 2 ** -21;
/** Rooms are measured in no smaller or larger unit. */
export const SMALLEST_UNIT = 1e-37;
const LARGEST_UNIT = 3e38;

/** The features' weights, where there are any: [1, n]. */
export function scaleOf(b: Builder, threat: Threat, width: Dimension): Node | undefined {
  // What is counted has no size to weigh.
  return threat.weights && !threat.norm.counts
    ? b.floats(threat.weights, [1, Number(width)])
    : undefined;
}

/** [rows, n] */
export function flatten(b: Builder, value: Node): Node {
  return b.reshape(value, [value.shape[0] ?? 1, elementCount(value.shape.slice(1))]);
}

/** What rooms and steps are measured in: the radius, or where it only counts, the widest room. */
export function unitOf(b: Builder, threat: Threat, ball: BallNodes, outwards: boolean): Node {
  if (!threat.norm.counts) return ball.radius;
  const room = flatten(b, b.max(b.sub(ball.upper, ball.centre), b.sub(ball.centre, ball.lower)));
  const widest = b.maximum(room, [1]);
  return outwards ? b.mul(widest, 1 + FEW_ULPS) : widest;
}

/** Rooms of a unit ball: (end − centre) / (ε·weight), each in [0, 1]. */
export function roomsOf(b: Builder, threat: Threat, ball: BallNodes, outwards: boolean): Rooms {
  const centre = flatten(b, ball.centre);
  const scale = scaleOf(b, threat, centre.shape[1] ?? 1);
  const unit = b.max(b.perRow(unitOf(b, threat, ball, outwards), 2), SMALLEST_UNIT);
  const room = (width: Node): Node => {
    const own = shareOf(b, width, scale ? b.mul(scale, unit) : unit);
    const ended = outwards ? b.add(b.mul(own, 1 + FEW_ULPS), 1e-37) : own;
    return b.min(b.max(ended, 0), 1);
  };
  return {
    up: room(b.sub(flatten(b, ball.upper), centre)),
    down: room(b.sub(centre, flatten(b, ball.lower))),
    ...(threat.norm.counts ? { most: b.push('floor', [ball.radius], {}) } : {}),
  };
}

/** width / size, or all of 1 where the size is too small to be told. */
function shareOf(b: Builder, width: Node, size: Node): Node {
  const share = b.div(width, b.max(b.min(size, LARGEST_UNIT), SMALLEST_UNIT));
  return b.where(b.greater(SMALLEST_UNIT, size), 1, share);
}

/** centre + ε·weight·δ, clamped to the box; δ [batch, n] of the unit ball. */
function place(b: Builder, threat: Threat, ball: BallNodes, delta: Node): Node {
  const scale = scaleOf(b, threat, delta.shape[1] ?? 1);
  const sized = b.mul(delta, b.perRow(unitOf(b, threat, ball, false), 2));
  const moved = b.reshape(scale ? b.mul(sized, scale) : sized, ball.centre.shape);
  return clamp(b, ball, b.add(ball.centre, moved));
}

function clamp(b: Builder, ball: BallNodes, x: Node): Node {
  return b.min(b.max(x, ball.lower), ball.upper);
}

/** Coefficients in the unit ball's coordinates. */
export function inUnits(b: Builder, threat: Threat, a: Node): Node {
  const flat = flatten(b, a);
  const scale = scaleOf(b, threat, flat.shape[1] ?? 1);
  return scale ? b.mul(flat, scale) : flat;
}

/** The input of the set where a·x is largest; a of the input's shape. */
export function maximiser(b: Builder, threat: Threat, ball: BallNodes, a: Node): Node {
  if (threat.norm.isBox) {
    const towardsLower = b.where(b.step(b.neg(a)), ball.lower, ball.centre);
    return b.where(b.step(a), ball.upper, towardsLower);
  }
  const delta = threat.norm.maximiser(b, inUnits(b, threat, a), roomsOf(b, threat, ball, false));
  return place(b, threat, ball, delta);
}

/** (x − centre) / (ε·weight), flat: x in the unit ball's coordinates. */
function offsetInUnits(b: Builder, threat: Threat, ball: BallNodes, x: Node): Node {
  const offset = flatten(b, b.sub(x, ball.centre));
  const scale = scaleOf(b, threat, offset.shape[1] ?? 1);
  const own = scale ? b.div(offset, scale) : offset;
  return b.div(own, b.max(b.perRow(unitOf(b, threat, ball, false), 2), 1e-37));
}

/** The point of the set nearest to x. */
export function project(b: Builder, threat: Threat, ball: BallNodes, x: Node): Node {
  if (threat.norm.isBox) return clamp(b, ball, x);
  const delta = offsetInUnits(b, threat, ball, x);
  const rooms = roomsOf(b, threat, ball, false);
  return place(b, threat, ball, threat.norm.project(b, delta, rooms));
}

/** One attack step from x: the steepest move of length step·ε, projected back. step [batch]. */
export function step(
  b: Builder,
  threat: Threat,
  ball: BallNodes,
  x: Node,
  gradient: Node,
  step: Node,
): Node {
  const scale = scaleOf(b, threat, elementCount(x.shape.slice(1)));
  const length = b.mul(step, ball.radius);
  if (threat.norm.isBox) {
    const move = b.mul(b.sign(gradient), b.perRow(length, x.shape.length));
    const sized = scale ? b.mul(move, b.reshape(scale, [1, ...x.shape.slice(1)])) : move;
    return clamp(b, ball, b.add(x, sized));
  }
  const rooms = roomsOf(b, threat, ball, false);
  const delta = offsetInUnits(b, threat, ball, x);
  const direction = threat.norm.direction(b, inUnits(b, threat, gradient), rooms);
  const moved = b.add(delta, b.mul(direction, b.perRow(step, 2)));
  return place(b, threat, ball, threat.norm.project(b, moved, rooms));
}

/** ‖a‖ in the dual norm of the (weighted) ball, frozen features left out: [batch]. */
export function dualLength(b: Builder, threat: Threat, a: Node): Node {
  const flat = inUnits(b, threat, a);
  const width = Number(flat.shape[1] ?? 1);
  const free = Float32Array.from({ length: width }, (_, i) => (threat.fixed.has(i) ? 0 : 1));
  const open = threat.fixed.size === 0 ? flat : b.mul(flat, b.floats(free, [1, width]));
  return b.reshape(threat.norm.dual(b, open), [a.shape[0] ?? 1]);
}
