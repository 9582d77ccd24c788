/**
 * ℓ1 ball ∩ box. The threshold λ of every problem here (support's multiplier, the maximiser's cut,
 * the projection's soft threshold) is bisected on rows scaled to magnitude at most 1; a last scaling
 * keeps ‖δ‖ ≤ 1 always. Dual norm: ℓ∞.
 */
import type { Builder } from '../../graph/builder.ts';
import type { Node } from '../../graph/graph.ts';
import { fillSteepest, softThreshold } from '../crossing.ts';
import { clampToRooms, lastAxis, type Norm, normalised, roomAlong, type Rooms } from '../norm.ts';

const ROUNDS = 26;
/** Where a final scaling makes the result feasible anyway, fewer do. */
const FEWER_ROUNDS = 16;
/** An iterative attack moves this share of the coordinates at once (SLIDE, Tramèr & Boneh 2019). */
const MOVED_SHARE = 0.01;

function total(b: Builder, x: Node): Node {
  return b.sum(x, lastAxis(x), true);
}

interface Bracket {
  readonly low: Node;
  readonly high: Node;
}

/** Halves [0, 1] around the point where a decreasing amount(λ) falls to 1. */
function bisect(
  b: Builder,
  like: Node,
  amount: (threshold: Node) => Node,
  rounds = ROUNDS,
): Bracket {
  let low = b.mul(like, 0);
  let high = b.add(low, 1);
  for (let i = 0; i < rounds; i++) {
    const middle = b.mul(b.add(low, high), 0.5);
    const tooMuch = b.greater(amount(middle), 1);
    low = b.where(tooMuch, middle, low);
    high = b.where(tooMuch, high, middle);
  }
  return { low, high };
}

function withinUnit(b: Builder, delta: Node): Node {
  return b.div(delta, b.max(total(b, b.abs(delta)), 1));
}

/** Fills the largest coordinates to their room until the budget is spent. */
function greedy(b: Builder, a: Node, rooms: Rooms, rounds = ROUNDS): Node {
  const { unit, size } = normalised(b, a);
  const room = roomAlong(b, a, rooms);
  const length = b.abs(unit);
  const above = (threshold: Node): Node => b.mul(b.greater(length, threshold), room);
  const { low, high } = bisect(b, size, (threshold) => total(b, above(threshold)), rounds);
  const sure = above(high);
  // Coordinates between the two thresholds share what is left; those of size 0 take nothing.
  const last = b.sub(b.mul(above(low), b.step(length)), sure);
  const left = b.max(b.sub(1, total(b, sure)), 0);
  const part = b.min(b.div(left, b.max(total(b, last), 1e-30)), 1);
  const amount = b.add(sure, b.mul(last, part));
  return withinUnit(b, b.mul(b.sign(a), amount));
}

export const l1Norm: Norm = {
  name: 'l1',
  isBox: false,
  sparse: true,
  counts: false,
  length: (delta) => {
    let sum = 0;
    for (let i = 0; i < delta.length; i++) sum += Math.abs(delta[i] ?? 0);
    return sum;
  },
  dualLength: (a) => {
    let most = 0;
    for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i] ?? 0));
    return most;
  },
  dual: (b, a) => b.maximum(b.abs(a), lastAxis(a), true),
  // λ + Σ (|a| − λ)⁺·room at both ends of the bracket: any λ ≥ 0 is sound.
  support: (b, a, rooms, rounds = ROUNDS) => {
    const { unit, size } = normalised(b, a);
    const room = roomAlong(b, a, rooms);
    const length = b.abs(unit);
    const spent = (threshold: Node): Node => total(b, b.mul(b.greater(length, threshold), room));
    const { low, high } = bisect(b, size, spent, rounds);
    const value = (threshold: Node): Node =>
      b.add(threshold, total(b, b.mul(b.relu(b.sub(length, threshold)), room)));
    return b.mul(b.min(value(low), value(high)), size);
  },
  maximiser: (b, a, rooms) => greedy(b, a, rooms),
  direction: (b, a, rooms) => {
    const count = Math.max(1, Math.ceil(MOVED_SHARE * Number(a.shape.at(-1) ?? 1)));
    const each = 1 / count;
    const limited = { up: b.min(rooms.up, each), down: b.min(rooms.down, each) };
    return greedy(b, a, limited, FEWER_ROUNDS);
  },
  project: (b, v, rooms) => {
    const { unit, size } = normalised(b, v);
    const room = roomAlong(b, v, rooms);
    const length = b.abs(unit);
    const soft = (threshold: Node): Node =>
      b.min(b.mul(b.relu(b.sub(length, threshold)), size), room);
    const { high } = bisect(b, size, (threshold) => total(b, soft(threshold)), FEWER_ROUNDS);
    const inside = b.greaterOrEqual(1, total(b, soft(b.mul(size, 0))));
    const threshold = b.where(inside, 0, high);
    const delta = b.mul(b.sign(v), soft(threshold));
    return withinUnit(b, clampToRooms(b, delta, rooms));
  },
  sample: (random, out) => {
    let sum = 0;
    for (let i = 0; i < out.length; i++) {
      const value = random.exponential(2 * i) * random.sign(2 * i + 1);
      out[i] = value;
      sum += Math.abs(value);
    }
    for (let i = 0; i < out.length; i++) out[i] = (out[i] ?? 0) / (sum || 1);
  },
  cross: fillSteepest,
  shrink: softThreshold,
  // The fourth power lies between the gradient, which moves too many coordinates, and the steepest alone.
  steepen: (slope) => {
    let length = 0;
    for (let i = 0; i < slope.length; i++) length += (slope[i] ?? 0) ** 4;
    for (let i = 0; i < slope.length; i++) {
      slope[i] = (Math.sign(slope[i] ?? 0) * (slope[i] ?? 0) ** 4) / length;
    }
  },
};
