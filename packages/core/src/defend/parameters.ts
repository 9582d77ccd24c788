/**
 * Which constants of a network training may change, and where each has its place in one flat vector.
 * ONNX does not say it. Taken are the initialisers that weigh (an operand of a product that sums: dense
 * layers, convolutions), those added to or multiplied with what was weighed before (biases, scales), and
 * scale and shift of batch normalisation, whose mean and variance are statistics. What normalises the
 * input in front of all weights, and single numbers, stay as they are.
 */
import {
  dependents,
  type Graph,
  inputNodes,
  type Node,
  type NodeOf,
  operandsOf,
} from '../graph/graph.ts';
import { floats, sizeOf, type Tensor } from '../tensor/tensor.ts';
import { rulesOf } from '../transforms/lowering.ts';

/** What a parameter does: decides how it begins. */
export type Role = 'weight' | 'scale' | 'shift' | 'mean' | 'variance';

export interface Parameter {
  /** The constant's place in the graph. */
  readonly id: number;
  readonly name: string;
  readonly role: Role;
  readonly value: Tensor;
  /** Of a weight: products that are summed into one output. */
  readonly fanIn: number;
}

/** Constants end to end in one vector. */
export interface Layout {
  readonly entries: readonly (Parameter & { readonly offset: number })[];
  readonly size: number;
}

export interface Parameters {
  /** What the optimiser changes. */
  readonly trained: Layout;
  /** Means and variances of batch normalisation, which follow the batches. */
  readonly statistics: Layout;
}

type Constant = NodeOf<'constant'>;

/** Throws RangeError where the network has not one input, or nothing to train. */
export function parametersOf(graph: Graph): Parameters {
  const [input, ...others] = inputNodes(graph);
  if (!input || others.length > 0) {
    throw new RangeError(`the network has ${others.length + (input ? 1 : 0)} inputs, not one`);
  }
  const fed = dependents(graph, [input.id]);
  // What has a spectral norm is a map of weights.
  const weighs = (node: Node): boolean =>
    rulesOf(node).spectralNorm !== undefined && fed[node.id] === true;
  const weighed = dependents(
    graph,
    graph.nodes.filter(weighs).map(({ id }) => id),
  );
  const found = graph.nodes.flatMap((node) => {
    if (node.op !== 'constant' || node.attributes.parameter !== true) return [];
    if (node.type !== 'float32' || node.shape.length === 0) return [];
    const parameter = meeting(graph, node, fed, weighed, weighs);
    return parameter ? [parameter] : [];
  });
  const isStatistic = ({ role }: Parameter): boolean => role === 'mean' || role === 'variance';
  const trained = layoutOf(found.filter((each) => !isStatistic(each)));
  if (trained.size === 0)
    throw new RangeError(
      'the network has no parameters that can be trained (float32 initializers that weigh its input)',
    );
  return { trained, statistics: layoutOf(found.filter(isStatistic)) };
}

/** The role in which a constant, or what is made of it alone, first meets the data. */
function meeting(
  graph: Graph,
  constant: Constant,
  fed: readonly boolean[],
  weighed: readonly boolean[],
  weighs: (node: Node) => boolean,
): Parameter | undefined {
  const from = dependents(graph, [constant.id]);
  const { name, tensor: value } = constant.attributes;
  const base = { id: constant.id, name: name ?? `parameter${constant.id}`, value, fanIn: 0 };
  for (const node of graph.nodes) {
    const at = node.operands.findIndex((id) => from[id] && !fed[id]);
    if (!fed[node.id] || at < 0) continue;
    if (node.op === 'batchNorm') {
      const role = batchNormRoles[at];
      return role ? { ...base, role } : undefined;
    }
    if (weighs(node)) {
      const fanIn = rulesOf(node).terms?.(node, operandsOf(graph, node)) ?? 1;
      return { ...base, role: 'weight', fanIn };
    }
    const rules = rulesOf(node);
    const afterWeights = node.operands.some((id) => weighed[id] && fed[id]);
    if (rules.kind !== 'linear' || rules.divides || !afterWeights) return undefined;
    return { ...base, role: rules.linearIn ? 'scale' : 'shift' };
  }
  return undefined;
}

/** By operand: x, scale, shift, mean, variance. */
const batchNormRoles: readonly (Role | undefined)[] = [
  undefined,
  'scale',
  'shift',
  'mean',
  'variance',
];

function layoutOf(parameters: readonly Parameter[]): Layout {
  let size = 0;
  const entries = parameters.map((parameter) => {
    const offset = size;
    size += sizeOf(parameter.value.shape);
    return { ...parameter, offset };
  });
  return { entries, size };
}

/** The values the file holds, end to end. */
export function initialVector({ entries, size }: Layout): Tensor<'float32'> {
  const vector = new Float32Array(size);
  for (const { value, offset } of entries) vector.set(value.data as Float32Array, offset);
  return floats(vector);
}

/** The constants' values again, by their name. */
export function valuesOf({ entries }: Layout, vector: Tensor): ReadonlyMap<string, Tensor> {
  const data = vector.data as Float32Array;
  return new Map(
    entries.map(({ name, offset, value: { shape } }) => [
      name,
      floats(data.slice(offset, offset + sizeOf(shape)), shape),
    ]),
  );
}
