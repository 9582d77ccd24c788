/**
 * Broken: the probability of the label is no more than P. On logits, where the gradient does not vanish:
 * softmax gives p_y ≤ P where z_y ≤ log Σ_{k≠y} e^{z_k} + log(P / (1 − P)), a sigmoid for each class where
 * z_y ≤ log(P / (1 − P)); any other probabilities are compared themselves. The judge compares those of the
 * file, or the softmax of its scores in float64.
 */
import { BATCH } from '../../graph/dimension.ts';
import type { Builder } from '../../graph/builder.ts';
import { type Node, outputNamed } from '../../graph/graph.ts';
import { FAR } from '../../transforms/margin.ts';
import { logSumExp } from '../../transforms/log-sum-exp.ts';
import { extended, type Head } from '../heads.ts';
import { oneHotGoal } from './misclassified.ts';
import { scoreOf, twoScores } from './two-scores.ts';
import { GOAL, type View } from './view.ts';

export function confidence(head: Head, output: string, below: number): View {
  const { classes } = head;
  const odds = Math.log(below) - Math.log1p(-below);
  const { graph, built } = extended(head.graph, (b, copyOf) => {
    const logits = copyOf(head.search);
    const label = b.input(GOAL, [logits.shape[0] ?? BATCH, classes]);
    switch (meaningOf(head)) {
      case 'softmax':
      case 'log-softmax':
      case 'logits': {
        const rest = logSumExp(b, b.where(label, FAR, logits));
        return beside(b, logits, label, b.add(b.reshape(rest, [label.shape[0] ?? 1, 1]), odds));
      }
      case 'sigmoids':
        return beside(b, logits, label, b.scalar(odds));
      case 'probabilities': {
        const scores = b.reshape(copyOf(outputNamed(head.graph, output)), label.shape);
        return beside(b, scores, label, b.scalar(below));
      }
    }
  });
  return twoScores(head, {
    graph,
    built: { search: built, proven: built },
    goal: oneHotGoal(classes),
    provable: false,
    separation: 0,
    notes: [
      `An input is broken where the probability of its class falls to ${below} or less; nothing is proven about that.`,
      ...(head.endings.length === 0
        ? ["Probabilities are the softmax of the model's scores, which are taken for logits."]
        : []),
    ],
    compared: (raw) => probabilities(raw, head),
    pair: (all, label) => [all[label] ?? Number.NaN, below],
  });
}

/** What the logits of a head are to the probabilities of its file. */
function meaningOf({ endings }: Head) {
  const [ending, ...inner] = endings;
  if (ending === undefined) return 'logits';
  return inner.length > 0 || ending === 'shares' ? 'probabilities' : ending;
}

/** [the label's score, the other]: [batch, 2]. */
function beside(b: Builder, scores: Node, label: Node, other: Node): Node {
  const own = scoreOf(b, scores, label);
  return b.concat([own, b.expand(other, own.shape)], 1);
}

/** [rows × classes]; a single score is that of class 1. */
function probabilities(raw: Float64Array, head: Head): Float64Array {
  const { classes, threshold, endings } = head;
  if (threshold !== null) {
    const pairs = new Float64Array(2 * raw.length);
    raw.forEach((value, row) => {
      const p = endings.length > 0 ? value : 1 / (1 + Math.exp(-value));
      pairs.set([1 - p, p], 2 * row);
    });
    return pairs;
  }
  if (endings[0] === 'log-softmax') return raw.map(Math.exp);
  return endings.length > 0 ? raw : softmax(raw, classes);
}

function softmax(scores: Float64Array, classes: number): Float64Array {
  const shares = new Float64Array(scores.length);
  for (let at = 0; at < scores.length; at += classes) {
    const all = scores.subarray(at, at + classes);
    const most = all.reduce((a, b) => Math.max(a, b), -Infinity);
    const powers = all.map((score) => Math.exp(score - most));
    const total = powers.reduce((sum, power) => sum + power, 0);
    shares.set(
      powers.map((power) => power / total),
      at,
    );
  }
  return shares;
}
