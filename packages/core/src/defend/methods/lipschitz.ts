/**
 * Networks of a known Lipschitz constant in ℓ2: weights of spectral norm at most 1 (Prach & Lampert 2022),
 * so that K, the constant of all else there is, bounds the scores' change. A lead of more than √2·K·ε is safe
 * at ε; what is learned is that lead: cross-entropy of the scores with √2·K·ε taken off the answer's
 * (Tsuzuku et al. 2018), at a temperature of a tenth of that lead.
 */
import { crossEntropy } from '../../attacks/losses.ts';
import type { Node } from '../../graph/graph.ts';
import { marginOf } from '../../transforms/margin.ts';
import { structureConstant } from '../lipschitz/structure-constant.ts';
import { unitWeights } from '../lipschitz/unit-weights.ts';
import type { Method, MethodContext } from '../method.ts';

/** Of the safe lead. */
const TEMPERATURE = 0.1;
const SMALLEST = 1e-6;

/** √2·K·ε: a scalar. */
function safeLead({ b, knob }: MethodContext): Node {
  return b.mul(b.mul(knob('constant'), knob('eps')), Math.SQRT2);
}

export const lipschitz: Method = {
  id: 'lipschitz',
  proves: true,
  parametrisation: unitWeights,
  measure: async (measured) => ({ constant: await structureConstant(measured) }),
  objective: (context) => {
    const { b, network, x, answers } = context;
    const { logits, statistics } = network.trained(x);
    const lead = safeLead(context);
    const temperature = b.add(b.mul(lead, TEMPERATURE), SMALLEST);
    const worst = b.div(b.sub(logits, b.mul(answers, lead)), temperature);
    return { loss: crossEntropy(b, worst, answers), statistics };
  },
  margin: (context) => {
    const { b, network, x, answers } = context;
    return b.sub(marginOf(b, network.logits(x), answers), safeLead(context));
  },
  knobs: (_share, eps) => ({ eps }),
  ramp: 0,
};
