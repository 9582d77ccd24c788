/**
 * Whole numbers that are known when the file is read — shapes, axes, positions — and arithmetic on
 * them. Exporters compute shapes in the graph (Shape → Gather → Concat → Reshape); an element may be a
 * symbolic size, so that a batch stays a batch.
 */
import { broadcastShapes, type Dimension, isSymbolic, type Shape } from '../graph/dimension.ts';
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
const MOST_ELEMENTS = 2 ** 18;

/** The whole numbers of a value, where it holds such: of a host value or of an integer constant. */
export function hostOf(value: ReadValue): HostValue | undefined {
  if (isHost(value)) return value;
  if (value.op !== 'constant') return undefined;
  const { tensor: held } = value.attributes;
  if (held.type === 'float32' || held.type === 'float64') return undefined;
  if (held.data.length > MOST_ELEMENTS) return undefined;
  return {
    dims: held.shape,
    elements: Array.from(held.data as ArrayLike<number | bigint>, Number),
  };
}

/** However often a value is used, its tensor is one. */
const tensors = new WeakMap<HostValue, Tensor<'int64'>>();

/** The greatest whole number stands for "to the end", and is none that a double holds. */
const toInt64 = (element: Dimension): bigint => {
  const whole = BigInt(Math.trunc(Number(element)));
  return whole >= 2n ** 63n ? 2n ** 63n - 1n : whole;
};

/** The int64 tensor of a host value, or undefined where an element is symbolic. */
export function tensorOf(value: HostValue): Tensor<'int64'> | undefined {
  const { dims, elements } = value;
  if (elements.some(isSymbolic)) return undefined;
  const made = tensors.get(value) ?? tensor('int64', dims, BigInt64Array.from(elements, toInt64));
  tensors.set(value, made);
  return made;
}

export function vector(elements: readonly Dimension[]): HostValue {
  return { dims: [elements.length], elements };
}

/** Broadcasting may ask for more than is worth knowing beforehand. */
const MOST_LISTED = 2 ** 18;

/** Position in a value's elements of what it shows at a flat position of the broadcast result. */
function shownAt(dims: readonly number[], result: readonly number[], flat: number): number {
  let [rest, stride, position] = [flat, 1, 0];
  for (let behind = 1; behind <= result.length; behind++) {
    const size = result.at(-behind) ?? 1;
    const own = dims.at(-behind) ?? 1;
    if (behind <= dims.length && own !== 1) position += (rest % size) * stride;
    if (behind <= dims.length) stride *= own;
    rest = Math.floor(rest / size);
  }
  return position;
}

/** Element by element, broadcast as NumPy does. */
export function broadcasted(
  values: readonly (HostValue | undefined)[],
  join: (elements: readonly Dimension[]) => Dimension | undefined,
): HostValue | undefined {
  const given = values.filter((value) => value !== undefined);
  if (given.length !== values.length) return undefined;
  const shape = given.reduce<Shape | undefined>(
    (so, { dims }) => so && broadcastShapes(so, dims),
    [],
  );
  const dims = shape?.map(Number);
  const total = dims?.reduce((product, dim) => product * dim, 1) ?? Infinity;
  if (!dims || total > MOST_LISTED) return undefined;
  const elements: Dimension[] = [];
  for (let flat = 0; flat < total; flat++) {
    const shown = given.map((value) => value.elements[shownAt(value.dims, dims, flat)] ?? 0);
    const joined = join(shown);
    if (joined === undefined) return undefined;
    elements.push(joined);
  }
  return { dims, elements };
}
