/**
 * Interval bound propagation training (Gowal et al. 2018): cross-entropy of the worst logits that interval
 * bounds allow, z_k − z_answer ≤ −(lower bound of the margin), mixed with that of the inputs as they are;
 * the radius rises and the natural share κ falls from 1 to ½ along the same ramp. Fresh weights and that ramp are
 * those of Shi et al. 2021, who need few epochs (warm-up.ts).
 */
import { crossEntropy } from '../../attacks/losses.ts';
import type { Node } from '../../graph/graph.ts';
import { FAR } from '../../transforms/margin.ts';
import { type Bounded, bounded, ofRivals } from '../bounded.ts';
import { imbalance, keepingWidth } from '../warm-up.ts';
import {
  type Method,
  type MethodContext,
  type Objective,
  type ObjectiveContext,
  rising,
} from '../method.ts';

/** ε stays next to 0 on the first part of the training, and is whole after the second. */
const [WARM_UP, RAMP] = [0.03, 0.5];
const LEAST_NATURAL = 0.5;
/** Of ε, where it has not begun to rise: intervals have some width from the first step on. */
const LEAST_RADIUS = 1e-3;
/** λ₀ of the regularisers, whose weight falls to 0 while ε rises. */
const BALANCE = 0.5;

/** Cross-entropy of the inputs as they are, and of the worst logits that lower bounds of margins allow. */
export function boundedObjective(
  context: ObjectiveContext,
  marginsOf: (bounds: Bounded) => Node,
): Objective {
  const { b, network, x, answers, knob } = context;
  const { logits, statistics } = network.trained(x);
  const bounds = bounded(context, knob('eps'), statistics);
  const worst = crossEntropy(b, b.neg(ofRivals(context, marginsOf(bounds))), answers);
  const natural = knob('natural');
  const loss = b.add(
    b.mul(crossEntropy(b, logits, answers), natural),
    b.mul(worst, b.sub(1, natural)),
  );
  return { loss, statistics, penalty: b.mul(imbalance(b, bounds), knob('balance')) };
}

/** The least of the margins to other classes. */
export function leastMargin({ b, answers }: MethodContext, margins: Node): Node {
  return b.neg(b.maximum(b.where(answers, FAR, b.neg(margins)), [1]));
}

export const ibp: Method = {
  id: 'ibp',
  proves: true,
  spread: keepingWidth,
  objective: (context) =>
    boundedObjective(context, ({ propagation, logits, rows }) =>
      propagation.lowerBoundOf(logits, rows),
    ),
  margin: (context) => {
    const { propagation, logits, rows } = bounded(context, context.knob('eps'), null);
    return leastMargin(context, propagation.lowerBoundOf(logits, rows));
  },
  knobs: (share, eps) => {
    const risen = rising(share, WARM_UP, RAMP);
    return {
      eps: eps * Math.max(LEAST_RADIUS, risen),
      natural: 1 - (1 - LEAST_NATURAL) * risen,
      balance: BALANCE * (1 - risen),
    };
  },
  ramp: RAMP,
};
