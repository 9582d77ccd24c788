/**
 * ℓ0: at most k features change, each as far as the valid box lets it. There is no unit ball to scale,
 * so coordinates are in units of the widest room, and k comes with the rooms. Support: the sum of the k
 * largest |a_i|·room_i, bounded by its dual kλ + Σ (|a_i|·room_i − λ)⁺ at any λ ≥ 0; λ is bisected.
 * ‖·‖ of the dual: k features of unit room move a·x by at most k times the largest |a_i|.
 */
import type { Builder } from '../../graph/builder.ts';
import type { Node } from '../../graph/graph.ts';
import { fillWhole, keepLongest } from '../crossing.ts';
import { clampToRooms, lastAxis, type Norm, normalised, roomAlong, type Rooms } from '../norm.ts';

const ROUNDS = 30;

function total(b: Builder, x: Node): Node {
  return b.sum(x, lastAxis(x), true);
}

function most(b: Builder, { most: count, up }: Rooms): Node {
  if (!count) throw new RangeError('an ℓ0 set needs the number of features that may change');
  return count.shape.length === up.shape.length ? count : b.perRow(count, up.shape.length);
}

/** Thresholds of values in [0, 1]: more than k lie above `low` (or it is 0), at most k above `high`. */
function cut(
  b: Builder,
  values: Node,
  like: Node,
  rooms: Rooms,
  rounds = ROUNDS,
): { low: Node; high: Node } {
  const count = most(b, rooms);
  let low = b.mul(like, 0);
  let high = b.add(low, 1);
  for (let i = 0; i < rounds; i++) {
    const middle = b.mul(b.add(low, high), 0.5);
    const tooMany = b.greater(total(b, b.greater(values, middle)), count);
    low = b.where(tooMany, middle, low);
    high = b.where(tooMany, high, middle);
  }
  return { low, high };
}

/** 1 at the k largest of values ≥ 0, else 0; of equal ones the first. */
function largest(b: Builder, values: Node, rooms: Rooms): Node {
  const width = Number(values.shape.at(-1) ?? 1);
  const { unit, size } = normalised(b, values);
  const { low, high } = cut(b, unit, size, rooms);
  const sure = b.greater(unit, high);
  const equal = b.sub(b.greater(unit, low), sure);
  const left = b.sub(most(b, rooms), total(b, sure));
  const places = Float32Array.from({ length: width }, (_, i) => i);
  const place = b.floats(places, [...values.shape.slice(0, -1).map(() => 1), width]);
  // Halving the places finds how many of the equal ones there is room for.
  let [start, end] = [b.mul(size, 0), b.add(b.mul(size, 0), width)];
  for (let span = width; span > 0.5; span /= 2) {
    const middle = b.mul(b.add(start, end), 0.5);
    const before = b.mul(equal, b.greater(middle, place));
    const tooMany = b.greater(total(b, before), left);
    start = b.where(tooMany, start, middle);
    end = b.where(tooMany, middle, end);
  }
  return b.add(sure, b.mul(equal, b.greater(start, place)));
}

export const l0Norm: Norm = {
  name: 'l0',
  isBox: false,
  sparse: true,
  counts: true,
  length: (delta) => {
    let changed = 0;
    for (let i = 0; i < delta.length; i++) if (delta[i] !== 0) changed++;
    return changed;
  },
  dualLength: (a) => {
    let size = 0;
    for (let i = 0; i < a.length; i++) size = Math.max(size, Math.abs(a[i] ?? 0));
    return size;
  },
  dual: (b, a) => b.maximum(b.abs(a), lastAxis(a), true),
  support: (b, a, rooms, rounds = ROUNDS) => {
    const own = normalised(b, a);
    const { unit, size } = normalised(b, b.mul(b.abs(own.unit), roomAlong(b, a, rooms)));
    const { low, high } = cut(b, unit, size, rooms, rounds);
    const value = (threshold: Node): Node =>
      b.add(b.mul(threshold, most(b, rooms)), total(b, b.relu(b.sub(unit, threshold))));
    return b.mul(b.mul(b.min(value(low), value(high)), size), own.size);
  },
  maximiser: (b, a, rooms) => {
    const room = roomAlong(b, a, rooms);
    const chosen = largest(b, b.mul(b.abs(a), room), rooms);
    return b.mul(b.mul(b.sign(a), room), chosen);
  },
  // By what each feature can gain, so that the projection keeps those that matter.
  direction: (b, a, rooms) => normalised(b, b.mul(a, roomAlong(b, a, rooms))).unit,
  // Keeping v_i saves v_i² − (v_i − clamped v_i)²: the k largest savings are kept.
  project: (b, v, rooms) => {
    const clamped = clampToRooms(b, v, rooms);
    const saved = b.mul(clamped, b.sub(b.mul(v, 2), clamped));
    return b.mul(clamped, largest(b, b.relu(saved), rooms));
  },
  sample: (random, out) => {
    for (let i = 0; i < out.length; i++) out[i] = random.sign(i);
  },
  cross: fillWhole,
  shrink: keepLongest,
  // Steps are in units of one feature's room: the steepest one goes through all of it.
  steepen: () => undefined,
};

/** Undoes all but the `most` largest changes, of equal ones the later; NaN counts as none. */
export function keepLargest(centre: Float32Array, x: Float32Array, most: number): void {
  const changed = Array.from(x.keys()).filter((i) => x[i] !== centre[i]);
  if (changed.length <= most) return;
  const change = (i: number): number => Math.abs((x[i] ?? 0) - (centre[i] ?? 0));
  changed.sort((p, q) => change(q) - change(p) || p - q);
  for (const i of changed.slice(Math.max(0, Math.floor(most)))) x[i] = centre[i] ?? 0;
}
