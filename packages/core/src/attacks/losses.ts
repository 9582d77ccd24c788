/**
 * What an attack climbs. Each loss is a graph over logits [batch, classes] and one-hot rows of the
 * same shape, one number a row, larger meaning closer to broken. Attacks normalise their steps and
 * compare losses only with each other, so a loss stands for all that grow with it: cross-entropy and
 * the probability margin are climbed as logarithms whose gradients have the same direction at every
 * point but never vanish or cancel, however far apart the logits are.
 */
import type { Builder } from '../graph/builder.ts';
import { known } from '../graph/dimension.ts';
import type { Node } from '../graph/graph.ts';
import { logSumExp } from '../transforms/log-sum-exp.ts';
import { FAR, marginOf } from '../transforms/margin.ts';

export interface Scores {
  readonly logits: Node;
  /** One-hot rows of the labels. */
  readonly label: Node;
}

/** With a rival class for each row: the one to be answered. */
export interface TargetedScores extends Scores {
  readonly target: Node;
}

export type Loss = (b: Builder, scores: Scores) => Node;
export type TargetedLoss = (b: Builder, scores: TargetedScores) => Node;

/** `softmax-cross-entropy` is the one that saturates: what most evaluations climb. */
export type LossName =
  'margin' | 'cross-entropy' | 'softmax-cross-entropy' | 'dlr' | 'probability-margin';
export type TargetedLossName = 'targeted-margin' | 'targeted-cross-entropy' | 'targeted-dlr';

/** Keeps the scale of a difference of logits that are all alike from being 0 (AutoAttack's value). */
const SMALLEST_SCALE = 1e-12;

function own(b: Builder, logits: Node, oneHot: Node): Node {
  return b.sum(b.mul(logits, oneHot), [1]);
}

function without(b: Builder, logits: Node, oneHot: Node): Node {
  return b.where(oneHot, FAR, logits);
}

/** The value that is the n-th greatest of each row, n from 1: [batch]. */
function greatest(b: Builder, z: Node, n: number): Node {
  const values = b.push('topK', [z], { axis: 1, k: n });
  return b.reshape(b.slice(values, 1, n - 1, n), [z.shape[0] ?? 1]);
}

function negatedMargin(b: Builder, { logits, label }: Scores): Node {
  return b.neg(marginOf(b, logits, label));
}

/**
 * L = log Σ_{k≠y} e^{z_k} − z_y. Cross-entropy is log(1 + e^L), so ∇L is ∇CE divided by the
 * probability that is not the label's: the factor that underflows.
 */
function logOdds(b: Builder, { logits, label }: Scores): Node {
  return b.sub(logSumExp(b, without(b, logits, label)), own(b, logits, label));
}

/**
 * Cross-entropy itself, for training and to see what it hides: log Σ e^z − z_label for each row, [batch].
 * Its gradient in float32 is 0 once the rivals' probabilities round to 0.
 */
export function crossEntropy(b: Builder, logits: Node, label: Node): Node {
  const shifted = b.sub(logits, b.maximum(logits, [1], true));
  const normaliser = b.log(b.sum(b.exp(shifted), [1]));
  return b.sub(normaliser, own(b, shifted, label));
}

/**
 * log(1 + p_t − p_y), p_t the greatest other probability (Xie et al. 2024, the probability margin
 * p_y − p_t). With r = 1 − p_y that is log r + log(1 + p_t / r), and log r = −log(1 + e^−L).
 */
function probabilityMargin(b: Builder, scores: Scores): Node {
  const rivals = without(b, scores.logits, scores.label);
  const missing = b.neg(b.push('softplus', [b.neg(logOdds(b, scores))], {}));
  const share = b.exp(b.sub(b.maximum(rivals, [1]), logSumExp(b, rivals)));
  return b.add(missing, b.log(b.add(share, 1)));
}

/** −(z_y − max_{k≠y} z_k) / (z_(1) − z_(3)): Croce & Hein 2020, eq. 6. The margin below 3 classes. */
function differenceOfLogitsRatio(b: Builder, scores: Scores): Node {
  const { logits } = scores;
  const lead = negatedMargin(b, scores);
  if (classesOf(logits) < 3) return lead;
  const scale = b.sub(greatest(b, logits, 1), greatest(b, logits, 3));
  return b.div(lead, b.max(scale, SMALLEST_SCALE));
}

function targetedMargin(b: Builder, { logits, label, target }: TargetedScores): Node {
  return b.sub(own(b, logits, target), own(b, logits, label));
}

/** z_t − log Σ_{k≠t} e^{z_k}: it grows as the target's cross-entropy falls. */
function targetedLogOdds(b: Builder, { logits, target }: TargetedScores): Node {
  return b.neg(logOdds(b, { logits, label: target }));
}

/** −(z_y − z_t) / (z_(1) − (z_(3) + z_(4))/2): Croce & Hein 2020, eq. 7. The margin below 4 classes. */
function targetedRatio(b: Builder, scores: TargetedScores): Node {
  const { logits } = scores;
  const lead = targetedMargin(b, scores);
  if (classesOf(logits) < 4) return lead;
  const middle = b.mul(b.add(greatest(b, logits, 3), greatest(b, logits, 4)), 0.5);
  const scale = b.sub(greatest(b, logits, 1), middle);
  return b.div(lead, b.max(scale, SMALLEST_SCALE));
}

function classesOf(logits: Node): number {
  return known(logits.shape[1] ?? 1, 'the classes');
}

export const losses: Readonly<Record<LossName, Loss>> = {
  margin: negatedMargin,
  'cross-entropy': logOdds,
  'softmax-cross-entropy': (b, { logits, label }) => crossEntropy(b, logits, label),
  dlr: differenceOfLogitsRatio,
  'probability-margin': probabilityMargin,
};

export const targetedLosses: Readonly<Record<TargetedLossName, TargetedLoss>> = {
  'targeted-margin': targetedMargin,
  'targeted-cross-entropy': targetedLogOdds,
  'targeted-dlr': targetedRatio,
};
