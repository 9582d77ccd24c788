/**
 * Broken: an answer that is neither the label nor the class with which a detector rejects an input. The scores
 * are the greater of the label's and the rejecting class's, which is kept, and the greatest of the others. An
 * unperturbed input that is rejected is a mistake.
 */
import type { Criterion } from '../../audit/run.ts';
import { BATCH } from '../../graph/dimension.ts';
import type { Builder } from '../../graph/builder.ts';
import type { Node } from '../../graph/graph.ts';
import { ModelError } from '../../onnx/model-error.ts';
import { extended, type Head } from '../heads.ts';
import { classScores, oneHotGoal, strongestClasses, widthOf } from './misclassified.ts';
import { GOAL, type View } from './view.ts';

/** Throws ModelError where the model has no such class, or no two others. */
export function rejected(
  head: Head,
  { class: rejecting }: Extract<Criterion, { readonly kind: 'rejected' }>,
): View {
  const { classes } = head;
  if (!Number.isInteger(rejecting) || rejecting < 0 || rejecting >= classes || classes < 3) {
    throw new ModelError(
      'unsupported',
      `class ${rejecting} cannot be the one that rejects: the model has ${classes} classes, and there must be it and two others`,
    );
  }
  const { row } = oneHotGoal(classes);
  const { graph, built } = extended(head.graph, (b, copyOf) => {
    const scores = [copyOf(head.search), copyOf(head.proven)] as const;
    const goal = b.input(GOAL, [scores[0].shape[0] ?? BATCH, classes]);
    const [search, proven] = scores.map((each) => beside(b, each, goal, rejecting));
    return { search: search ?? scores[0], proven: proven ?? scores[1] };
  });
  return {
    ...built,
    graph,
    classes: 2,
    separation: head.separation,
    width: widthOf(head),
    labelled: classes,
    provable: true,
    notes: [
      ...head.notes,
      `Class ${rejecting} rejects: a perturbed input that is answered so is not broken.`,
    ],
    kept: () => 0,
    goal: { size: classes, row },
    read: (raw, labels) => {
      const own = classScores(raw, head);
      return {
        scores: againstOthers(own, classes, labels, rejecting),
        answers: strongestClasses(own, classes),
      };
    },
    mistaken: (answer, label) => answer !== label,
  };
}

/** How far the label's own score is put down among its rivals: below all scores that models have, and finite. */
const DOWN = 1e9;

/** [the greater of the label's and the rejecting class's score, the greatest of the others]: [batch, 2]. */
function beside(b: Builder, scores: Node, label: Node, rejecting: number): Node {
  const own = b.sum(b.mul(scores, label), [1], true);
  const rejects = b.slice(scores, 1, rejecting, rejecting + 1);
  const others = Array.from({ length: Number(scores.shape[1]) }, (_, k) => k).filter(
    (k) => k !== rejecting,
  );
  const rivals = b.gather(b.sub(scores, b.mul(label, DOWN)), 1, others);
  return b.concat([b.max(own, rejects), b.maximum(rivals, [1], true)], 1);
}

function againstOthers(
  own: Float64Array,
  classes: number,
  labels: ArrayLike<number>,
  rejecting: number,
): Float64Array {
  const scores = new Float64Array(2 * labels.length);
  for (let row = 0; row < labels.length; row++) {
    const all = own.subarray(row * classes, (row + 1) * classes);
    const label = labels[row] ?? -1;
    const others = all.filter((_, k) => k !== label && k !== rejecting);
    // One score that is no number leaves the row without an answer.
    const isWhole = all.every(Number.isFinite);
    const kept = Math.max(all[label] ?? Number.NaN, all[rejecting] ?? Number.NaN);
    scores.set(isWhole ? [kept, Math.max(...others)] : [Number.NaN, Number.NaN], 2 * row);
  }
  return scores;
}
