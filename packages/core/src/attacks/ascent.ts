/**
 * One iteration of a gradient attack with memory as one compiled graph: loss and margin at x, the
 * step along the gradient, momentum, projection, and the best point so far.
 */
import { Builder } from '../graph/builder.ts';
import type { Graph, Node } from '../graph/graph.ts';
import type { Classifier } from '../runtime/classifier.ts';
import type { Program } from '../runtime/programs.ts';
import { ballInputs, threatKey } from '../threats/ball.ts';
import { maximiser, project, step } from '../threats/set-graph.ts';
import type { Threat } from '../threats/threat.ts';
import { gradientWith } from '../transforms/gradient.ts';
import { marginOf, oneHotRows } from '../transforms/margin.ts';
import { type LossName, losses, type TargetedLossName, targetedLosses } from './losses.ts';
import { networkOver } from './programs.ts';

export type ClimbedLoss = LossName | TargetedLossName;

export function isTargeted(loss: ClimbedLoss): loss is TargetedLossName {
  return loss in targetedLosses;
}

/** The loss over a network's scores; a targeted one reads the rows' rivals from an input `targets`. */
function lossOver(b: Builder, loss: ClimbedLoss, logits: Node, label: Node): Node {
  if (!isTargeted(loss)) return losses[loss](b, { logits, label });
  const targets = b.input('targets', [logits.shape[0] ?? 1], 'int32');
  const target = oneHotRows(b, targets, Number(logits.shape[1] ?? 1));
  return targetedLosses[loss](b, { logits, label, target });
}

/**
 * Ball, labels (and targets), x, previous, step [batch], blend [batch]; kept and keptLoss [batch], the
 * best point so far → `loss` and `margin` at x, `best`, and `next`: x + blend·(z − x) + (1 − blend)·(x −
 * previous), projected (Croce & Hein 2020, Algorithm 1, lines 7 and 8). z is the projected step of
 * length step·ε; where the norm's steps are sparse, a step towards the point of the set where the
 * linearised loss is largest (Frank & Wolfe): coordinates that are at the end of their room stay there.
 */
export function ascentGraph(classifier: Classifier, threat: Threat, loss: ClimbedLoss): Graph {
  const b = new Builder();
  const ball = ballInputs(b, classifier);
  const { shape } = ball.centre;
  const each = ball.radius.shape;
  const x = b.input('x', shape);
  const kept = b.input('kept', shape);
  const keptLoss = b.input('keptLoss', each);
  const length = b.input('step', each);
  const { logits, oneHot } = networkOver(b, classifier, x);
  const value = lossOver(b, loss, logits, oneHot);
  const [gradient = x] = gradientWith(b, value, [x], classifier);
  const improved = b.perRow(b.greater(value, keptLoss), shape.length);
  const z = threat.norm.sparse
    ? towards(maximiser(b, threat, ball, gradient))
    : step(b, threat, ball, x, gradient, length);
  const previous = b.input('previous', shape);
  const blend = b.perRow(b.input('blend', each), shape.length);
  const drawn = b.mul(b.sub(z, x), blend);
  const carried = b.mul(b.sub(x, previous), b.sub(1, blend));
  return b.graph({
    next: project(b, threat, ball, b.add(b.add(x, drawn), carried)),
    best: b.where(improved, x, kept),
    loss: value,
    margin: marginOf(b, logits, oneHot),
  });

  function towards(corner: Node): Node {
    return b.add(x, b.mul(b.sub(corner, x), b.min(b.perRow(length, shape.length), 1)));
  }
}

export function ascentProgram(c: Classifier, threat: Threat, loss: ClimbedLoss): Promise<Program> {
  return c.searchPrograms.named(`ascent/${loss}/${threatKey(threat)}`, () =>
    ascentGraph(c, threat, loss),
  );
}

/** Ball, x → `nearest`: the point of the ball nearest to x. */
export function projectionProgram(c: Classifier, threat: Threat): Promise<Program> {
  return c.searchPrograms.named(`projection/${threatKey(threat)}`, () => {
    const b = new Builder();
    const ball = ballInputs(b, c);
    const x = b.input('x', ball.centre.shape);
    return b.graph({ nearest: project(b, threat, ball, x) });
  });
}
