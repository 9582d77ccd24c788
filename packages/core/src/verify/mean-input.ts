/** Inputs at which bounds are attained, averaged over steps. */

/** From so many on inputs are averaged. */
const MANY_STEPS = 48;

/**
 * The mean of the inputs at which the bounds of the last half of many steps are attained: as multipliers settle it
 * nears a solution of the relaxed problem (Nedić & Ozdaglar 2009), where single ones jump from corner to corner.
 */
export class MeanInput {
  private readonly sum: Float64Array | null;
  private readonly steps: number;
  private count = 0;

  constructor(size: number, steps: number) {
    this.steps = steps;
    this.sum = steps >= MANY_STEPS ? new Float64Array(size) : null;
  }

  add(step: number, x: Float32Array): void {
    const { sum } = this;
    if (!sum || 2 * step < this.steps) return;
    this.count++;
    for (let i = 0; i < x.length; i++) sum[i] = (sum[i] ?? 0) + (x[i] ?? 0);
  }

  /** Null where steps are few. */
  get value(): Float32Array | null {
    return this.sum && Float32Array.from(this.sum, (value) => value / this.count);
  }
}
