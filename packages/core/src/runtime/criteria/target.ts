/**
 * Broken: the class an attacker wants is at least level with all others. The scores are the greatest of
 * the others, which is kept, and the target's. Proofs hold the label's own score above the target's: the
 * greatest of the others is no less.
 */
import { BATCH } from '../../graph/dimension.ts';
import type { Builder } from '../../graph/builder.ts';
import type { Node } from '../../graph/graph.ts';
import { ModelError } from '../../onnx/model-error.ts';
import { FAR } from '../../transforms/margin.ts';
import { extended, type Head } from '../heads.ts';
import { classScores, oneHotGoal, strongestClasses, widthOf } from './misclassified.ts';
import { GOAL, type View } from './view.ts';

/** Throws ModelError where the model has no such class. */
export function target(head: Head, wanted: number): View {
  const { classes } = head;
  if (wanted >= classes) {
    throw new ModelError(
      'unsupported',
      `there is no class ${wanted} to aim at: the model has ${classes}, from 0 to ${classes - 1}`,
    );
  }
  const { graph, built } = extended(head.graph, (b, copyOf) => {
    const [search, proven] = [copyOf(head.search), copyOf(head.proven)];
    const hot = b.floats(oneHotGoal(classes).row(wanted), [1, classes]);
    const label = b.input(GOAL, [search.shape[0] ?? BATCH, classes]);
    const others = b.maximum(b.where(hot, FAR, search), [1], true);
    const own = b.sum(b.mul(proven, label), [1], true);
    return {
      search: b.concat([others, scoreOf(b, search, wanted)], 1),
      proven: b.concat([own, scoreOf(b, proven, wanted)], 1),
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
    notes: [...head.notes, `An input is broken where the model answers class ${wanted}.`],
    kept: () => 0,
    goal: oneHotGoal(classes),
    read: (raw) => {
      const own = classScores(raw, head);
      return {
        scores: againstTarget(own, classes, wanted),
        answers: strongestClasses(own, classes),
      };
    },
    mistaken: (answer, label) => answer !== label,
  };
}

function scoreOf(b: Builder, scores: Node, wanted: number): Node {
  return b.slice(scores, 1, wanted, wanted + 1);
}

function againstTarget(own: Float64Array, classes: number, wanted: number): Float64Array {
  const rows = own.length / classes;
  const scores = new Float64Array(2 * rows);
  for (let row = 0; row < rows; row++) {
    const all = own.subarray(row * classes, (row + 1) * classes);
    const others = all.filter((_, k) => k !== wanted);
    // One score that is no number leaves the row without an answer.
    const most = all.every(Number.isFinite) ? Math.max(...others) : Number.NaN;
    scores.set([most, all[wanted] ?? Number.NaN], 2 * row);
  }
  return scores;
}
