/** What the flags say counts as broken. */
import type { Criterion } from '@glacis/core';
import type { ClassColumns } from '../data/class-columns.ts';
import { isThere, rangeOf, type Targets, readTargets } from '../data/targets.ts';
import type { OptionValues } from '../cli/options.ts';
import { UsageError } from '../errors.ts';

type Kind = Criterion['kind'];

/** The flag that gives each criterion its number; the flag alone chooses the criterion too. */
const numbers = [
  ['target', 'target', '--target', 'the class that an attacker wants'],
  ['rejected', 'rejectClass', '--reject-class', 'the class that rejects an input'],
  ['confidence', 'below', '--below', 'a probability, 0.5'],
  ['error', 'above', '--above', 'how far a prediction may be off'],
] as const;

export interface ChosenCriterion {
  readonly criterion: Criterion;
  /** The targets of all inputs of the data, where each has its own. */
  readonly targets: Targets | null;
}

/** `columns`: how classes are called. Throws UsageError where flags contradict each other or a number is missing. */
export async function chooseCriterion(
  values: OptionValues,
  dataPath: string,
  columns: () => Promise<ClassColumns>,
): Promise<ChosenCriterion> {
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
      return { criterion: { kind }, targets: null };
    case 'target': {
      const { target = 0 } = values;
      const called = await columns();
      const one = await oneClass(target, called);
      if (one !== null) return { criterion: { kind, class: one }, targets: null };
      const targets = await readTargets(String(target), dataPath, called);
      return { criterion: { kind, class: targets.classes }, targets };
    }
    case 'rejected':
      return { criterion: { kind, class: values.rejectClass ?? 0 }, targets: null };
    case 'confidence':
      return { criterion: { kind, below: values.below ?? 0 }, targets: null };
    case 'error':
      return { criterion: { kind, above: values.above ?? 0 }, targets: null };
  }
}

/** The class of that number or name; null where it is a file, or none. Throws UsageError on a number that is none. */
async function oneClass(
  target: number | string,
  { names, columnOf }: ClassColumns,
): Promise<number | null> {
  if (typeof target === 'number') {
    const column = columnOf(target);
    if (column >= 0) return column;
    throw new UsageError(`--target ${target}: there is no such class; ${rangeOf(names)}.`);
  }
  const column = names?.indexOf(target) ?? -1;
  return column < 0 || (await isThere(target)) ? null : column;
}
