/** The stages of an audit, how much of the work each is, and the time each took. */

const stages = [
  'clean',
  'noise',
  'attack',
  'prove',
  'strong attack',
  'split',
  'upper radius',
  'lower radius',
] as const;
export type Stage = (typeof stages)[number];
/** Rough share of the work a stage is, for progress only. */
const weights: Readonly<Record<Stage, number>> = {
  clean: 0.02,
  noise: 0.08,
  attack: 0.1,
  prove: 0.05,
  'strong attack': 0.25,
  split: 0,
  'upper radius': 0.3,
  'lower radius': 0.2,
};

export class StageClock {
  private readonly seconds: Record<string, number> = {};
  private readonly entered: (stage: Stage, shareBefore: number) => void;
  private stage: Stage | null = null;
  private since = Date.now();

  constructor(entered: (stage: Stage, shareBefore: number) => void) {
    this.entered = entered;
  }

  readonly enter = (stage: Stage): void => {
    this.close();
    this.stage = stage;
    const before = stages.slice(0, stages.indexOf(stage));
    this.entered(
      stage,
      before.reduce((sum, name) => sum + weights[name], 0),
    );
  };

  private close(): void {
    const now = Date.now();
    if (this.stage) {
      this.seconds[this.stage] = (this.seconds[this.stage] ?? 0) + (now - this.since) / 1000;
    }
    this.since = now;
  }

  end(): Readonly<Record<string, number>> {
    this.close();
    this.stage = null;
    return this.seconds;
  }
}
