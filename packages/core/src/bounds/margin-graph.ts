/**
 * Bounds on every margin of a classifier over a threat's set, as one graph that serves every radius (the
 * radius is an input).
 */
import type { Semantics } from '../audit/run.ts';
import { Builder } from '../graph/builder.ts';
import type { Graph } from '../graph/graph.ts';
import type { Classifier } from '../runtime/classifier.ts';
import { batchOf, networkInputs } from '../runtime/network.ts';
import { ballInputs } from '../threats/ball.ts';
import { inputSet } from '../threats/set-support.ts';
import type { Threat } from '../threats/threat.ts';
import { oneHotRows } from '../transforms/margin.ts';
import { propagateIntervals } from '../transforms/interval.ts';
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

/** ball, labels → `marginLower` [batch]: bound on min_j (z_label − z_j), and `finite` [batch] (1 or 0). */
export function marginBoundGraph(
  classifier: Classifier,
  threat: Threat,
  semantics: Semantics,
  { linear = false, linearUpTo = 0, meanValue = false }: MarginGraphOptions = {},
): Graph {
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
  const identity = new Float32Array(classes * classes);
  for (let k = 0; k < classes; k++) identity[k * (classes + 1)] = 1;
  const rows = b.sub(own, b.floats(identity, [1, classes, classes]));
  const { lowerBoundOf, linearBoundOf, meanValueBoundOf } = propagation;
  const boundOf = meanValue ? meanValueBoundOf : linear ? linearBoundOf : lowerBoundOf;
  const bounds = boundOf(logits, rows);
  const others = b.add(bounds, b.mul(oneHot, OWN_ROW));
  const least = b.neg(b.maximum(b.neg(others), [1]));
  return b.graph({ marginLower: least, finite: propagation.finite() });
}
