/**
 * A threat model: the set of inputs an attacker may choose around a given one — an ℓp ball of radius
 * ε (optionally weighted per feature, with frozen features), met with the box of valid inputs. ε is
 * in the units of the user's input. The same set serves attacks (maximiser, direction, projection)
 * and proofs (support); only the rounding of its ends differs: inward for the one, outward for the
 * other.
 */
import type { NormName } from '../audit/run.ts';
import { nextDown, nextUp, roundDown, roundUp } from '../tensor/float32.ts';
import type { RandomBlock } from '../tensor/random.ts';
import { EightBitGrid, type StepRounding } from './eight-bit.ts';
import type { Norm } from './norm.ts';
import { keepLargest, l0Norm } from './norms/l0.ts';
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
  /** Inputs are stored in eight bits, over the valid box: candidates are rounded so, inside the set. */
  readonly eightBit?: boolean;
}

const norms: ReadonlyMap<NormName, Norm> = new Map([
  ['linf', linfNorm],
  ['l2', l2Norm],
  ['l1', l1Norm],
  ['l0', l0Norm],
]);

/** Larger radii leave float32, the type of the inputs. */
const LARGEST_RADIUS = 1e38;
/** The largest float32. */
const MAX = (2 - 2 ** -23) * 2 ** 127;

export class Threat {
  readonly norm: Norm;
  readonly eps: number;
  readonly clip: readonly [number, number] | null;
  readonly weights: Float32Array | null;
  readonly frozen: readonly number[] | null;
  /** The frozen features, for look-ups. */
  readonly fixed: ReadonlySet<number>;
  /** The values that inputs may take; null: any float32. */
  readonly grid: EightBitGrid | null;

  /** Throws RangeError for a negative or non-finite ε, an empty box, or weights that are not positive. */
  constructor(name: NormName, options: ThreatOptions) {
    const norm = norms.get(name);
    if (!norm) throw new RangeError(`the norm ${name} is not supported: use linf, l2, l1 or l0`);
    if (!(options.eps >= 0) || options.eps > LARGEST_RADIUS) {
      throw new RangeError(`eps must be a finite number ≥ 0 (at most 1e38), not ${options.eps}`);
    }
    const clip = options.clip ?? null;
    if (clip && !(clip[0] < clip[1])) {
      throw new RangeError(`clip ${clip[0]},${clip[1]} is empty: the first number must be smaller`);
    }
    if (norm.counts && !Number.isInteger(options.eps)) {
      throw new RangeError(`an ℓ0 radius is a whole number of features, not ${options.eps}`);
    }
    if (norm.counts && !clip) {
      throw new RangeError(
        'ℓ0 counts features and needs the range of valid values that bounds them',
      );
    }
    if (options.eightBit && !clip) {
      throw new RangeError('eight bits divide the range of valid values, and there is none');
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
    this.grid = options.eightBit && clip ? new EightBitGrid(clip) : null;
  }

  private weight(i: number): number {
    return this.weights ? (this.weights[i] ?? 1) : 1;
  }

  /** The same set with another radius, and in another norm where one is named. */
  at(eps: number, norm: NormName = this.norm.name): Threat {
    const { clip, weights, frozen } = this;
    const eightBit = this.grid !== null;
    return new Threat(norm, { eps, clip, weights, frozen, eightBit });
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
      const reach = this.norm.counts ? anyDistance(radius) : radius * this.weight(i);
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
      const from = centre[i] ?? 0;
      const difference = value - from;
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
   * float64 on the stored float32 array ≤ radius. Returns that distance. In eight bits, `rounding` says
   * to which step a value between two goes first; the one inward is always in the set.
   */
  legalise(
    centre: Float32Array,
    x: Float32Array,
    radius: number,
    rounding: StepRounding = 'inward',
  ): number {
    const distance = this.enter(centre, x, radius);
    return this.grid ? this.settled(this.grid, centre, x, radius, rounding) : distance;
  }

  /** Into the set, whatever the grid; returns the distance. */
  enter(centre: Float32Array, x: Float32Array, radius: number): number {
    const [low, high] = this.clip ?? [-Infinity, Infinity];
    for (let i = 0; i < x.length; i++) {
      const c = centre[i] ?? 0;
      const value = x[i] ?? 0;
      if (this.fixed.has(i) || Number.isNaN(value)) x[i] = c;
      else if (!Number.isFinite(value))
        x[i] = value > 0 ? Math.min(roundDown(high), MAX) : Math.max(roundUp(low), -MAX);
      else if (value < low) x[i] = Math.min(c, roundUp(low));
      else if (value > high) x[i] = Math.max(c, roundDown(high));
    }
    if (this.norm.counts) keepLargest(centre, x, radius);
    let distance = this.distance(centre, x);
    for (let shrink = 1; distance > radius; shrink *= 2) {
      // Nothing on the way is in the set (a frozen or invalid coordinate): the centre is.
      if (shrink > 2 ** 40) x.set(centre);
      const factor = Math.max(0, Math.min(1, radius / distance) - (shrink - 1) * 2 ** -26);
      for (let i = 0; i < x.length; i++) {
        const c = centre[i] ?? 0;
        x[i] = towards(c, (x[i] ?? 0) - c, factor);
      }
      distance = this.distance(centre, x);
    }
    return distance;
  }

  private settled(
    grid: EightBitGrid,
    centre: Float32Array,
    x: Float32Array,
    radius: number,
    rounding: StepRounding,
  ): number {
    if (rounding !== 'inward') {
      const given = x.slice();
      grid.settle(centre, x, rounding);
      const distance = this.distance(centre, x);
      if (distance <= radius) return distance;
      x.set(given);
    }
    const limits = {
      radius,
      distance: (own: Float32Array) => this.distance(centre, own),
      reach: (value: number, i: number) =>
        this.norm.counts ? 0 : Math.abs((value - (centre[i] ?? 0)) / this.weight(i)),
    };
    grid.settleWithin(centre, x, limits);
    return this.distance(centre, x);
  }

  /** The radii that differ are multiples of this, in eight bits but for rounding; 0: all differ. */
  get quantum(): number {
    if (this.norm.counts) return 1;
    return this.grid && this.norm.isBox && !this.weights ? this.grid.step : 0;
  }

  /** A random point of the sphere of the given radius (then clipped), written to `out`. */
  sample(centre: Float32Array, radius: number, random: RandomBlock, out: Float32Array): void {
    if (this.norm.counts) return this.sampleFeatures(centre, radius, random, out);
    const delta = new Float64Array(centre.length);
    this.norm.sample(random, delta);
    for (let i = 0; i < out.length; i++) {
      out[i] = (centre[i] ?? 0) + (delta[i] ?? 0) * radius * this.weight(i);
    }
    this.legalise(centre, out, radius);
  }

  /** So many random features at random ends of the valid box. */
  private sampleFeatures(
    centre: Float32Array,
    count: number,
    random: RandomBlock,
    out: Float32Array,
  ): void {
    const [low, high] = this.clip ?? [0, 0];
    const features = Array.from(centre.keys()).filter((i) => !this.fixed.has(i));
    const order = (i: number): number => random.bits(2 * i);
    features.sort((p, q) => order(p) - order(q) || p - q);
    out.set(centre);
    for (const i of features.slice(0, Math.max(0, Math.floor(count)))) {
      out[i] = random.sign(2 * i + 1) > 0 ? high : low;
    }
    this.legalise(centre, out, count);
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

/** How far one feature goes when features are counted: as far as the box, or nowhere. */
function anyDistance(count: number): number {
  return count >= 1 ? Infinity : 0;
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
export function l0(options: ThreatOptions): Threat {
  return new Threat('l0', options);
}
