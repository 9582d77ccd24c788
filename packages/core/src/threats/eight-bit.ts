/**
 * Inputs that are stored in eight bits: multiples of 1/255 of the valid range. A grid point's float32 is
 * off by its rounding, so that k steps may be a little more or less than k/255 of the range: distances are
 * those of the stored float32 numbers, and where k steps end beyond a ball there is room for one less.
 */
import { roundDown, roundUp } from '../tensor/float32.ts';

const STEPS = 255;
/** Two roundings of numbers of the range, to each side, relative to its larger end. */
const DUST = 2 ** -22;
/** Shares of a step by which what a float32 search offers may miss the step it means. */
const SLACK = 1e-3;

/** The set that a candidate must be in: its distance and radius, and how far one feature is from home. */
export interface StepLimits {
  readonly radius: number;
  readonly distance: (x: Float32Array) => number;
  readonly reach: (value: number, feature: number) => number;
}

/** Towards the input a candidate comes from, to the nearest step, or away from it. */
export type StepRounding = 'inward' | 'nearest' | 'outward';

const wholeSteps: Readonly<Record<StepRounding, (steps: number) => number>> = {
  inward: (steps) => Math.floor(steps + SLACK),
  nearest: Math.round,
  outward: (steps) => Math.ceil(steps - SLACK),
};

export class EightBitGrid {
  /** How far a difference of two grid points may be from their steps. */
  readonly dust: number;
  /** The length of a step. */
  readonly step: number;
  private readonly low: number;
  private readonly high: number;

  constructor([low, high]: readonly [number, number]) {
    this.low = low;
    this.high = high;
    this.step = (high - low) / STEPS;
    this.dust = DUST * Math.max(Math.abs(low), Math.abs(high));
  }

  private levelOf(value: number): number {
    return Math.round(((value - this.low) / (this.high - this.low)) * STEPS);
  }

  private valueAt(level: number): number {
    const value = Math.fround(this.low + (level * (this.high - this.low)) / STEPS);
    return Math.max(roundUp(this.low), Math.min(roundDown(this.high), value));
  }

  /** Whether a float32 is a grid point. */
  holds(value: number): boolean {
    return Math.abs(value - this.valueAt(this.levelOf(value))) <= this.dust / 2;
  }

  /** Moves x, in place, onto the grid around a centre that lies on it, each feature by whole steps. */
  settle(centre: Float32Array, x: Float32Array, rounding: StepRounding): void {
    for (let i = 0; i < x.length; i++) {
      const [from, value] = [centre[i] ?? 0, x[i] ?? 0];
      if (value === from) continue;
      const way = Math.abs(value - from);
      const steps = wholeSteps[rounding]((way / (this.high - this.low)) * STEPS);
      x[i] = this.stepped(from, value > from ? steps : -steps);
    }
  }

  /**
   * The same inward, from an x in the set: a feature whose last step leaves the set takes one less, and
   * so do, where they leave it together, those that went beyond x, by most first, as few as it takes.
   */
  settleWithin(centre: Float32Array, x: Float32Array, limits: StepLimits): void {
    const given = x.slice();
    const lengthOf = (values: Float32Array, i: number): number =>
      Math.abs((values[i] ?? 0) - (centre[i] ?? 0));
    this.settle(centre, x, 'inward');
    x.forEach((value, i) => {
      if (limits.reach(value, i) > limits.radius) x[i] = this.stepBack(centre[i] ?? 0, value);
    });
    if (limits.distance(x) <= limits.radius) return;
    const beyond = Float64Array.from(x, (_, i) => lengthOf(x, i) - lengthOf(given, i));
    const order = Array.from(x.keys()).filter((i) => (beyond[i] ?? 0) > 0);
    order.sort((p, q) => (beyond[q] ?? 0) - (beyond[p] ?? 0) || p - q);
    const back = x.map((value, i) => this.stepBack(centre[i] ?? 0, value));
    // None of them is beyond x any more: that many are enough.
    let [few, enough] = [0, order.length];
    const trial = x.slice();
    while (few + 1 < enough) {
      const count = (few + enough) >> 1;
      order.forEach((i, place) => (trial[i] = (place < count ? back[i] : x[i]) ?? 0));
      if (limits.distance(trial) <= limits.radius) enough = count;
      else few = count;
    }
    for (const i of order.slice(0, enough)) x[i] = back[i] ?? 0;
  }

  private stepBack(from: number, value: number): number {
    const steps = this.levelOf(value) - this.levelOf(from);
    return this.stepped(from, steps - Math.sign(steps));
  }

  private stepped(from: number, steps: number): number {
    if (steps === 0) return from;
    return this.valueAt(Math.max(0, Math.min(STEPS, this.levelOf(from) + steps)));
  }
}
