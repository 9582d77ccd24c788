/**
 * One step of training as one graph (forward pass, loss, the gradient of
 * every parameter by the transform that attacks use, clipping, the optimiser's update).
 */
import { Builder } from '../graph/builder.ts';
import { BATCH } from '../graph/dimension.ts';
import type { Graph, Node } from '../graph/graph.ts';
import type { Threat } from '../threats/threat.ts';
import { gradientWith } from '../transforms/gradient.ts';
import { oneHotRows } from '../transforms/margin.ts';
import { averaged, averageName } from './average.ts';
import type { Method, MethodContext } from './method.ts';
import type { TrainableNetwork } from './network.ts';
import type { Optimiser } from './optimisers/optimiser.ts';

export interface StepOptions {
  readonly network: TrainableNetwork;
  readonly method: Method;
  readonly threat: Threat;
  readonly optimiser: Optimiser;
  /** Gradients longer than this are shortened to it; Infinity: none. */
  readonly longest: number;
  /** Whether probabilities are to be answered, not one class. */
  readonly soft: boolean;
  /** Whether the mean of the parameters is kept, with its own statistics; absent: no. */
  readonly averages?: boolean;
}

export const nextName = (name: string): string => `next ${name}`;

/**
 * What methods are given. Inputs of the program: `x` [batch, …], `answers` ([batch] classes, int32, or
 * probabilities [batch, classes] where they are soft), `parameters`, `statistics`, and knobs by name.
 */
export function methodContext(
  b: Builder,
  { network, threat, soft }: Pick<StepOptions, 'network' | 'threat' | 'soft'>,
): MethodContext {
  const { classes, sampleShape } = network;
  const x = b.input('x', [BATCH, ...sampleShape]);
  const answers = soft
    ? b.input('answers', [BATCH, classes])
    : oneHotRows(b, b.input('answers', [BATCH], 'int32'), classes);
  const knobs = new Map<string, Node>();
  const knob = (name: string): Node => {
    const node = knobs.get(name) ?? b.input(name, []);
    knobs.set(name, node);
    return node;
  };
  return { b, network: network.over(b), threat, x, answers, knob };
}

/**
 * x, answers, `moved` where there is an adversary, `parameters`, `statistics`, the optimiser's slots,
 * knobs, `rate`, `shrink`, and for a mean its values under averageName and `newest`, the share of the next ones in
 * it → `loss` and `length` of the gradient (scalars), and what is next of each vector under nextName.
 */
export function stepGraph(options: StepOptions): Graph {
  const { network, method, optimiser, longest } = options;
  const b = new Builder();
  const context = methodContext(b, options);
  const moved = method.adversary ? b.input('moved', context.x.shape) : context.x;
  const { loss: rows, statistics, penalty } = method.objective({ ...context, moved });
  const count = b.sum(b.expand(b.scalar(1), rows.shape), [0]);
  const mean = b.div(b.sum(rows, [0]), count);
  const loss = penalty ? b.add(mean, penalty) : mean;
  const { trained } = network.parts;
  const pieces = trained.entries.flatMap(({ id }) => context.network.parameters.get(id) ?? []);
  const gradients = gradientWith(b, loss, pieces);
  const flat = gradients.map((each) =>
    b.reshape(each, [each.shape.reduce<number>((product, dim) => product * Number(dim), 1)]),
  );
  const gradient = b.concat(flat, 0);
  const length = b.sqrt(b.sum(b.mul(gradient, gradient), [0]));
  const kept = Number.isFinite(longest)
    ? b.mul(gradient, b.min(b.div(longest, b.max(length, 1e-30)), 1))
    : gradient;
  const vector = (name: string): Node => b.input(name, [trained.size]);
  const parameters = inputOf(b, 'parameters');
  const before = { parameters, slots: optimiser.slots.map(vector) };
  const pace = { rate: b.input('rate', []), shrink: b.input('shrink', []) };
  const after = optimiser.update(b, before, kept, pace);
  const outputs: Record<string, Node> = { loss, length };
  outputs[nextName('parameters')] = after.parameters;
  optimiser.slots.forEach((name, i) => {
    const slot = after.slots[i];
    if (slot) outputs[nextName(name)] = slot;
  });
  if (statistics) outputs[nextName('statistics')] = statistics.next;
  if (!options.averages) return b.graph(outputs);
  const last = network.inputs(b, averageName);
  const average = averaged(b, last.parameters, after.parameters, b.input('newest', []));
  outputs[nextName(averageName('parameters'))] = average;
  if (last.statistics) {
    // What the average weights make of the batch is not the mean of what others made of theirs.
    const own = network.over(b, { ...last, parameters: average });
    const followed = method.objective({ ...context, network: own, moved }).statistics;
    if (followed) outputs[nextName(averageName('statistics'))] = followed.next;
  }
  return b.graph(outputs);
}

function inputOf({ nodes }: Builder, name: string): Node {
  const node = nodes.find((each) => each.op === 'input' && each.attributes.name === name);
  if (!node) throw new RangeError(`the program has no input ${name}`);
  return node;
}
