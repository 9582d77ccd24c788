/**
 * Transfer from a surrogate (Papernot et al. 2017): gradients of one model, answers of another. Steps
 * climb the surrogate's loss, and every iterate is tried on the target, whose margin decides; a row
 * leaves the batch when the target has fallen, not when the surrogate has. What other attacks find on
 * the surrogate is tried as well. A target that hides its gradient cannot hide it in the surrogate.
 */
import type { Classifier } from '../runtime/classifier.ts';
import { GOAL } from '../runtime/criteria/view.ts';
import { runRows } from '../runtime/rows.ts';
import { ballFeeds, networkFeeds, type Rows, type SetContext } from '../threats/ball.ts';
import { type Attack, type AttackContext, type AttackOutcome, emptyOutcome } from './attack.ts';
import { confirmed } from './confirm.ts';
import { fgsm } from './fgsm.ts';
import type { LossName } from './losses.ts';
import { rowsAt } from './packing.ts';
import { stepSizeAt } from './pgd.ts';
import { marginProgram, stepProgram } from './programs.ts';
import { rivals } from './rivals.ts';
import { startingPoints } from './starting-points.ts';

export interface TransferOptions {
  readonly id?: string;
  readonly surrogate: Classifier;
  readonly steps: number;
  /** Climbs of each loss; all but the first start at a random point. */
  readonly climbs: Readonly<Partial<Record<LossName, number>>>;
  /** Run on the surrogate alone, before the climbs. */
  readonly attacks?: readonly Attack[];
}

/** Streams of draws that no other attack uses. */
const TRANSFER_DRAW = 0x30000;

/** Why a model cannot stand in for another, as the end of a sentence; null where it can. */
export function surrogateMismatch(surrogate: Classifier, target: Classifier): string | null {
  const [own, wanted] = [surrogate, target].map(({ sampleShape }) => sampleShape.join('×'));
  if (own !== wanted) return `takes inputs of shape ${own ?? ''}, the model ${wanted ?? ''}`;
  if (surrogate.classes !== target.classes) {
    return `has ${surrogate.classes} classes, the model ${target.classes}`;
  }
  if (surrogate.sides.some(({ port }) => port.name !== GOAL))
    return 'has more inputs than the one that is perturbed';
  return null;
}

export function transfer(options: TransferOptions): Attack {
  const { surrogate, steps, climbs, attacks = [] } = options;
  const runs = Object.values(climbs).reduce((sum, count) => sum + count, 0);
  const others = attacks.reduce((sum, { cost }) => sum + cost.gradients, 0);
  return {
    id: options.id ?? 'transfer',
    side: 'attack',
    aim: 'ball',
    cost: { forwards: runs * (2 * steps + 1), gradients: runs * steps + others },
    refusal: ({ classifier }: SetContext) => {
      const why = surrogateMismatch(surrogate, classifier);
      return why === null ? null : `the surrogate ${why}`;
    },
    run: async (context, rows, outcome = emptyOutcome(rows, context)) => {
      const search = new Search(context, rows, surrogate, outcome);
      for (const attack of attacks) await search.tryAll(attack);
      for (const loss of ['margin', 'cross-entropy'] as const) {
        for (let climb = 0; climb < (climbs[loss] ?? 0); climb++) {
          await search.climb(loss, steps, climb);
        }
      }
      return search.outcome;
    },
  };
}

/** The rows of the target that still stand, and the best candidate of each so far. */
class Search {
  readonly outcome: AttackOutcome;
  private open: number[];
  private readonly target: AttackContext;
  private readonly own: AttackContext;
  private readonly rows: Rows;

  constructor(context: AttackContext, rows: Rows, surrogate: Classifier, outcome: AttackOutcome) {
    this.target = context;
    this.own = { ...context, classifier: surrogate.withLabels(context.classifier.labels) };
    this.rows = rows;
    this.outcome = outcome;
    this.open = Array.from({ length: rows.count }, (_, row) => row);
  }

  private get size(): number {
    return this.target.classifier.sampleSize;
  }

  /** Runs an attack on the surrogate and tries what it hands back. */
  async tryAll(attack: Attack): Promise<void> {
    if (this.open.length === 0 || attack.refusal?.(this.own)) return;
    const given = rowsAt(this.rows, this.open, this.size);
    const { best, forwards, gradients } = await attack.run(this.own, given);
    this.open.forEach((row, i) => this.charge(row, forwards[i] ?? 0, gradients[i] ?? 0));
    const fallen = await this.tryOnTarget(best, this.open);
    this.open = this.open.filter((row) => !fallen.has(row));
  }

  /** One climb of the surrogate's loss, every iterate tried on the target. */
  async climb(loss: LossName, steps: number, climb: number): Promise<void> {
    const { own, rows, size } = this;
    const { sampleShape: shape } = own.classifier;
    const program = await stepProgram(own.classifier, own.threat, loss);
    let active = this.open;
    const draw = TRANSFER_DRAW + climb + (loss === 'margin' ? 0 : 0x8000);
    let x = startingPoints(this.target, rows, active, { run: climb, draw });
    let ball = ballFeeds(own, rowsAt(rows, active, size), 'inward');
    for (let step = 0; step < steps && active.length > 0; step++) {
      const pace = stepSizeAt({ loss, steps, restarts: 1 }, step);
      const lengths = new Float32Array(active.length).fill(pace);
      const feeds = { ...ball, x: { data: x, shape }, step: { data: lengths, shape: [] } };
      const { next } = await runRows(own.classifier, program, feeds, active.length, own.signal);
      if (!next) return;
      for (const row of active) this.charge(row, 1, 1);
      const fallen = await this.tryOnTarget(next, active);
      x = next;
      if (fallen.size === 0) continue;
      const kept = active.flatMap((row, i) => (fallen.has(row) ? [] : [i]));
      x = new Float32Array(kept.length * size);
      kept.forEach((from, to) => x.set(next.subarray(from * size, (from + 1) * size), to * size));
      active = kept.map((i) => active[i] ?? 0);
      ball = ballFeeds(own, rowsAt(rows, active, size), 'inward');
    }
    this.open = active;
  }

  private charge(row: number, forwards: number, gradients: number): void {
    const { outcome } = this;
    outcome.forwards[row] = (outcome.forwards[row] ?? 0) + forwards;
    outcome.gradients[row] = (outcome.gradients[row] ?? 0) + gradients;
  }

  /** The target's margins at one candidate for each row; returns the rows that it gives up. */
  private async tryOnTarget(
    candidates: Float32Array,
    owners: readonly number[],
  ): Promise<ReadonlySet<number>> {
    const { target, rows, outcome, size } = this;
    const { classifier, signal } = target;
    const feeds = {
      ...networkFeeds(target, rowsAt(rows, owners, size)),
      x: { data: candidates, shape: classifier.sampleShape },
    };
    const program = await marginProgram(classifier);
    const { margin } = await runRows(classifier, program, feeds, owners.length, signal);
    const seeming: number[] = [];
    owners.forEach((row, i) => {
      this.charge(row, 1, 0);
      const value = margin?.[i] ?? Number.NaN;
      outcome.trace?.note(row, value);
      // A margin that is no number is a candidate too: the original file will say.
      if (!(value >= (outcome.margins[row] ?? Infinity))) {
        outcome.margins[row] = value;
        outcome.best.set(candidates.subarray(i * size, (i + 1) * size), row * size);
      }
      if (!(value > 0)) seeming.push(row);
    });
    return confirmed(target, rows, outcome, seeming);
  }
}

/** The member of a cascade: a few one-step candidates, then climbs of both losses. */
export function transferFrom(surrogate: Classifier): Attack {
  return transfer({
    surrogate,
    steps: 40,
    climbs: { margin: 4, 'cross-entropy': 3 },
    attacks: [fgsm(), rivals({ most: 9 })],
  });
}
