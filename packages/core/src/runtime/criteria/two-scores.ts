/**
 * A classifier seen through two scores a row: one that is kept, first, and one that must stay behind it. Both come
 * from the scores of all classes, and answers are the classes of the file.
 */
import type { Builder } from '../../graph/builder.ts';
import type { Graph, Node } from '../../graph/graph.ts';
import type { Head } from '../heads.ts';
import { classScores, strongestClasses, widthOf } from './misclassified.ts';
import type { View } from './view.ts';

export interface TwoScores extends Pick<View, 'goal' | 'provable' | 'separation'> {
  readonly graph: Graph;
  /** [batch, 2] each. */
  readonly built: { readonly search: Node; readonly proven: Node };
  /** Said besides what the head says. */
  readonly notes: readonly string[];
  /** What is compared of the file's output, a number for each class; by default its scores. */
  readonly compared?: (raw: Float64Array) => Float64Array;
  /** The kept number and the other, of one row's numbers, all of which are finite. */
  readonly pair: (all: Float64Array, label: number, index: number) => readonly [number, number];
}

export function twoScores(
  head: Head,
  {
    built,
    notes,
    compared = (raw) => classScores(raw, head),
    pair,
    graph,
    goal,
    provable,
    separation,
  }: TwoScores,
): View {
  const { classes } = head;
  return {
    ...built,
    graph,
    goal,
    provable,
    separation,
    classes: 2,
    width: widthOf(head),
    labelled: classes,
    notes: [...head.notes, ...notes],
    kept: () => 0,
    read: (raw, labels, indices) => {
      const own = compared(raw);
      const scores = new Float64Array(2 * labels.length);
      for (let row = 0; row < labels.length; row++) {
        const all = own.subarray(row * classes, (row + 1) * classes);
        // One score that is no number leaves the row without an answer.
        const [kept, other] = all.every(Number.isFinite)
          ? pair(all, labels[row] ?? -1, indices[row] ?? -1)
          : [Number.NaN, Number.NaN];
        scores.set([kept, other], 2 * row);
      }
      return { scores, answers: strongestClasses(classScores(raw, head), classes) };
    },
    mistaken: (answer, label) => answer !== label,
  };
}

/** The greatest of a row's numbers, but for some. */
export function greatestBut(all: Float64Array, ...classes: readonly number[]): number {
  return Math.max(...all.filter((_, k) => !classes.includes(k)));
}

/** The score of the class that is hot in each row: [batch, 1]. */
export function scoreOf(b: Builder, scores: Node, hot: Node): Node {
  return b.sum(b.mul(scores, hot), [1], true);
}
