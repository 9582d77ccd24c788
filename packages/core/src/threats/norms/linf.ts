/** ℓ∞: the ball is a box, so everything is done coordinate by coordinate. Dual norm: ℓ1. */
import { fillEvenly } from '../crossing.ts';
import { clampToRooms, lastAxis, type Norm } from '../norm.ts';

export const linfNorm: Norm = {
  name: 'linf',
  isBox: true,
  sparse: false,
  counts: false,
  length: (delta) => {
    let most = 0;
    for (let i = 0; i < delta.length; i++) most = Math.max(most, Math.abs(delta[i] ?? 0));
    return most;
  },
  dualLength: (a) => {
    let sum = 0;
    for (let i = 0; i < a.length; i++) sum += Math.abs(a[i] ?? 0);
    return sum;
  },
  dual: (b, a) => b.sum(b.abs(a), lastAxis(a), true),
  // Σ a⁺·up + a⁻·down: exact.
  support: (b, a, { up, down }) =>
    b.sum(b.add(b.mul(b.relu(a), up), b.mul(b.relu(b.neg(a)), down)), lastAxis(a), true),
  maximiser: (b, a, { up, down }) => b.where(b.step(a), up, b.neg(b.mul(b.step(b.neg(a)), down))),
  direction: (b, a) => b.sign(a),
  project: clampToRooms,
  sample: (random, out) => {
    for (let i = 0; i < out.length; i++) out[i] = random.sign(i);
  },
  cross: (a, room, need, out) => fillEvenly(a, room, false, need, out),
  shrink: (u, radius) => {
    for (let i = 0; i < u.length; i++) u[i] = Math.max(-radius, Math.min(radius, u[i] ?? 0));
  },
  steepen: (slope) => {
    for (let i = 0; i < slope.length; i++) slope[i] = Math.sign(slope[i] ?? 0);
  },
};
