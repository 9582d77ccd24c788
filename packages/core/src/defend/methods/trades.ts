/**
 * TRADES (Zhang et al. 2019, eq. 5): cross-entropy of the inputs as they are, and β times the divergence
 * KL(f(x) ‖ f(x′)) of the answers at the x′ where it is greatest. β trades right answers for robust ones.
 */
import { crossEntropy } from '../../attacks/losses.ts';
import type { Builder } from '../../graph/builder.ts';
import type { Node } from '../../graph/graph.ts';
import { across, climb } from '../adversary.ts';
import type { Method } from '../method.ts';
import { adversarial } from './adversarial.ts';

const BETA = 6;
const STEPS = 7;

/** Σ p·(log p − log q) for each row, of the softmaxes of both: [batch]. */
export function divergence(b: Builder, from: Node, to: Node): Node {
  const p = b.push('softmax', [from], { axis: 1 });
  const [log, other] = [from, to].map((z) => b.push('logSoftmax', [z], { axis: 1 }));
  return log && other ? b.sum(b.mul(p, b.sub(log, other)), [1]) : b.sum(p, [1]);
}

export const trades: Method = {
  ...adversarial,
  id: 'trades',
  widening: 1,
  adversary: climb(({ b, network, x }, logits) => divergence(b, network.logits(x), logits), {
    steps: STEPS,
    stride: across,
  }),
  objective: ({ b, network, x, moved, answers, knob }) => {
    const { logits, statistics } = network.trained(x);
    const away = network.trained(moved).logits;
    const loss = b.add(
      crossEntropy(b, logits, answers),
      b.mul(divergence(b, logits, away), knob('beta')),
    );
    return { loss, statistics };
  },
  knobs: (share, eps) => ({ ...adversarial.knobs(share, eps), beta: BETA }),
};
