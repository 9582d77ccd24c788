/** From ledger rows to the numbers of a run: fractions, their 95 % intervals, verdicts, the curve. */
import {
  type AccuracyRecord,
  type CurvePoint,
  type Fraction,
  type Interval,
  type SampleRecord,
  type Verdict,
  verdicts,
} from './run.ts';

const Z = 1.959963984540054;

/** Wilson's score interval (1927) for `hits` of `count`, at 95 %. */
export function wilson(hits: number, count: number): Interval {
  if (count === 0) return null;
  const p = hits / count;
  const z2 = (Z * Z) / count;
  const centre = (p + z2 / 2) / (1 + z2);
  const half = (Z / (1 + z2)) * Math.sqrt((p * (1 - p)) / count + z2 / (4 * count));
  return [hits === 0 ? 0 : centre - half, hits === count ? 1 : centre + half];
}

export function countVerdicts(samples: readonly SampleRecord[]): Record<Verdict, number> {
  const counts = Object.fromEntries(verdicts.map((verdict) => [verdict, 0]));
  for (const { verdict } of samples) counts[verdict] = (counts[verdict] ?? 0) + 1;
  // One key per verdict, all present.
  return counts as Record<Verdict, number>;
}

const isCorrect = ({ verdict }: SampleRecord): boolean =>
  verdict !== 'misclassified' && verdict !== 'error';

interface Counts {
  readonly clean: number;
  readonly noise: number | null;
  readonly robustUpper: number | null;
  readonly certifiedLower: number | null;
}

function countAt(samples: readonly SampleRecord[], eps: number): Counts {
  const correct = samples.filter(isCorrect);
  // The clean answer is one forward pass.
  const attacked = correct.some(({ upper, forwards }) => upper !== null || forwards > 1);
  const bounded = correct.some(({ lower }) => lower !== null);
  const noisy = correct.some(({ noiseBroken }) => noiseBroken !== null);
  return {
    clean: correct.length,
    noise: noisy ? correct.filter(({ noiseBroken }) => noiseBroken !== true).length : null,
    robustUpper: attacked
      ? correct.filter(({ upper }) => upper === null || upper > eps).length
      : null,
    certifiedLower: bounded
      ? correct.filter(({ lower }) => lower !== null && lower >= eps).length
      : null,
  };
}

export function summarise(
  samples: readonly SampleRecord[],
  eps: number,
): { accuracy: AccuracyRecord<Fraction>; intervals: AccuracyRecord<Interval> } {
  const counts = countAt(samples, eps);
  const total = samples.length;
  const fraction = (hits: number | null): Fraction =>
    hits === null || total === 0 ? null : hits / total;
  const interval = (hits: number | null): Interval => (hits === null ? null : wilson(hits, total));
  return {
    accuracy: {
      clean: fraction(counts.clean),
      noise: fraction(counts.noise),
      robustUpper: fraction(counts.robustUpper),
      certifiedLower: fraction(counts.certifiedLower),
    },
    intervals: {
      clean: interval(counts.clean),
      noise: interval(counts.noise),
      robustUpper: interval(counts.robustUpper),
      certifiedLower: interval(counts.certifiedLower),
    },
  };
}

/** Accuracy against ε at the given radii; noise is known only at the run's own. */
export function curveAt(
  samples: readonly SampleRecord[],
  radii: readonly number[],
  eps: number,
): CurvePoint[] {
  const total = Math.max(1, samples.length);
  return radii.map((radius) => {
    const counts = countAt(samples, radius);
    const fraction = (hits: number | null): Fraction => (hits === null ? null : hits / total);
    return {
      eps: radius,
      noise: radius === eps ? fraction(counts.noise) : radius === 0 ? counts.clean / total : null,
      robustUpper: fraction(counts.robustUpper),
      certifiedLower: fraction(counts.certifiedLower),
    };
  });
}

const CURVE_POINTS = 41;

/** Radii for a curve nobody asked for: 0 to a little past where the attacks have broken nearly all. */
export function curveRadii(samples: readonly SampleRecord[], eps: number): number[] {
  const uppers = samples
    .flatMap(({ upper }) => (upper === null ? [] : [upper]))
    .sort((a, b) => a - b);
  const most = uppers[Math.floor(uppers.length * 0.98)] ?? 0;
  const end = Math.max(eps * 1.25, most * 1.05);
  const grid = Array.from({ length: CURVE_POINTS }, (_, i) => (end * i) / (CURVE_POINTS - 1));
  return [...new Set([...grid, eps])].sort((a, b) => a - b);
}
