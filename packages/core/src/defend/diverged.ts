/** A training whose loss or gradient is no number any more. */
export class Diverged extends RangeError {
  override readonly name = 'Diverged';
  /** From 1. */
  readonly step: number;
  readonly epoch: number;

  constructor(loss: number, step: number, epoch: number) {
    const what = Number.isFinite(loss) ? 'the gradient is no number' : `the loss is ${loss}`;
    super(`${what} at step ${step}, in epoch ${epoch}: try a lower learning rate`);
    this.step = step;
    this.epoch = epoch;
  }
}
