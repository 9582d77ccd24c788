/**
 * One step of training as one graph: forward pass, loss, the gradient of every parameter and the
 * optimiser's update. The network's parameters are inputs (openParameters); the gradient is the
 * graph transform that attacks use, taken with respect to them.
 */
import { crossEntropy } from '../attacks/losses.ts';
import { Builder } from '../graph/builder.ts';
import type { Graph, Node } from '../graph/graph.ts';
import { type Tensor, zeros } from '../tensor/tensor.ts';
import { gradientWith } from '../transforms/gradient.ts';
import { replayLowered } from '../transforms/lowering.ts';
import { oneHotRows } from '../transforms/margin.ts';
import type { OpenParameters } from '../transforms/parameters.ts';
import { type AdamState, adamUpdate } from './adam.ts';

export interface TrainingStep {
  /**
   * Inputs: the network's own, `answers` ([batch] classes, int32, or [batch, classes] probabilities,
   * where they are soft), the scalars `rate` (a correctedRate) and
   * `shrink` (see adamUpdate), and the state. Outputs: `loss` (a scalar) and, for each name of the
   * state, `next NAME`.
   */
  readonly graph: Graph;
  /** Parameters under their names, and their moments, as they are before the first step. */
  readonly state: Readonly<Record<string, Tensor>>;
}

export const nextName = (name: string): string => `next ${name}`;

/** Under which names the state holds what belongs to one parameter. */
const stateNames = (parameter: string): Readonly<Record<keyof AdamState, string>> => ({
  parameter,
  first: `first moment of ${parameter}`,
  second: `second moment of ${parameter}`,
});

/**
 * @param open a network with its parameters opened; its first output holds logits [batch, classes].
 * @param batch rows of every step.
 * @param soft whether probabilities are to be answered, not one class.
 */
export function trainingStep(open: OpenParameters, batch: number, soft = false): TrainingStep {
  const b = new Builder();
  const copies = replayLowered(b, open.graph, new Map(), ['gradient']);
  const logits = present(copies.get(open.graph.outputs[0]?.id ?? -1), 'the logits');
  const rates = { rate: b.input('rate', []), shrink: b.input('shrink', []) };
  const wanted = soft
    ? b.input('answers', logits.shape)
    : oneHotRows(b, b.input('answers', logits.shape.slice(0, 1), 'int32'), Number(logits.shape[1]));
  const loss = b.mul(b.sum(crossEntropy(b, logits, wanted), [0]), 1 / batch);
  const names = [...open.parameters.keys()];
  const nodes = names.map((name) => inputNode(b, name));
  const gradients = gradientWith(b, loss, nodes);
  const outputs: Record<string, Node> = { loss };
  const state: Record<string, Tensor> = {};
  nodes.forEach((parameter, i) => {
    const name = stateNames(names[i] ?? '');
    const initial = present(open.parameters.get(name.parameter), name.parameter);
    const before = {
      parameter,
      first: b.input(name.first, parameter.shape),
      second: b.input(name.second, parameter.shape),
    };
    const after = adamUpdate(b, before, present(gradients[i], 'a gradient'), rates);
    for (const part of ['parameter', 'first', 'second'] as const) {
      outputs[nextName(name[part])] = after[part];
      state[name[part]] = part === 'parameter' ? initial : zeros('float32', initial.shape);
    }
  });
  return { graph: b.graph(outputs), state };
}

function inputNode({ nodes }: Builder, name: string): Node {
  const node = nodes.find((each) => each.op === 'input' && each.attributes.name === name);
  return present(node, name);
}

function present<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new RangeError(`the network lacks ${what}`);
  return value;
}
