/**
 * Moves of single points about a centre in float64 on the host, within the valid box, with weights and
 * frozen features: the shortest one onto a hyperplane, the one into a smaller ball, a distance. What
 * searches for the nearest break are made of. Scratch arrays are kept, so no move allocates.
 */
import type { Threat } from './threat.ts';

export class Moves {
  private readonly threat: Threat;
  /** How far each feature moves per unit of distance; 0 for a frozen one. */
  readonly weight: Float64Array;
  private readonly slope: Float64Array;
  private readonly room: Float64Array;
  private readonly unit: Float64Array;

  constructor(threat: Threat, size: number) {
    this.threat = threat;
    // A frozen feature has no weight: it moves by nothing.
    this.weight = Float64Array.from({ length: size }, (_, i) =>
      threat.fixed.has(i) ? 0 : (threat.weights?.[i] ?? 1),
    );
    this.slope = new Float64Array(size);
    this.room = new Float64Array(size);
    this.unit = new Float64Array(size);
  }

  /**
   * The shortest move from `from` that raises gradient·x by `need` (or lowers it, where need is
   * negative), written to `move`. Returns its length.
   */
  cross(from: Float32Array, gradient: Float32Array, need: number, move: Float64Array): number {
    const { threat, weight, slope, room, unit } = this;
    const [low, high] = threat.clip ?? [-Infinity, Infinity];
    const side = need < 0 ? -1 : 1;
    for (let i = 0; i < unit.length; i++) {
      const [w, g, x] = [weight[i] ?? 0, side * (gradient[i] ?? 0), from[i] ?? 0];
      slope[i] = Math.abs(g) * w;
      room[i] = w > 0 ? Math.max(0, g > 0 ? high - x : x - low) / w : 0;
    }
    threat.norm.cross?.(slope, room, Math.abs(need), unit);
    const length = threat.norm.length(unit);
    for (let i = 0; i < unit.length; i++) {
      const up = side * (gradient[i] ?? 0) > 0;
      move[i] = (up ? 1 : -1) * (unit[i] ?? 0) * (weight[i] ?? 0);
    }
    return length;
  }

  /**
   * A steep direction of unit length in the norm (where it counts, of one feature's length) for a
   * projected step, written to `move`. Returns whether there is one.
   */
  steepest(gradient: Float32Array, move: Float64Array): boolean {
    const { threat, weight } = this;
    let most = 0;
    for (let i = 0; i < move.length; i++) {
      const slope = (gradient[i] ?? 0) * (weight[i] ?? 0);
      move[i] = slope;
      most = Math.max(most, Math.abs(slope));
    }
    if (!(most > 0) || !Number.isFinite(most)) return false;
    for (let i = 0; i < move.length; i++) move[i] = (move[i] ?? 0) / most;
    threat.norm.steepen?.(move);
    for (let i = 0; i < move.length; i++) move[i] = (move[i] ?? 0) * (weight[i] ?? 0);
    return true;
  }

  /** x + share·move, in place. */
  push(x: Float32Array, move: Float64Array, share: number): void {
    for (let i = 0; i < x.length; i++) x[i] = (x[i] ?? 0) + share * (move[i] ?? 0);
  }

  /** x + share·move, into the valid box, in place. */
  go(x: Float32Array, move: Float64Array, share: number): void {
    this.push(x, move, share);
    this.clip(x);
  }

  /** The width of the valid box; 0 where there is none. */
  get range(): number {
    const { clip } = this.threat;
    return clip ? clip[1] - clip[0] : 0;
  }

  /** x into the ball of the radius about the centre and into the valid box, in place. */
  shrink(centre: Float32Array, x: Float32Array, radius: number): void {
    const { threat, weight, unit } = this;
    this.offset(centre, x);
    threat.norm.shrink?.(unit, radius);
    for (let i = 0; i < unit.length; i++) {
      x[i] = (centre[i] ?? 0) + (unit[i] ?? 0) * (weight[i] ?? 0);
    }
    this.clip(x);
  }

  /** x away from the centre until its distance is the radius, then into the valid box, in place. */
  stretch(centre: Float32Array, x: Float32Array, radius: number): void {
    const distance = this.distance(centre, x);
    if (!(distance > 0)) return;
    const factor = radius / distance;
    for (let i = 0; i < x.length; i++) {
      const c = centre[i] ?? 0;
      x[i] = c + factor * ((x[i] ?? 0) - c);
    }
    this.clip(x);
  }

  /** x into the valid box, in place. */
  clip(x: Float32Array): void {
    if (!this.threat.clip) return;
    const [low, high] = this.threat.clip;
    for (let i = 0; i < x.length; i++) x[i] = Math.min(high, Math.max(low, x[i] ?? 0));
  }

  /** ‖(x − centre) / weights‖ for an x in the box that differs in no frozen feature. */
  distance(centre: Float32Array, x: Float32Array): number {
    this.offset(centre, x);
    return this.threat.norm.length(this.unit);
  }

  /** ‖move / weights‖. */
  length(move: Float64Array): number {
    const { threat, weight, unit } = this;
    for (let i = 0; i < unit.length; i++) {
      const w = weight[i] ?? 0;
      unit[i] = w > 0 ? (move[i] ?? 0) / w : 0;
    }
    return threat.norm.length(unit);
  }

  /** ‖gradient‖ in the dual norm. */
  dualLength(gradient: Float32Array): number {
    const { threat, weight, unit } = this;
    for (let i = 0; i < unit.length; i++) unit[i] = (gradient[i] ?? 0) * (weight[i] ?? 0);
    return threat.norm.dualLength(unit);
  }

  private offset(centre: Float32Array, x: Float32Array): void {
    const { weight, unit } = this;
    for (let i = 0; i < unit.length; i++) {
      const w = weight[i] ?? 0;
      unit[i] = w > 0 ? ((x[i] ?? 0) - (centre[i] ?? 0)) / w : 0;
    }
  }
}
