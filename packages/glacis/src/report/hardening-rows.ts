/** What both models are compared by, row by row, as text. */
import type { Fraction, Run } from '@glacis/core';
import type { Compared } from '../run/comparison.ts';
import { percent, percentRange, radius } from './numbers.ts';

export interface ComparedRow {
  readonly title: string;
  readonly before: string;
  readonly after: string;
}

const accuracies = [
  ['clean', 'clean'],
  ['noise', 'under noise'],
  ['robustUpper', 'under attack ≤'],
  ['certifiedLower', 'proven ≥'],
] as const;

export function comparedRows({ before, after, lipschitz, alignment }: Compared): ComparedRow[] {
  const row = (title: string, of: (side: 'before' | 'after') => string): ComparedRow => ({
    title,
    before: of('before'),
    after: of('after'),
  });
  const runs: Readonly<Record<'before' | 'after', Run>> = { before, after };
  const share = (value: Fraction, run: Run, key: keyof Run['intervals']): string => {
    const interval = run.intervals[key];
    return `${percent(value)}${interval ? ` (${percentRange(interval)})` : ''}`;
  };
  return [
    ...accuracies.map(([key, title]) =>
      row(title, (side) => share(runs[side].accuracy[key], runs[side], key)),
    ),
    row('gradient masking', (side) => runs[side].masking?.verdict ?? 'not diagnosed'),
    row('Lipschitz ≤', (side) => radius(lipschitz[side])),
    row('gradients agree', (side) => radius(alignment[side].nearby)),
    row('… along the input', (side) => radius(alignment[side].withInput)),
  ];
}
