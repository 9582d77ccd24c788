/**
 * The programs gradient attacks run: one attack step (forward, gradient, step, projection) is one
 * compiled graph. State x stays a value of the program; the caller only hands it back.
 */
import { Builder } from '../graph/builder.ts';
import type { Graph, Node } from '../graph/graph.ts';
import type { Classifier } from '../runtime/classifier.ts';
import { batchOf, networkInputs } from '../runtime/network.ts';
import type { Program } from '../runtime/programs.ts';
import { redrawn } from '../runtime/side-inputs.ts';
import { ballInputs, threatKey } from '../threats/ball.ts';
import { dualLength, maximiser, step } from '../threats/set-graph.ts';
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
  const given = networkInputs(b, classifier, x);
  let logits = passOver(b, classifier, given);
  const { expectation = 1, graph, model } = classifier;
  const random = new Set(model.random.map(({ name }) => name));
  for (let pass = 1; pass < expectation; pass++) {
    const again = new Map([...given, ...redrawn(b, graph, random, pass)]);
    logits = b.add(logits, passOver(b, classifier, again));
  }
  // Expectation over transformation (Athalye et al. 2018): all passes are one run.
  if (expectation > 1) logits = b.mul(logits, 1 / expectation);
  const labels = b.input('labels', [batch], 'int32');
  return { x, logits, oneHot: oneHotRows(b, labels, classifier.classes) };
}

function passOver(b: Builder, { graph, logits }: Classifier, given: Map<number, Node>): Node {
  const found = replayLowered(b, graph, given, ['gradient'], [logits.id]).get(logits.id);
  if (!found) throw new RangeError('the logits were not copied');
  return found;
}

/**
 * x, ball, labels, step [batch] → `next` (the stepped and projected input) and `margin` at x.
 * Step sizes are in units of the radius.
 */
export function stepGraph(classifier: Classifier, threat: Threat, loss: LossName): Graph {
  const b = new Builder();
  const ball = ballInputs(b, classifier);
  const x = b.input('x', ball.centre.shape);
  const length = b.input('step', ball.radius.shape);
  const { logits, oneHot } = networkOver(b, classifier, x);
  const value = losses[loss](b, { logits, label: oneHot });
  const [gradient = x] = gradientWith(b, value, [x], classifier);
  const next = step(b, threat, ball, x, gradient, length);
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
  const value = losses[loss](b, { logits, label: oneHot });
  const margin = marginOf(b, logits, oneHot);
  const [gradient = x, slope = x] = [
    ...gradientWith(b, value, [x], classifier),
    ...gradientWith(b, margin, [x], classifier),
  ];
  return b.graph({
    next: maximiser(b, threat, ball, gradient),
    margin,
    slope: dualLength(b, threat, slope),
  });
}

/** x, labels → margin, and the scores [batch, classes]. */
export function marginGraph(classifier: Classifier): Graph {
  const b = new Builder();
  const x = b.input('x', [batchOf(classifier), ...classifier.sampleShape]);
  const { logits, oneHot } = networkOver(b, classifier, x);
  return b.graph({ margin: marginOf(b, logits, oneHot), scores: b.mul(logits, 1) });
}

/**
 * x, ball, labels, targets → `next`, where z_target − z_label, linearised at x, is largest, and
 * `predicted`: the linearised z_label − z_target there.
 */
export function targetedJumpGraph(classifier: Classifier, threat: Threat): Graph {
  const b = new Builder();
  const ball = ballInputs(b, classifier);
  const x = b.input('x', ball.centre.shape);
  const { logits, oneHot } = networkOver(b, classifier, x);
  const targets = b.input('targets', ball.radius.shape, 'int32');
  const wanted = b.sub(oneHotRows(b, targets, classifier.classes), oneHot);
  const lead = b.sum(b.mul(logits, wanted), [1]);
  const [gradient = x] = gradientWith(b, lead, [x], classifier);
  const next = maximiser(b, threat, ball, gradient);
  const gain = b.sumRows(b.mul(gradient, b.sub(next, x)));
  return b.graph({ next, predicted: b.neg(b.add(lead, gain)) });
}

export function stepProgram(c: Classifier, threat: Threat, loss: LossName): Promise<Program> {
  return c.searchPrograms.named(`step/${loss}/${threatKey(threat)}`, () =>
    stepGraph(c, threat, loss),
  );
}

export function jumpProgram(c: Classifier, threat: Threat, loss: LossName): Promise<Program> {
  return c.searchPrograms.named(`jump/${loss}/${threatKey(threat)}`, () =>
    jumpGraph(c, threat, loss),
  );
}

export function targetedJumpProgram(c: Classifier, threat: Threat): Promise<Program> {
  return c.searchPrograms.named(`jump/target/${threatKey(threat)}`, () =>
    targetedJumpGraph(c, threat),
  );
}

export function marginProgram(c: Classifier): Promise<Program> {
  return c.searchPrograms.named('margin', () => marginGraph(c));
}

/** How much of the lead's slope goes with cross-entropy's. */
const LEAD_SHARE = 2 ** -4;

/**
 * x, labels, targets → `lead`: z_target − z_label, or, where the target is −1, that of the strongest
 * rival; its `gradient` at x, the `margin`, and `size`, the largest |logit|. `soft`: where the target is
 * −1 the gradient is cross-entropy's instead, which minds rivals that are close behind as well, with a
 * little of the lead's: two rivals on opposite sides may cancel.
 */
export function leadGraph(classifier: Classifier, soft = false): Graph {
  const b = new Builder();
  const batch = batchOf(classifier);
  const x = b.input('x', [batch, ...classifier.sampleShape]);
  const { logits, oneHot } = networkOver(b, classifier, x);
  const wanted = oneHotRows(b, b.input('targets', [batch], 'int32'), classifier.classes);
  const margin = marginOf(b, logits, oneHot);
  const own = b.sum(b.mul(logits, b.sub(wanted, oneHot)), [1]);
  const isTargeted = b.sum(wanted, [1]);
  const lead = b.where(isTargeted, own, b.neg(margin));
  const climbed = soft
    ? b.where(
        isTargeted,
        own,
        b.add(losses['cross-entropy'](b, { logits, label: oneHot }), b.mul(lead, LEAD_SHARE)),
      )
    : lead;
  const [gradient = x] = gradientWith(b, climbed, [x], classifier);
  return b.graph({ lead, gradient, margin, size: b.maximum(b.abs(logits), [1]) });
}

export function leadProgram(c: Classifier, soft = false): Promise<Program> {
  return c.searchPrograms.named(soft ? 'lead/soft' : 'lead', () => leadGraph(c, soft));
}
