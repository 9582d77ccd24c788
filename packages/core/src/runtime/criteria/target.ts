/**
 * Broken: the class an attacker wants, the same of all inputs or one of each, is at least level with all
 * others. The scores are the greatest of the others, which is kept, and the target's. Proofs hold the
 * label's own score above the target's: the greatest of the others is no less.
 */
import type { Criterion } from '../../audit/run.ts';
import { BATCH } from '../../graph/dimension.ts';
import { ModelError } from '../../onnx/model-error.ts';
import { FAR } from '../../transforms/margin.ts';
import { extended, type Head } from '../heads.ts';
import { oneHotGoal } from './misclassified.ts';
import { greatestBut, scoreOf, twoScores } from './two-scores.ts';
import { GOAL, type View } from './view.ts';

type Target = Extract<Criterion, { readonly kind: 'target' }>;

/** The class that is aimed at from the input of an index; null where the criterion is another. */
export function targetOf(criterion: Criterion, index: number): number | null {
  if (criterion.kind !== 'target') return null;
  if (typeof criterion.class === 'number') return criterion.class;
  const wanted = criterion.class[index];
  if (wanted === undefined) throw new RangeError(`the target of input ${index} is not known`);
  return wanted;
}

/** Throws ModelError where the model has no such class. */
export function target(head: Head, criterion: Target): View {
  const { classes } = head;
  requireClasses(criterion, classes);
  const hot = oneHotGoal(classes).row;
  const wantedOf = (index: number): number => targetOf(criterion, index) ?? -1;
  const { graph, built } = extended(head.graph, (b, copyOf) => {
    const [search, proven] = [copyOf(head.search), copyOf(head.proven)];
    const goal = b.input(GOAL, [search.shape[0] ?? BATCH, 2 * classes]);
    const label = b.slice(goal, 1, 0, classes);
    const wanted = b.slice(goal, 1, classes, 2 * classes);
    const others = b.maximum(b.where(wanted, FAR, search), [1], true);
    return {
      search: b.concat([others, scoreOf(b, search, wanted)], 1),
      proven: b.concat([scoreOf(b, proven, label), scoreOf(b, proven, wanted)], 1),
    };
  });
  return twoScores(head, {
    graph,
    built,
    goal: {
      size: 2 * classes,
      row: (label, index) => Float32Array.of(...hot(label, index), ...hot(wantedOf(index), index)),
    },
    provable: true,
    separation: head.separation,
    notes: [noteOn(criterion)],
    pair: (all, _, index) => {
      const wanted = wantedOf(index);
      return [greatestBut(all, wanted), all[wanted] ?? Number.NaN];
    },
  });
}

function requireClasses({ class: wanted }: Target, classes: number): void {
  const range = `the model has ${classes}, from 0 to ${classes - 1}`;
  const isClass = (k: number): boolean => Number.isInteger(k) && k >= 0 && k < classes;
  if (typeof wanted === 'number') {
    if (isClass(wanted)) return;
    throw new ModelError('unsupported', `there is no class ${wanted} to aim at: ${range}`);
  }
  const at = wanted.findIndex((k) => !isClass(k));
  if (at < 0) return;
  const what = `there is no class ${wanted[at]} to aim at from input ${at}`;
  throw new ModelError('unsupported', `${what}: ${range}`);
}

function noteOn({ class: wanted }: Target): string {
  return typeof wanted === 'number'
    ? `An input is broken where the model answers class ${wanted}.`
    : 'An input is broken where the model answers the class that is its target.';
}
