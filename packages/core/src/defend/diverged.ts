/** What ends a training: numbers that are none any more, and a loss that no parameter changes. */
import type { Vectors } from './checkpoint.ts';

/** A training whose loss, gradient or parameters are no numbers any more. */
export class Diverged extends RangeError {
  override readonly name = 'Diverged';
  /** From 1. */
  readonly step: number;
  readonly epoch: number;

  constructor(what: string, step: number, epoch: number) {
    super(`${what} at step ${step}, in epoch ${epoch}: try a lower learning rate`);
    this.step = step;
    this.epoch = epoch;
  }
}

/** Throws Diverged, at a step of an epoch. */
export function requireNumbers(
  { loss, length }: { readonly loss: number; readonly length: number },
  step: number,
  epoch: number,
): void {
  if (!Number.isFinite(loss)) throw new Diverged(`the loss is ${loss}`, step, epoch);
  if (!Number.isFinite(length)) throw new Diverged('the gradient is no number', step, epoch);
}

/** After an epoch: the last step may have left the range of numbers without a loss that says so. Throws Diverged. */
export function requireFinite(vectors: Vectors, step: number, epoch: number): void {
  const isFinite = Object.values(vectors).every(({ data }) =>
    data.every((value: number | bigint) => Number.isFinite(Number(value))),
  );
  if (!isFinite) throw new Diverged('parameters are no numbers', step, epoch);
}

/** Throws RangeError where the longest gradient of an epoch has no length. */
export function requireSlope(longest: number): void {
  if (longest > 0) return;
  throw new RangeError(
    'no gradient reaches the parameters: the loss is flat in all of them at every step of an epoch, as behind steps (rounding, comparisons) or where no unit is active',
  );
}
