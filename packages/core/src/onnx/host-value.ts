/**
 * Whole numbers that are known when the file is read — shapes, axes, positions — and arithmetic on
 * them. Exporters compute shapes in the graph (Shape → Gather → Concat → Reshape); an element may be a
 * symbolic size, so that a batch stays a batch.
 */
import { type Dimension, isSymbolic } from '../graph/dimension.ts';
import type { Node } from '../graph/graph.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';

export interface HostValue {
  /** [] for a scalar. */
  readonly dims: readonly number[];
  readonly elements: readonly Dimension[];
}

/** A value while a file is read: a node of the graph, or numbers known beforehand. */
export type ReadValue = Node | HostValue;

export function isHost(value: ReadValue): value is HostValue {
  return 'elements' in value;
}

/** Larger whole-number constants are data, not shapes. */
const MOST_ELEMENTS = 4096;

/** The whole numbers of a value, where it holds such: of a host value or of an integer constant. */
export function hostOf(value: ReadValue): HostValue | undefined {
  if (isHost(value)) return value;
  if (value.op !== 'constant') return undefined;
  const { type, shape, data } = value.attributes.tensor;
  if (type === 'float32' || type === 'float64' || data.length > MOST_ELEMENTS) return undefined;
  return { dims: shape, elements: Array.from(data as ArrayLike<number | bigint>, Number) };
}

/** The int64 tensor of a host value, or undefined where an element is symbolic. */
export function tensorOf({ dims, elements }: HostValue): Tensor<'int64'> | undefined {
  if (elements.some(isSymbolic)) return undefined;
  const data = BigInt64Array.from(elements, (element) => BigInt(Math.trunc(Number(element))));
  return tensor('int64', dims, data);
}

export function vector(elements: readonly Dimension[]): HostValue {
  return { dims: [elements.length], elements };
}
