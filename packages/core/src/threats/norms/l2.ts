/**
 * ℓ2 ball ∩ box. On the boundary the solution is δ(t) = clamp(t·a) for the t where ‖δ(t)‖ = 1, found
 * by an active-set iteration: t from the free coordinates, given those clamped so far. Started below
 * the solution it rises to it and never passes it (clamping only shortens), and ends after at most as
 * many rounds as coordinates change sides: a few to a dozen in practice; a last scaling keeps ‖δ‖ ≤ 1 always.
 */
import type { Builder } from '../../graph/builder.ts';
import type { Node } from '../../graph/graph.ts';
import { fillEvenly } from '../crossing.ts';
import { clampToRooms, lastAxis, type Norm, normalised, roomAlong, type Rooms } from '../norm.ts';

const ROUNDS = 20;
const FEWER_ROUNDS = 6;
const TINY = 1e-30;

function square(b: Builder, x: Node): Node {
  return b.mul(x, x);
}

function total(b: Builder, x: Node): Node {
  return b.sum(x, lastAxis(x), true);
}

function euclidean(b: Builder, x: Node): Node {
  return b.sqrt(total(b, square(b, x)));
}

/** The factor t with ‖min(t·size, room)‖ = 1, from below; sizes ≥ 0 are scaled to at most 1. */
function boundaryFactor(b: Builder, size: Node, room: Node, rounds: number): Node {
  const squares = square(b, size);
  const roomSquares = square(b, room);
  let factor = b.reciprocal(b.max(b.sqrt(total(b, squares)), TINY));
  for (let i = 0; i < rounds; i++) {
    const free = b.greater(room, b.mul(size, factor));
    const clamped = total(b, b.mul(b.sub(1, free), roomSquares));
    const open = b.max(total(b, b.mul(free, squares)), TINY);
    const next = b.sqrt(b.div(b.max(b.sub(1, clamped), 0), open));
    factor = b.max(factor, next);
  }
  return factor;
}

function withinUnit(b: Builder, delta: Node): Node {
  return b.div(delta, b.max(euclidean(b, delta), 1));
}

function boundaryPoint(b: Builder, a: Node, rooms: Rooms): Node {
  const { unit } = normalised(b, a);
  const room = roomAlong(b, a, rooms);
  const factor = boundaryFactor(b, b.abs(unit), room, ROUNDS);
  return withinUnit(b, clampToRooms(b, b.mul(unit, factor), rooms));
}

export const l2Norm: Norm = {
  name: 'l2',
  isBox: false,
  sparse: false,
  counts: false,
  length: (delta) => {
    let sum = 0;
    for (let i = 0; i < delta.length; i++) sum += (delta[i] ?? 0) ** 2;
    return Math.sqrt(sum);
  },
  dualLength: (a) => l2Norm.length(a),
  // Squares of small coefficients underflow: they are scaled first.
  dual: (b, a) => {
    const { unit, size } = normalised(b, a);
    return b.mul(euclidean(b, unit), size);
  },
  // λ/2 + Σ max over δ in [0, room] of |a|δ − λδ²/2, with λ = 1/t at the (nearly) best t.
  support: (b, a, rooms, rounds = ROUNDS) => {
    const { unit, size } = normalised(b, a);
    const room = roomAlong(b, a, rooms);
    const length = b.abs(unit);
    const factor = b.min(boundaryFactor(b, length, room, rounds), 1e15);
    const lambda = b.reciprocal(factor);
    const best = b.min(b.mul(length, factor), room);
    const gains = b.mul(best, b.sub(length, b.mul(b.mul(best, lambda), 0.5)));
    return b.mul(b.add(total(b, gains), b.mul(lambda, 0.5)), size);
  },
  maximiser: boundaryPoint,
  direction: (b, a) => {
    const { unit } = normalised(b, a);
    return b.div(unit, b.max(euclidean(b, unit), TINY));
  },
  // min ‖δ − v‖ gives δ = clamp(t·v) with t ≤ 1, t = 1 when the clamped v is inside already.
  project: (b, v, rooms) => {
    const { unit, size } = normalised(b, v);
    const room = roomAlong(b, v, rooms);
    const factor = boundaryFactor(b, b.abs(unit), room, FEWER_ROUNDS);
    const scaled = b.mul(unit, b.min(factor, size));
    return withinUnit(b, clampToRooms(b, scaled, rooms));
  },
  sample: (random, out) => {
    let sum = 0;
    for (let i = 0; i < out.length; i++) {
      const value = random.normal(i);
      out[i] = value;
      sum += value * value;
    }
    const length = Math.sqrt(sum) || 1;
    for (let i = 0; i < out.length; i++) out[i] = (out[i] ?? 0) / length;
  },
  cross: (a, room, need, out) => fillEvenly(a, room, true, need, out),
  shrink: (u, radius) => {
    const length = l2Norm.length(u);
    if (!(length > radius)) return;
    for (let i = 0; i < u.length; i++) u[i] = ((u[i] ?? 0) / length) * radius;
  },
  steepen: (slope) => {
    const length = l2Norm.length(slope);
    for (let i = 0; i < slope.length; i++) slope[i] = (slope[i] ?? 0) / length;
  },
};
