/**
 * What counts of inputs prove at 95 %: a share, and the difference of two shares of the same inputs.
 * Indicators fire by these bounds, never by the share itself, so that a handful of inputs decides nothing.
 */
import { clopperPearsonLower } from '../bounds/clopper-pearson.ts';

/** One end of a two-sided 95 % interval. */
const ALPHA = 0.025;

/** Lower end of the Clopper–Pearson interval of `hits` of `count`; 0 without inputs. */
export function shareLower(hits: number, count: number): number {
  return count === 0 ? 0 : clopperPearsonLower(hits, count, ALPHA);
}

/** Two outcomes of the same inputs, held against each other. */
export interface Paired {
  readonly count: number;
  /** Inputs where the first has what the second lacks, and the other way round. */
  readonly gains: number;
  readonly losses: number;
  /** Share of the first less that of the second. */
  readonly difference: number;
  /** What the difference is at least, at 95 %. */
  readonly lower: number;
}

/**
 * The difference is d·(2p − 1): d the share of inputs on which the two disagree, p how many of those the
 * first wins (McNemar 1947). Both are bounded exactly, each at half of what may go wrong, so the product
 * of the bounds is one of the difference (after Fay and Lumbard 2021, without their smoothing).
 */
export function paired(first: readonly boolean[], second: readonly boolean[]): Paired {
  const count = first.length;
  const gains = first.filter((own, i) => own && !second[i]).length;
  const losses = second.filter((own, i) => own && !first[i]).length;
  const differing = gains + losses;
  const lead = 2 * shareLower(gains, differing) - 1;
  return {
    count,
    gains,
    losses,
    difference: count === 0 ? 0 : (gains - losses) / count,
    lower: Math.max(0, lead) * shareLower(differing, count),
  };
}
