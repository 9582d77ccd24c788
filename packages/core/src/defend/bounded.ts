/**
 * Margins bounded from below over the threat's set, as values that can be differentiated: the bounds of
 * proofs, composed with the parameters as values. Nothing is added for rounding, so they are no proofs.
 */
import type { Builder } from '../graph/builder.ts';
import { divide } from '../graph/dimension.ts';
import { dependents, type Node } from '../graph/graph.ts';
import type { Bounds } from '../graph/ops/definition.ts';
import { type BallNodes, dualLength } from '../threats/set-graph.ts';
import { inputSet } from '../threats/set-support.ts';
import type { Threat } from '../threats/threat.ts';
import type { InputSet } from '../transforms/input-set.ts';
import { type IntervalPropagation, propagateIntervals } from '../transforms/interval.ts';
import { noRounding } from '../transforms/rounding.ts';
import { ballOver } from './adversary.ts';
import type { BatchStatistics } from './batch-statistics.ts';
import type { MethodContext } from './method.ts';

const SMALLEST = 1e-12;

export interface Bounded {
  readonly propagation: IntervalPropagation;
  readonly logits: Node;
  /** A box that encloses the set of inputs. */
  readonly box: Bounds;
  /** For each class k the row z_answer − z_k, for the answer itself z_answer: [batch, classes, classes]. */
  readonly rows: Node;
}

/** The network bounded over the set of radius `eps` (a scalar) around x. */
export function bounded(context: MethodContext, eps: Node, batch: BatchStatistics | null): Bounded {
  const { b, network, threat, x, answers } = context;
  // A value of its own, so that statistics of the batch are points, though they depend on x.
  const centre = b.add(x, 0);
  const ball = ballOver(b, threat, centre, eps);
  const logits = network.bounded(centre, batch);
  const set = smoothSet(b, threat, ball);
  const sets = new Map([[centre.id, set]]);
  const graph = b.graph({});
  const moves = dependents(graph, [centre.id]);
  // Nothing is rounded here: what no perturbation reaches is a point, however it was computed.
  const given = (node: Node): Bounds | undefined =>
    moves[node.id] ? undefined : { lower: node, upper: node };
  const propagation = propagateIntervals(b, graph, sets, noRounding, { given });
  return { propagation, logits, box: set.box, rows: rivals(b, answers) };
}

/**
 * The set with supports that have a gradient: of balls that are no box the dual norm, as if there were no
 * valid box, since searches for the best multiplier have none.
 */
function smoothSet(b: Builder, threat: Threat, ball: BallNodes): InputSet {
  const set = inputSet(b, threat, ball, false);
  if (threat.norm.isBox || threat.norm.counts) return set;
  const { centre, box, isBox } = set;
  const batch = centre.shape[0] ?? 1;
  const support = (rows: Node, shared: boolean): Node => {
    // Norms have no gradient at 0.
    const dual = dualLength(b, threat, b.add(rows, SMALLEST));
    const count = shared ? rows.shape[0] : divide(rows.shape[0] ?? 1, batch);
    return b.mul(b.reshape(dual, [shared ? 1 : batch, count ?? 1]), b.perRow(ball.radius, 2));
  };
  return { centre, box, isBox, support };
}

function rivals(b: Builder, answers: Node): Node {
  const classes = Number(answers.shape[1]);
  const identity = new Float32Array(classes * classes);
  for (let k = 0; k < classes; k++) identity[k * (classes + 1)] = 1;
  const own = b.reshape(answers, [answers.shape[0] ?? 1, 1, classes]);
  // The answer's own row would be zero, where norms have no gradient.
  return b.sub(own, b.mul(b.floats(identity, [1, classes, classes]), b.sub(1, own)));
}

/** The bounds of rows with 0 for the answer's own. */
export function ofRivals({ b, answers }: MethodContext, margins: Node): Node {
  return b.where(answers, 0, margins);
}
