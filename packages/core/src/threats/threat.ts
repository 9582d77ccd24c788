/**
 * A threat model: the set of inputs an attacker may choose around a given one — an ℓp ball of radius
 * ε (optionally weighted per feature, with frozen features), met with the box of valid inputs. ε is
 * in the units of the user's input. The same set serves attacks (maximiser, direction, projection)
 * and proofs (support); only the rounding of its ends differs: inward for the one, outward for the
 * other.
 */
import type { NormName } from '../audit/run.ts';
import type { Builder } from '../graph/builder.ts';
import { type Dimension, elementCount, multiply } from '../graph/dimension.ts';
import type { Node } from '../graph/graph.ts';
import { nextDown, nextUp, roundDown, roundUp } from '../tensor/float32.ts';
import type { RandomBlock } from '../tensor/random.ts';
import type { InputSet } from '../transforms/interval.ts';
import type { Norm, Rooms } from './norm.ts';
import { l1Norm } from './norms/l1.ts';
import { l2Norm } from './norms/l2.ts';
import { linfNorm } from './norms/linf.ts';

export interface ThreatOptions {
  /** Radius, in the input's units (weighted: in units of the weights). */
  readonly eps: number;
  /** The valid box, the same for every feature. */
  readonly clip?: readonly [number, number] | null;
  /** ‖δ / weights‖ ≤ ε: how far each feature moves per unit of radius; one positive number a feature. */
  readonly weights?: Float32Array | null;
  /** Indices of features that cannot change. */
  readonly frozen?: readonly number[] | null;
}

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

const norms: ReadonlyMap<NormName, Norm> = new Map([
  ['linf', linfNorm],
  ['l2', l2Norm],
  ['l1', l1Norm],
]);

/** Coordinates per specification row up to which the exact boxed support is computed per sample. */
const EXACT_SUPPORT_ROWS = 64;
const FEW_ULPS = 2 ** -21;

export class Threat {
  readonly norm: Norm;
  readonly eps: number;
  readonly clip: readonly [number, number] | null;
  readonly weights: Float32Array | null;
  readonly frozen: readonly number[] | null;
  private readonly fixed: ReadonlySet<number>;

  /** Throws RangeError for a negative or non-finite ε, an empty box, or weights that are not positive. */
  constructor(name: NormName, options: ThreatOptions) {
    const norm = norms.get(name);
    if (!norm) throw new RangeError(`the norm ${name} is not supported: use linf, l2 or l1`);
    if (!(options.eps >= 0) || !Number.isFinite(options.eps)) {
      throw new RangeError(`eps must be a finite number ≥ 0, not ${options.eps}`);
    }
    const clip = options.clip ?? null;
    if (clip && !(clip[0] < clip[1])) {
      throw new RangeError(`clip ${clip[0]},${clip[1]} is empty: the first number must be smaller`);
    }
    if (options.weights?.some((weight) => !(weight > 0) || !Number.isFinite(weight))) {
      throw new RangeError('weights must be positive; freeze features that cannot change');
    }
    this.norm = norm;
    this.eps = options.eps;
    this.clip = clip;
    this.weights = options.weights ?? null;
    this.frozen = options.frozen ?? null;
    this.fixed = new Set(options.frozen);
  }

  private weight(i: number): number {
    return this.weights ? (this.weights[i] ?? 1) : 1;
  }

  /** The same set with another radius. */
  at(eps: number): Threat {
    return new Threat(this.norm.name, { ...this, eps });
  }

  /**
   * Ends of the enclosing box around one input, for a radius in float64: rounded to float32 inward
   * (attacks: no point outside the set is offered) or outward (proofs: no point of it is missed).
   */
  enclose(
    x: Float32Array,
    radius: number,
    side: 'inward' | 'outward',
    lower: Float32Array,
    upper: Float32Array,
  ): void {
    const [low, high] = this.clip ?? [-Infinity, Infinity];
    const [down, up] = side === 'inward' ? [roundUp, roundDown] : [roundDown, roundUp];
    for (let i = 0; i < x.length; i++) {
      const centre = x[i] ?? 0;
      if (this.fixed.has(i)) {
        lower[i] = centre;
        upper[i] = centre;
        continue;
      }
      const reach = radius * this.weight(i);
      // The sum in float64 may itself be rounded: by less than half a float32 step, seen below.
      lower[i] = Math.min(centre, Math.max(down(centre - reach), down(low)));
      upper[i] = Math.max(centre, Math.min(up(centre + reach), up(high)));
      if (side === 'outward' && radius > 0) {
        if (centre - reach > low) lower[i] = Math.max(nextDown(lower[i] ?? 0), down(low));
        if (centre + reach < high) upper[i] = Math.min(nextUp(upper[i] ?? 0), up(high));
      }
    }
  }

  /** ‖(x − centre) / weights‖ in float64, Infinity where a frozen feature or the valid box is left. */
  distance(centre: Float32Array, x: Float32Array): number {
    const delta = new Float64Array(x.length);
    for (let i = 0; i < x.length; i++) {
      const value = x[i] ?? 0;
      const difference = value - (centre[i] ?? 0);
      if (difference !== 0) {
        if (this.fixed.has(i)) return Infinity;
        if (this.clip && (value < this.clip[0] || value > this.clip[1])) return Infinity;
      }
      delta[i] = difference / this.weight(i);
    }
    const length = this.norm.length(delta);
    return Number.isNaN(length) ? Infinity : length;
  }

  /**
   * Moves x, in place, the little it takes to be in the set of the given radius exactly: distance in
   * float64 on the stored float32 array ≤ radius. Returns that distance.
   */
  legalise(centre: Float32Array, x: Float32Array, radius: number): number {
    const [low, high] = this.clip ?? [-Infinity, Infinity];
    for (let i = 0; i < x.length; i++) {
      const c = centre[i] ?? 0;
      const value = x[i] ?? 0;
      if (this.fixed.has(i) || Number.isNaN(value)) x[i] = c;
      else if (value < low) x[i] = Math.min(c, roundUp(low));
      else if (value > high) x[i] = Math.max(c, roundDown(high));
    }
    let distance = this.distance(centre, x);
    for (let shrink = 1; distance > radius; shrink *= 2) {
      const factor = Math.max(0, Math.min(1, radius / distance) - (shrink - 1) * 2 ** -26);
      for (let i = 0; i < x.length; i++) {
        const c = centre[i] ?? 0;
        x[i] = towards(c, (x[i] ?? 0) - c, factor);
      }
      distance = this.distance(centre, x);
    }
    return distance;
  }

  /** A random point of the sphere of the given radius (then clipped), written to `out`. */
  sample(centre: Float32Array, radius: number, random: RandomBlock, out: Float32Array): void {
    const delta = new Float64Array(centre.length);
    this.norm.sample(random, delta);
    for (let i = 0; i < out.length; i++) {
      out[i] = (centre[i] ?? 0) + (delta[i] ?? 0) * radius * this.weight(i);
    }
    this.legalise(centre, out, radius);
  }

  /** Largest radius that can matter: the distance to the farthest corner of the valid box. */
  reach(centre: Float32Array): number {
    if (!this.clip) return Infinity;
    const [low, high] = this.clip;
    const delta = new Float64Array(centre.length);
    for (let i = 0; i < centre.length; i++) {
      const value = centre[i] ?? 0;
      if (!this.fixed.has(i)) delta[i] = Math.max(value - low, high - value, 0) / this.weight(i);
    }
    return this.norm.length(delta);
  }

  /** Whether some feature of x lies outside the valid box; the first such feature's index, or −1. */
  outside(x: Float32Array): number {
    if (!this.clip) return -1;
    const [low, high] = this.clip;
    return x.findIndex((value) => value < low || value > high);
  }

  // ---- graph builders -------------------------------------------------------------------------

  private scale(b: Builder, width: Dimension): Node | undefined {
    return this.weights ? b.floats(this.weights, [1, Number(width)]) : undefined;
  }

  private flat(b: Builder, value: Node): Node {
    return b.reshape(value, [value.shape[0] ?? 1, elementCount(value.shape.slice(1))]);
  }

  /** Rooms of a unit ball: (end − centre) / (ε·weight), each in [0, 1]. */
  private rooms(b: Builder, ball: BallNodes, outwards: boolean): Rooms {
    const centre = this.flat(b, ball.centre);
    const scale = this.scale(b, centre.shape[1] ?? 1);
    const radius = b.max(b.perRow(ball.radius, 2), 1e-37);
    const room = (width: Node): Node => {
      const own = b.div(scale ? b.div(width, scale) : width, radius);
      const ended = outwards ? b.add(b.mul(own, 1 + FEW_ULPS), 1e-37) : own;
      return b.min(b.max(ended, 0), 1);
    };
    return {
      up: room(b.sub(this.flat(b, ball.upper), centre)),
      down: room(b.sub(centre, this.flat(b, ball.lower))),
    };
  }

  /** centre + ε·weight·δ, clamped to the box; δ [batch, n] of the unit ball. */
  private place(b: Builder, ball: BallNodes, delta: Node): Node {
    const scale = this.scale(b, delta.shape[1] ?? 1);
    const sized = b.mul(delta, b.perRow(ball.radius, 2));
    const moved = b.reshape(scale ? b.mul(sized, scale) : sized, ball.centre.shape);
    return this.clamp(b, ball, b.add(ball.centre, moved));
  }

  private clamp(b: Builder, ball: BallNodes, x: Node): Node {
    return b.min(b.max(x, ball.lower), ball.upper);
  }

  /** Coefficients in the unit ball's coordinates. */
  private inUnits(b: Builder, a: Node): Node {
    const flat = this.flat(b, a);
    const scale = this.scale(b, flat.shape[1] ?? 1);
    return scale ? b.mul(flat, scale) : flat;
  }

  /** The input of the set where a·x is largest; a of the input's shape. */
  maximiser(b: Builder, ball: BallNodes, a: Node): Node {
    if (this.norm.isBox) {
      const towardsLower = b.where(b.step(b.neg(a)), ball.lower, ball.centre);
      return b.where(b.step(a), ball.upper, towardsLower);
    }
    const delta = this.norm.maximiser(b, this.inUnits(b, a), this.rooms(b, ball, false));
    return this.place(b, ball, delta);
  }

  /** One attack step from x: the steepest move of length step·ε, projected back. step [batch]. */
  step(b: Builder, ball: BallNodes, x: Node, gradient: Node, step: Node): Node {
    const scale = this.scale(b, elementCount(x.shape.slice(1)));
    const length = b.mul(step, ball.radius);
    if (this.norm.isBox) {
      const move = b.mul(b.sign(gradient), b.perRow(length, x.shape.length));
      const sized = scale ? b.mul(move, b.reshape(scale, [1, ...x.shape.slice(1)])) : move;
      return this.clamp(b, ball, b.add(x, sized));
    }
    const rooms = this.rooms(b, ball, false);
    const offset = this.flat(b, b.sub(x, ball.centre));
    const own = scale ? b.div(offset, scale) : offset;
    const delta = b.div(own, b.max(b.perRow(ball.radius, 2), 1e-37));
    const direction = this.norm.direction(b, this.inUnits(b, gradient), rooms);
    const moved = b.add(delta, b.mul(direction, b.perRow(step, 2)));
    return this.place(b, ball, this.norm.project(b, moved, rooms));
  }

  /** ‖a‖ in the dual norm of the (weighted) ball, frozen features left out: [batch]. */
  dualLength(b: Builder, a: Node): Node {
    const flat = this.inUnits(b, a);
    const width = Number(flat.shape[1] ?? 1);
    const free = Float32Array.from({ length: width }, (_, i) => (this.fixed.has(i) ? 0 : 1));
    const open = this.fixed.size === 0 ? flat : b.mul(flat, b.floats(free, [1, width]));
    return b.reshape(this.norm.dual(b, open), [a.shape[0] ?? 1]);
  }

  /** The set for bound propagation; the ball's ends and radius must be rounded outward. */
  inputSet(b: Builder, ball: BallNodes): InputSet {
    const batch = ball.centre.shape[0] ?? 1;
    const box = { lower: ball.lower, upper: ball.upper };
    return {
      centre: ball.centre,
      box,
      isBox: this.norm.isBox,
      support: (rows, shared) => this.support(b, ball, batch, rows, shared),
    };
  }

  private support(b: Builder, ball: BallNodes, batch: Dimension, rows: Node, shared: boolean): Node {
    const width = Number(rows.shape[1] ?? 1);
    const roundedUp = (value: Node): Node =>
      b.add(b.mul(value, 1 + (width + 64) * 2 ** -23), width * 2 ** -120);
    const centre = this.flat(b, ball.centre);
    const up = b.mul(b.sub(this.flat(b, ball.upper), centre), 1 + FEW_ULPS);
    const down = b.mul(b.sub(centre, this.flat(b, ball.lower)), 1 + FEW_ULPS);
    const count = shared ? Number(rows.shape[0] ?? 1) : rowsPerSample(rows, batch);
    const matrix = shared ? rows : b.reshape(rows, [batch, count, width]);
    const along = (room: Node, part: Node): Node =>
      shared
        ? b.matMul(room, part, { transB: true })
        : b.reshape(b.matMul(part, b.reshape(room, [batch, width, 1])), [batch, count]);
    const boxed = b.add(along(up, b.relu(matrix)), along(down, b.relu(b.neg(matrix))));
    if (this.norm.isBox) return roundedUp(boxed);
    const scale = this.scale(b, width);
    const own = scale ? b.mul(matrix, scale) : matrix;
    const radius = b.perRow(ball.radius, 2);
    if (count > EXACT_SUPPORT_ROWS) {
      const dual = b.reshape(this.norm.dual(b, own), shared ? [1, count] : [batch, count]);
      return roundedUp(b.min(b.mul(dual, radius), boxed));
    }
    const rooms = this.rooms(b, ball, true);
    const each = (room: Node): Node => b.reshape(room, [batch, 1, width]);
    const full = b.expand(shared ? b.reshape(own, [1, count, width]) : own, [batch, count, width]);
    const unit = this.norm.support(b, full, { up: each(rooms.up), down: each(rooms.down) });
    const exact = b.mul(b.reshape(unit, [batch, count]), radius);
    return roundedUp(b.min(exact, boxed));
  }
}

function rowsPerSample(rows: Node, batch: Dimension): number {
  const total = rows.shape[0] ?? 1;
  for (let count = 1; count <= 2 ** 20; count++) {
    if (multiply(batch, count) === total) return count;
  }
  throw new RangeError('coefficient rows do not belong to the batch');
}

/** centre + factor·delta rounded towards the centre. */
function towards(centre: number, delta: number, factor: number): number {
  const exact = centre + delta * factor;
  const rounded = Math.fround(exact);
  const beyond = delta > 0 ? rounded > exact : rounded < exact;
  if (!beyond) return rounded;
  const stepped = delta > 0 ? nextDown(rounded) : nextUp(rounded);
  return delta > 0 ? Math.max(stepped, centre) : Math.min(stepped, centre);
}

export function linf(options: ThreatOptions): Threat {
  return new Threat('linf', options);
}
export function l2(options: ThreatOptions): Threat {
  return new Threat('l2', options);
}
export function l1(options: ThreatOptions): Threat {
  return new Threat('l1', options);
}
