/**
 * Bounds on every margin of a classifier over a threat's set, and on their gradients, each as one graph that serves
 * every radius (the radius is an input).
 */
import type { Semantics } from '../audit/run.ts';
import { Builder } from '../graph/builder.ts';
import type { Graph, Node } from '../graph/graph.ts';
import type { Classifier } from '../runtime/classifier.ts';
import { batchOf, networkInputs } from '../runtime/network.ts';
import { identityMatrix } from '../tensor/tensor.ts';
import { ballInputs } from '../threats/ball.ts';
import { inputSet } from '../threats/set-support.ts';
import type { Threat } from '../threats/threat.ts';
import { oneHotRows } from '../transforms/margin.ts';
import { type IntervalPropagation, propagateIntervals } from '../transforms/interval.ts';
import { replayLowered } from '../transforms/lowering.ts';
import { roundingModel } from '../transforms/rounding.ts';
import { requireProvable } from './provable.ts';

/** Stands for "no bound needed" in the row of the label itself. */
const OWN_ROW = 1e30;

export interface MarginGraphOptions {
  /** By backward linear bounds; else by intervals. */
  readonly linear?: boolean;
  /** Layers inside of up to so many values are bounded backwards too. */
  readonly linearUpTo?: number;
  /** By the mean value theorem instead, from bounds on the gradient. */
  readonly meanValue?: boolean;
}

/** What bounds on margins start from. */
interface Margins {
  readonly b: Builder;
  readonly propagation: IntervalPropagation;
  readonly logits: Node;
  /** 1 for a row's own label, else 0: [batch, classes]. */
  readonly oneHot: Node;
  /** z_label − z_j for each class j: [batch, classes, classes]. */
  readonly rows: Node;
}

function marginsOver(
  classifier: Classifier,
  threat: Threat,
  semantics: Semantics,
  linearUpTo: number,
): Margins {
  requireProvable(classifier.model, semantics);
  const b = new Builder();
  const { classes, graph } = classifier;
  const batch = batchOf(classifier);
  const ball = ballInputs(b, classifier);
  const given = networkInputs(b, classifier, ball.centre);
  const { id } = classifier.proven;
  const logits = replayLowered(b, graph, given, ['range'], [id]).get(id);
  if (!logits) throw new RangeError('the logits were not copied');
  const sets = new Map([[ball.centre.id, inputSet(b, threat, ball)]]);
  const rounding = roundingModel(semantics);
  const propagation = propagateIntervals(b, b.graph({}), sets, rounding, { linearUpTo });
  const labels = b.input('labels', [batch], 'int32');
  const oneHot = oneHotRows(b, labels, classes);
  const own = b.reshape(oneHot, [batch, 1, classes]);
  const rows = b.sub(own, b.reshape(b.constant(identityMatrix(classes)), [1, classes, classes]));
  return { b, propagation, logits, oneHot, rows };
}

/** ball, labels → `marginLower` [batch]: bound on min_j (z_label − z_j), and `finite` [batch] (1 or 0). */
export function marginBoundGraph(
  classifier: Classifier,
  threat: Threat,
  semantics: Semantics,
  { linear = false, linearUpTo = 0, meanValue = false }: MarginGraphOptions = {},
): Graph {
  const margins = marginsOver(classifier, threat, semantics, linearUpTo);
  const { b, propagation, logits, oneHot, rows } = margins;
  const { lowerBoundOf, linearBoundOf, meanValueBoundOf } = propagation;
  const boundOf = meanValue ? meanValueBoundOf : linear ? linearBoundOf : lowerBoundOf;
  const bounds = boundOf(logits, rows);
  const others = b.add(bounds, b.mul(oneHot, OWN_ROW));
  const least = b.neg(b.maximum(b.neg(others), [1]));
  return b.graph({ marginLower: least, finite: propagation.finite() });
}

/**
 * ball, labels → `sizes` [batch, classes, n]: at least |∂(z_label − z_j)/∂x| anywhere on the set, of the network over
 * the reals, and `finite` [batch] (1 or 0). Throws ModelError where a value jumps.
 */
export function marginGradientGraph(
  classifier: Classifier,
  threat: Threat,
  linearUpTo: number,
): Graph {
  const { b, propagation, logits, rows } = marginsOver(classifier, threat, 'real', linearUpTo);
  const { sizes, finite } = propagation.gradientSizesOf(logits, rows);
  return b.graph({ sizes, finite: b.mul(finite, propagation.finite()) });
}
