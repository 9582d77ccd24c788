/** What the flags say counts as broken. */
import type { Criterion } from '@glacis/core';
import type { OptionValues } from '../cli/options.ts';
import { UsageError } from '../errors.ts';

type Kind = Criterion['kind'];

/** The flag that gives each criterion its number; the flag alone chooses the criterion too. */
const numbers = [
  ['target', 'target', '--target', 'the class that an attacker wants'],
  ['confidence', 'below', '--below', 'a probability, 0.5'],
  ['error', 'above', '--above', 'how far a prediction may be off'],
] as const;

/** Throws UsageError where flags contradict each other or a number is missing. */
export function chooseCriterion(values: OptionValues): Criterion {
  const given = numbers.filter(([, name]) => values[name] !== undefined);
  const [first, second] = given;
  if (first && second) {
    throw new UsageError(`${first[2]} and ${second[2]} belong to two criteria; give one of them.`);
  }
  const kind: Kind = values.criterion ?? first?.[0] ?? 'misclassified';
  if (first && first[0] !== kind) {
    throw new UsageError(`${first[2]} does not go with --criterion ${kind}.`);
  }
  const wanted = numbers.find(([own]) => own === kind);
  if (wanted && !first) {
    throw new UsageError(`--criterion ${kind} needs ${wanted[2]}: ${wanted[3]}.`);
  }
  switch (kind) {
    case 'misclassified':
      return { kind };
    case 'target':
      return { kind, class: values.target ?? 0 };
    case 'confidence':
      return { kind, below: values.below ?? 0 };
    case 'error':
      return { kind, above: values.above ?? 0 };
  }
}
