/**
 * Broken: the class an attacker wants, the same of all inputs or one of each, is at least level with all
 * others. The scores are the greatest of the others, which is kept, and the target's. Proofs hold the
 * label's own score above the target's: the greatest of the others is no less.
 */
import type { Criterion } from '../../audit/run.ts';
import { BATCH } from '../../graph/dimension.ts';
import type { Builder } from '../../graph/builder.ts';
import type { Node } from '../../graph/graph.ts';
import { ModelError } from '../../onnx/model-error.ts';
import { FAR } from '../../transforms/margin.ts';
import { extended, type Head } from '../heads.ts';
import { classScores, oneHotGoal, strongestClasses, widthOf } from './misclassified.ts';
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
  return {
    ...built,
    graph,
    classes: 2,
    separation: head.separation,
    width: widthOf(head),
    labelled: classes,
    provable: true,
    notes: [...head.notes, noteOn(criterion)],
    kept: () => 0,
    goal: {
      size: 2 * classes,
      row: (label, index) => Float32Array.of(...hot(label, index), ...hot(wantedOf(index), index)),
    },
    read: (raw, _, indices) => {
      const own = classScores(raw, head);
      return {
        scores: againstTargets(own, classes, indices.map(wantedOf)),
        answers: strongestClasses(own, classes),
      };
    },
    mistaken: (answer, label) => answer !== label,
  };
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

/** The score of the class that is hot in each row: [batch, 1]. */
function scoreOf(b: Builder, scores: Node, hot: Node): Node {
  return b.sum(b.mul(scores, hot), [1], true);
}

/** For each row the greatest of the other classes' scores, and its target's. */
function againstTargets(
  own: Float64Array,
  classes: number,
  targets: readonly number[],
): Float64Array {
  const scores = new Float64Array(2 * targets.length);
  targets.forEach((wanted, row) => {
    const all = own.subarray(row * classes, (row + 1) * classes);
    const others = all.filter((_, k) => k !== wanted);
    // One score that is no number leaves the row without an answer.
    const most = all.every(Number.isFinite) ? Math.max(...others) : Number.NaN;
    scores.set([most, all[wanted] ?? Number.NaN], 2 * row);
  });
  return scores;
}
