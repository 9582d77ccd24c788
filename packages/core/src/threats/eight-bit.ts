/**
 * Inputs that are stored in eight bits: multiples of 1/255 of the valid range. A grid point's float32 is
 * off by its rounding, which would take a step off every second ball of 8/255; so distances between grid
 * points count their steps, exactly, and proofs cover what the rounding adds (`dust`).
 */
import { roundDown, roundUp } from '../tensor/float32.ts';

const STEPS = 255;
/** Two roundings of numbers of the range, to each side, relative to its larger end. */
const DUST = 2 ** -22;
/** Shares of a step by which what a float32 search offers may miss the step it means. */
const SLACK = 1e-3;

/** Towards the input a candidate comes from, to the nearest step, or away from it. */
export type StepRounding = 'inward' | 'nearest' | 'outward';

const wholeSteps: Readonly<Record<StepRounding, (steps: number) => number>> = {
  inward: (steps) => Math.floor(steps + SLACK),
  nearest: Math.round,
  outward: (steps) => Math.ceil(steps - SLACK),
};

export class EightBitGrid {
  /** How far a float32 difference of two grid points may be from their steps. */
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
    const value = Math.fround(this.low + this.lengthOf(level));
    return Math.max(roundUp(this.low), Math.min(roundDown(this.high), value));
  }

  /** So many steps, rounded once. */
  lengthOf(steps: number): number {
    return (steps * (this.high - this.low)) / STEPS;
  }

  /** Whether a float32 is a grid point. */
  holds(value: number): boolean {
    return Math.abs(value - this.valueAt(this.levelOf(value))) <= this.dust / 2;
  }

  /** value − centre: of grid points, by their steps. */
  difference(value: number, centre: number): number {
    if (value === centre || !this.holds(value) || !this.holds(centre)) return value - centre;
    return this.lengthOf(this.levelOf(value) - this.levelOf(centre));
  }

  /**
   * Moves x, in place, onto the grid around a centre that lies on it, each feature by whole steps of
   * `share` of its way.
   */
  settle(centre: Float32Array, x: Float32Array, rounding: StepRounding, share = 1): void {
    for (let i = 0; i < x.length; i++) {
      const [from, value] = [centre[i] ?? 0, x[i] ?? 0];
      if (value === from) continue;
      const way = share * Math.abs(value - from);
      const steps = wholeSteps[rounding]((way / (this.high - this.low)) * STEPS);
      const level = this.levelOf(from) + (value > from ? steps : -steps);
      x[i] = steps === 0 ? from : this.valueAt(Math.max(0, Math.min(STEPS, level)));
    }
  }
}
