/**
 * One step of training as one graph: forward pass, loss, the gradient of every parameter and the
 * optimiser's update. The network's parameters are inputs (openParameters); the gradient is the
 * graph transform that attacks use, taken with respect to them.
 */
import {
  type Graph,
  type Node,
  type OpenParameters,
  type Tensor,
  Builder,
  gradientWith,
  oneHotRows,
  replayLowered,
  zeros,
} from '@glacis/core';
import { adamUpdate } from './adam.ts';
import { crossEntropy } from './cross-entropy.ts';

export interface TrainingStep {
  /**
   * Inputs: the network's own, `labels` [batch] (int32), `rate` (a scalar, a correctedRate) and the
   * state. Outputs: `loss` (a scalar) and, for each name of the state, `next NAME`.
   */
  readonly graph: Graph;
  /** Parameters under their names, and the optimiser's moments, as they are before the first step. */
  readonly state: Readonly<Record<string, Tensor>>;
}

/** What the optimiser keeps of a parameter besides its value. */
const moments = ['first', 'second'] as const;

export const momentName = (moment: (typeof moments)[number], parameter: string): string =>
  `${moment} moment of ${parameter}`;

export const nextName = (name: string): string => `next ${name}`;

function copied(copies: ReadonlyMap<number, Node>, id: number | undefined): Node {
  const node = id === undefined ? undefined : copies.get(id);
  if (!node) throw new RangeError('the network was not copied whole');
  return node;
}

/**
 * @param network with its parameters opened; its first output holds logits [batch, classes].
 * @param batch rows of every step.
 */
export function trainingStep({ graph, parameters }: OpenParameters, batch: number): TrainingStep {
  const b = new Builder();
  const copies = replayLowered(b, graph, new Map(), ['gradient']);
  const logits = copied(copies, graph.outputs[0]?.id);
  const inputs = new Map(
    graph.inputs.map((id) => {
      const node = copied(copies, id);
      return [node.op === 'input' ? node.attributes.name : '', node] as const;
    }),
  );
  const trained = [...parameters.keys()].map((name) => {
    const node = inputs.get(name);
    if (!node) throw new RangeError(`the network has no input ${name}`);
    return { name, node };
  });
  const labels = b.input('labels', logits.shape.slice(0, 1), 'int32');
  const rates = { rate: b.input('rate', []), shrink: b.input('shrink', []) };
  const loss = crossEntropy(b, logits, oneHotRows(b, labels, Number(logits.shape[1])), batch);
  const gradients = gradientWith(
    b,
    loss,
    trained.map(({ node }) => node),
  );
  const outputs: Record<string, Node> = { loss };
  const state: Record<string, Tensor> = {};
  trained.forEach(({ name, node }, i) => {
    const [first, second] = moments.map((moment) => momentName(moment, name));
    const gradient = gradients[i];
    const initial = parameters.get(name);
    if (!gradient || !initial || first === undefined || second === undefined) return;
    const before = {
      parameter: node,
      first: b.input(first, node.shape),
      second: b.input(second, node.shape),
    };
    const after = adamUpdate(b, before, gradient, rates);
    outputs[nextName(name)] = after.parameter;
    outputs[nextName(first)] = after.first;
    outputs[nextName(second)] = after.second;
    state[name] = initial;
    state[first] = zeros('float32', initial.shape);
    state[second] = zeros('float32', initial.shape);
  });
  return { graph: b.graph(outputs), state };
}
