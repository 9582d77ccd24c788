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
import { oneHotGoal } from './misclassified.ts';
import { greatestBut, scoreOf, twoScores } from './two-scores.ts';
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
  const { graph, built } = extended(head.graph, (b, copyOf) => {
    const [search, proven] = [copyOf(head.search), copyOf(head.proven)];
    const goal = b.input(GOAL, [search.shape[0] ?? BATCH, classes]);
    return {
      search: beside(b, search, goal, rejecting),
      proven: beside(b, proven, goal, rejecting),
    };
  });
  return twoScores(head, {
    graph,
    built,
    goal: oneHotGoal(classes),
    provable: true,
    separation: head.separation,
    notes: [`Class ${rejecting} rejects: a perturbed input that is answered so is not broken.`],
    pair: (all, label) => [
      Math.max(all[label] ?? Number.NaN, all[rejecting] ?? Number.NaN),
      greatestBut(all, label, rejecting),
    ],
  });
}

/** How far the label's own score is put down among its rivals: below all scores that models have, and finite. */
const DOWN = 1e9;

/** [the greater of the label's and the rejecting class's score, the greatest of the others]: [batch, 2]. */
function beside(b: Builder, scores: Node, label: Node, rejecting: number): Node {
  const rejects = b.slice(scores, 1, rejecting, rejecting + 1);
  const others = Array.from({ length: Number(scores.shape[1]) }, (_, k) => k).filter(
    (k) => k !== rejecting,
  );
  const rivals = b.gather(b.sub(scores, b.mul(label, DOWN)), 1, others);
  return b.concat([b.max(scoreOf(b, scores, label), rejects), b.maximum(rivals, [1], true)], 1);
}
