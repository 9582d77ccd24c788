/**
 * CornerSearch (Croce & Hein 2019, section 3) for ℓ0: features moved to an end of their range, chosen by
 * the scores alone. Every such change of one feature is tried on the input; the best form a shortlist for
 * the margin and for each of the rivals that need the fewest. Unlike as published, which draws
 * combinations at random, walkers add the best of their list one after another, and a break is then
 * pruned and has features exchanged for as long as fewer suffice. Exact on linear models.
 */
import { type Attack, type AttackContext, servesOnly } from './attack.ts';
import { Corners, gainsNeeded, topGains } from './corners.ts';
import { type Asked, NearestBreaks } from './nearest.ts';
import { prune, type Removals, removalsFrom } from './prune.ts';
import { RowTrials } from './row-trials.ts';

export interface CornerSearchOptions {
  /** Walkers towards rivals, beside the one that minds the margin. */
  readonly rivals: number;
  /** Changes on each walker's list. */
  readonly shortlist: number;
  /** Exchanges of features that are tried once nothing can be undone. */
  readonly exchanges: number;
}

/** A walker that needs n more features adds n over this at once. */
const STRIDE = 16;
/** An exchange undoes one of these that are least missed for one of these first on the list. */
const UNDONE = 5;
const TAKEN = 24;
const SWAPS = 10;
/** As many features and rounds as an input takes; what an estimate of the cost goes by. */
const USUAL = { corners: 1500, features: 8, trials: 1000 };

export function cornerSearch(options: CornerSearchOptions): Attack {
  const { rivals, shortlist } = options;
  const walked = (rivals + 1) * shortlist * USUAL.features;
  return {
    id: 'corner-search',
    side: 'attack',
    aim: 'nearest',
    cost: { forwards: USUAL.corners + walked + USUAL.trials, gradients: 0 },
    refusal: servesOnly('l0'),
    run: async (context, rows, outcome) => {
      const breaks = new NearestBreaks(context, rows, outcome);
      for (let row = 0; row < rows.count; row++) {
        await new RowSearch(context, breaks, options, row, rows.labels[row] ?? 0).run();
      }
      return breaks.outcome;
    },
  };
}

/** A point on its way towards a rival (−1: whichever is strongest). */
interface Walker {
  readonly target: number;
  readonly x: Float32Array;
  /** Features that differ from the input. */
  used: number;
  /** Corners worth trying, best first. */
  list: readonly number[];
  /** Whether the list was made where the walker stands. */
  fresh: boolean;
}

class RowSearch {
  private readonly breaks: NearestBreaks;
  private readonly options: CornerSearchOptions;
  private readonly row: number;
  private readonly label: number;
  private readonly classes: number;
  private readonly corners: Corners;
  private readonly trials: RowTrials;

  constructor(
    { classifier, threat }: AttackContext,
    breaks: NearestBreaks,
    options: CornerSearchOptions,
    row: number,
    label: number,
  ) {
    this.breaks = breaks;
    this.options = options;
    this.row = row;
    this.label = label;
    this.classes = classifier.classes;
    this.corners = new Corners(threat, breaks.centre(row));
    this.trials = new RowTrials(breaks, row, classifier.sampleSize);
  }

  async run(): Promise<void> {
    const { breaks, row, corners, trials, label } = this;
    const rivals = Array.from({ length: this.classes }, (_, k) => k).filter((k) => k !== label);
    const [own, ...others] = await this.scan(breaks.centre(row), [-1, ...rivals]);
    if (!own) return;
    others.sort((p, q) => p.needs - q.needs || p.walker.target - q.walker.target);
    const chosen = [own, ...others.slice(0, this.options.rivals)];
    await this.walk(chosen.map(({ walker }) => walker));
    let isFewer = breaks.found(row);
    for (let i = 0; i <= this.options.exchanges && isFewer; i++) {
      const removals = await prune(breaks, row, corners, trials);
      isFewer = await this.exchange(removals, own.walker.list);
    }
  }

  /** Tries all corners at x: walkers that stand there, and how many features they seem to need. */
  private async scan(
    x: Float32Array,
    targets: readonly number[],
    used = 0,
  ): Promise<{ readonly walker: Walker; readonly needs: number }[]> {
    const { corners, trials } = this;
    const free = corners.all.filter((corner) => corners.isFree(x, corner));
    trials.add(x);
    for (const corner of free) corners.set(trials.add(x), corner);
    const asked = await trials.ask();
    return targets.map((target) => {
      const gains = this.gainsAt(asked, 0, free.length, target);
      const list = topGains(gains, this.options.shortlist).map((i) => free[i] ?? 0);
      const needs = gainsNeeded(gains, -this.leadAt(asked, 0, target));
      return { walker: { target, x: x.slice(), used, list, fresh: true }, needs };
    });
  }

  /** How far the target leads the label; no number counts as the least. */
  private leadAt({ margin, scores }: Asked, i: number, target: number): number {
    const at = i * this.classes;
    const lead =
      target < 0 ? -(margin[i] ?? 0) : (scores[at + target] ?? 0) - (scores[at + this.label] ?? 0);
    return Number.isFinite(lead) ? lead : -Number.MAX_VALUE / 4;
  }

  /** What each of the points after `base` gains on it. */
  private gainsAt(asked: Asked, base: number, count: number, target: number): Float64Array {
    const lead = this.leadAt(asked, base, target);
    return Float64Array.from(
      { length: count },
      (_, k) => this.leadAt(asked, base + 1 + k, target) - lead,
    );
  }

  /** The most features that would still be news. */
  private most(): number {
    const { breaks, row } = this;
    const nearest = Math.floor(breaks.distances[row] ?? 0);
    return breaks.found(row) ? nearest - 1 : nearest;
  }

  /** Walkers add what gains them most, all at once, until the rest can do no better than what is known. */
  private async walk(walkers: readonly Walker[]): Promise<void> {
    const { trials, corners } = this;
    let open = walkers.filter(({ used, list }) => list.length > 0 && used < this.most());
    while (open.length > 0) {
      const steps = open.map((walker) => {
        const base = trials.count;
        trials.add(walker.x);
        const tried = walker.list.filter((corner) => corners.isFree(walker.x, corner));
        for (const corner of tried) corners.set(trials.add(walker.x), corner);
        return { walker, base, tried };
      });
      const asked = await trials.ask();
      const stuck: Walker[] = [];
      const next: Walker[] = [];
      for (const { walker, base, tried } of steps) {
        if (walker.used >= this.most()) continue;
        const gains = this.gainsAt(asked, base, tried.length, walker.target);
        const needs = gainsNeeded(gains, -this.leadAt(asked, base, walker.target));
        const stride = Math.max(1, Math.floor(Math.min(needs, tried.length) / STRIDE));
        const taken = topGains(gains, Math.min(stride, this.most() - walker.used));
        if (taken.length > 0)
          next.push(
            this.moved(
              walker,
              taken.map((k) => tried[k] ?? 0),
            ),
          );
        else if (!walker.fresh) stuck.push(walker);
      }
      for (const { x, target, used } of stuck) {
        const [again] = await this.scan(x, [target], used);
        if (again && again.walker.list.length > 0) next.push(again.walker);
      }
      open = next;
    }
  }

  private moved(walker: Walker, taken: readonly number[]): Walker {
    let { used } = walker;
    for (const corner of taken) {
      // Of a feature's two ends the better one is taken.
      if (!this.corners.isFree(walker.x, corner)) continue;
      this.corners.set(walker.x, corner);
      used++;
    }
    return { ...walker, used, fresh: false };
  }

  /**
   * From the break without its least missed feature: exchanges of one feature for another that lower the
   * margin most, until it is a break again. Returns whether it became one.
   */
  private async exchange(first: Removals, list: readonly number[]): Promise<boolean> {
    const { breaks, row, corners, trials } = this;
    const before = breaks.distances[row] ?? 0;
    if (before <= 1) return false;
    const x = breaks.best(row).slice();
    corners.undo(x, first.features[0] ?? 0);
    let least = first.margins[0] ?? Infinity;
    for (let round = 0; round < SWAPS; round++) {
      const { features } = await removalsFrom(x, corners, trials);
      const fresh = list.filter((corner) => corners.isFree(x, corner)).slice(0, TAKEN);
      for (const feature of features.slice(0, UNDONE)) {
        for (const corner of fresh) {
          const point = trials.add(x);
          corners.undo(point, feature);
          corners.set(point, corner);
        }
      }
      for (const corner of corners.others(x)) corners.set(trials.add(x), corner);
      const { margin } = await trials.ask();
      if ((breaks.distances[row] ?? 0) < before) return true;
      const best = margin.reduce((at, value, i) => (value < (margin[at] ?? Infinity) ? i : at), 0);
      if (!((margin[best] ?? Infinity) < least)) return false;
      least = margin[best] ?? Infinity;
      x.set(trials.point(best));
    }
    return false;
  }
}
