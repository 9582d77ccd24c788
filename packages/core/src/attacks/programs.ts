/**
 * The programs gradient attacks run: one attack step (forward, gradient, step, projection) is one
 * compiled graph. State x stays a value of the program; the caller only hands it back.
 */
import { Builder } from '../graph/builder.ts';
import type { Graph, Node } from '../graph/graph.ts';
import { inputNamed } from '../graph/graph.ts';
import { batchOf, type Classifier } from '../runtime/classifier.ts';
import type { Program } from '../runtime/programs.ts';
import { ballInputs, threatKey } from '../threats/ball.ts';
import type { Threat } from '../threats/threat.ts';
import { gradientWith } from '../transforms/gradient.ts';
import { replayLowered } from '../transforms/lowering.ts';
import { marginOf, oneHotRows } from '../transforms/margin.ts';
import { type LossName, losses } from './losses.ts';

/** The network over an input of the builder, and the labels' one-hot rows. */
export interface NetworkNodes {
  readonly x: Node;
  readonly logits: Node;
  readonly oneHot: Node;
}

export function networkOver(b: Builder, classifier: Classifier, x: Node): NetworkNodes {
  const batch = batchOf(classifier);
  const given = new Map([[inputNamed(classifier.graph, classifier.input).id, x]]);
  const copies = replayLowered(b, classifier.graph, given, ['gradient']);
  const logits = copies.get(classifier.logits.id);
  if (!logits) throw new RangeError('the logits were not copied');
  const labels = b.input('labels', [batch], 'int32');
  return { x, logits, oneHot: oneHotRows(b, labels, classifier.classes) };
}

/**
 * x, ball, labels, step [batch] → `next` (the stepped and projected input) and `margin` at x.
 * Step sizes are in units of the radius.
 */
export function stepGraph(classifier: Classifier, threat: Threat, loss: LossName): Graph {
  const b = new Builder();
  const ball = ballInputs(b, classifier);
  const x = b.input('x', ball.centre.shape);
  const step = b.input('step', ball.radius.shape);
  const { logits, oneHot } = networkOver(b, classifier, x);
  const value = losses[loss](b, logits, oneHot);
  const [gradient = x] = gradientWith(b, value, [x]);
  const next = threat.step(b, ball, x, gradient, step);
  return b.graph({ next, margin: marginOf(b, logits, oneHot) });
}

/**
 * x, ball, labels → `next`: the point of the set where the loss linearised at x is largest; with
 * `margin` and its `slope` ‖∇margin‖ in the dual norm at x.
 */
export function jumpGraph(classifier: Classifier, threat: Threat, loss: LossName): Graph {
  const b = new Builder();
  const ball = ballInputs(b, classifier);
  const x = b.input('x', ball.centre.shape);
  const { logits, oneHot } = networkOver(b, classifier, x);
  const value = losses[loss](b, logits, oneHot);
  const margin = marginOf(b, logits, oneHot);
  const [gradient = x, slope = x] = [
    ...gradientWith(b, value, [x]),
    ...gradientWith(b, margin, [x]),
  ];
  return b.graph({
    next: threat.maximiser(b, ball, gradient),
    margin,
    slope: threat.dualLength(b, slope),
  });
}

/** x, labels → margin. */
export function marginGraph(classifier: Classifier): Graph {
  const b = new Builder();
  const x = b.input('x', [batchOf(classifier), ...classifier.sampleShape]);
  const { logits, oneHot } = networkOver(b, classifier, x);
  return b.graph({ margin: marginOf(b, logits, oneHot) });
}

export function stepProgram(c: Classifier, threat: Threat, loss: LossName): Promise<Program> {
  return c.programs.named(`step/${loss}/${threatKey(threat)}`, () => stepGraph(c, threat, loss));
}

export function jumpProgram(c: Classifier, threat: Threat, loss: LossName): Promise<Program> {
  return c.programs.named(`jump/${loss}/${threatKey(threat)}`, () => jumpGraph(c, threat, loss));
}

export function marginProgram(c: Classifier): Promise<Program> {
  return c.programs.named('margin', () => marginGraph(c));
}
