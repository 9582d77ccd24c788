/**
 * What a diagnosis shows rather than tells: the curve of accuracy under plain gradients, the margin along the
 * attack, the landscape around an input, gradients as maps beside those of another model, and how loose bounds
 * become. Plain data; reports draw it.
 */
import type { AttackContext } from '../attacks/attack.ts';
import { rowsOf } from '../audit/attack-stage.ts';
import type { Entry, Ledger } from '../audit/ledger.ts';
import type { ClimbRecord, GradientMap, MaskingFigures } from '../audit/run.ts';
import type { Classifier } from '../runtime/classifier.ts';
import { Stopped } from '../runtime/cancel.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Evidence } from './evidence.ts';
import { landscapeOf } from './landscape.ts';
import { loosenessOf } from './looseness.ts';
import { significant } from './significant.ts';
import { slopesAt } from './slopes.ts';

export interface Showing {
  readonly context: AttackContext;
  readonly runtime: Runtime;
  readonly ledger: Ledger;
  readonly entries: readonly Entry[];
  readonly evidence: Evidence;
  /** Whose gradients are shown beside the model's own. */
  readonly surrogate: Classifier | null;
  readonly bounds: boolean;
}

/** Gradients that are shown, and features up to which they are kept. */
const [MAPS, MOST_FEATURES] = [3, 2 ** 14];

/** Those that were made; not `whole` where the run was stopped before all were. */
export interface Figures {
  readonly figures: MaskingFigures;
  readonly whole: boolean;
}

export async function figuresOf(showing: Showing): Promise<Figures> {
  const { context, runtime, entries, evidence, bounds } = showing;
  const { classifier, threat, signal } = context;
  const chosen = telling(entries, evidence);
  const [first] = chosen;
  const size = classifier.sampleSize;
  let figures: MaskingFigures = {
    curve: curveOf(showing),
    climb: climbOf(evidence.paths),
    landscape: null,
    gradients: [],
    looseness: [],
  };
  try {
    const rows = rowsOf(classifier, chosen, radiiOf(showing, chosen));
    const slopes = await slopesAt(context, rows);
    if (first) {
      const landscape = await landscapeOf(context, first, slopes.subarray(0, size));
      figures = { ...figures, landscape };
    }
    if (size <= MOST_FEATURES) {
      figures = { ...figures, gradients: await mapsOf(showing, chosen, slopes) };
    }
    if (bounds && first) {
      const looseness = await loosenessOf(classifier, runtime, { threat, entry: first, signal });
      figures = { ...figures, looseness };
    }
    return { figures, whole: true };
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    return { figures, whole: false };
  }
}

const radiiOf = ({ context }: Showing, { length }: readonly Entry[]): Float64Array =>
  new Float64Array(length).fill(context.threat.eps);

/** Inputs that withstood the gradient and fell to another attack first, then those that withstood all. */
function telling(entries: readonly Entry[], { trials, eps }: Evidence): Entry[] {
  const rank = (entry: Entry, i: number): number => {
    if (trials.iterated.broken[i]) return 2;
    return (entry.upper ?? Infinity) <= eps ? 0 : 1;
  };
  return entries
    .map((entry, i) => ({ entry, rank: rank(entry, i) }))
    .sort((a, b) => a.rank - b.rank)
    .slice(0, MAPS)
    .map(({ entry }) => entry);
}

/** Shares of all inputs: what iterated gradients leave standing, and what all attacks do. */
function curveOf({ ledger, entries, evidence }: Showing): MaskingFigures['curve'] {
  const total = Math.max(1, ledger.entries.length);
  const right = ledger.entries.filter((entry) => entry.error === null && !entry.wrong);
  const start = { eps: 0, gradient: right.length / total, all: right.length / total };
  const points = evidence.trials.curve.map(({ eps, broken }) => {
    const missed = broken.filter((own) => !own).length / Math.max(1, entries.length);
    const standing = right.filter(({ upper }) => upper === null || upper > eps).length;
    return {
      eps: significant(eps),
      gradient: significant((missed * right.length) / total),
      all: significant(standing / total),
    };
  });
  return [start, ...points];
}

/** Quantiles of the margin at each step, in units of the margin at the start; a broken input stays where it fell. */
function climbOf(paths: readonly Float32Array[]): ClimbRecord[] {
  const moving = paths.filter((path) => (path[0] ?? 0) > 0);
  const steps = moving.reduce((most, { length }) => Math.max(most, length), 0);
  return Array.from({ length: steps }, (_, step) => {
    const values = moving
      .map((path) => (path[Math.min(step, path.length - 1)] ?? 0) / (path[0] ?? 1))
      .sort((a, b) => a - b);
    const at = (share: number): number =>
      significant(values[Math.min(values.length - 1, Math.floor(share * values.length))] ?? 0);
    return { step, low: at(0.1), middle: at(0.5), high: at(0.9) };
  });
}

async function mapsOf(
  showing: Showing,
  chosen: readonly Entry[],
  slopes: Float32Array,
): Promise<GradientMap[]> {
  const { context, surrogate } = showing;
  const size = context.classifier.sampleSize;
  const rows = rowsOf(context.classifier, chosen, radiiOf(showing, chosen));
  const others =
    surrogate &&
    (await slopesAt(
      { ...context, classifier: surrogate.withLabels(context.classifier.labels) },
      rows,
    ));
  const part = (all: Float32Array, i: number): number[] =>
    Array.from(all.subarray(i * size, (i + 1) * size), significant);
  return chosen.map(({ index, x }, i) => ({
    index,
    shape: context.classifier.sampleShape,
    input: Array.from(x, significant),
    own: part(slopes, i),
    other: others && part(others, i),
  }));
}
