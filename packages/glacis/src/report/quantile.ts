/**
 * Order statistics of radii. A missing upper bound (never broken) is infinite, a missing lower bound
 * (nothing proven) is zero, so that medians over all inputs stay honest.
 */
import type { Run, SampleRecord } from '@glacis/core';
import { isCorrect } from './tally.ts';

/** The q-quantile of ascending values, linear between neighbours; null of none. */
export function quantile(ascending: readonly number[], q: number): number | null {
  if (ascending.length === 0) return null;
  const position = q * (ascending.length - 1);
  const below = ascending[Math.floor(position)] ?? 0;
  const above = ascending[Math.ceil(position)] ?? below;
  if (below === above) return below;
  return below + (above - below) * (position - Math.floor(position));
}

export function ascending(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b);
}

export function median(values: readonly number[]): number | null {
  return quantile(ascending(values), 0.5);
}

export function upperOf(sample: SampleRecord): number {
  return sample.upper ?? Number.POSITIVE_INFINITY;
}

export function lowerOf(sample: SampleRecord): number {
  return sample.lower ?? 0;
}

/** The right end of a radius axis: past ε and nearly all bounds, but not stretched by a few. */
export function horizon(run: Run): number {
  const right = run.samples.filter(isCorrect);
  const finite = (values: readonly number[]): number[] =>
    ascending(values.filter((value) => Number.isFinite(value)));
  const reach = Math.max(
    (quantile(finite(right.map(upperOf)), 0.97) ?? 0) * 1.12,
    (quantile(finite(right.map(lowerOf)), 0.99) ?? 0) * 1.12,
    Math.max(0, ...run.curve.map((point) => point.eps)) * 1.05,
  );
  const { eps } = run.threat;
  if (eps <= 0) return reach > 0 ? reach : 1;
  return Math.min(Math.max(reach, eps * 1.4), eps * 8);
}
