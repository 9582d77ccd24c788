/** Inputs and outputs of a file: names, element types, sizes; sizes left open are symbols. */
import type { GraphProto, ValueInfoProto } from 'onnx-buf';
import { type Dimension, isSymbolic, type Shape } from '../graph/dimension.ts';
import type { DataType } from '../tensor/tensor.ts';
import type { Carried } from './carried.ts';
import { dataTypeOf, elementTypeName } from './element-types.ts';
import { shapeFault } from './limits.ts';
import { ModelError } from './model-error.ts';

/** An input or output as the file declares it; unknown or symbolic sizes are strings. */
export interface Port {
  readonly name: string;
  readonly type: string;
  readonly shape: Shape;
}

/** What stands for a size without a name: unique, so that two of them are not taken for one. */
const unnamed = (port: string, axis: number): string => `${port}.${axis}`;

/** Throws ModelError for what is no tensor. */
export function portOf(info: ValueInfoProto): Port {
  const kind = info.type?.value;
  if (kind?.case !== 'tensorType') {
    throw new ModelError('unsupported', `${info.name} is no tensor; only tensors are supported`);
  }
  const shape = (kind.value.shape?.dim ?? []).map(({ value }, axis): Dimension => {
    if (value.case === 'dimValue' && value.value > 0n) return Number(value.value);
    return value.case === 'dimParam' && value.value !== '' ? value.value : unnamed(info.name, axis);
  });
  const fault = shapeFault(shape);
  if (fault) throw new ModelError(fault.reason, `${info.name}: ${fault.what}`);
  return { name: info.name, type: elementTypeName(kind.value.elemType), shape };
}

/** Whether a symbol is a name that the file gives, not one made here for a size without. */
export function isNamedSize({ name }: Port, axis: number, symbol: Dimension): boolean {
  return symbol !== unnamed(name, axis);
}

/** What the values of an input are in the file's words. Throws ModelError for strings and the like. */
export function carriedOf(port: Port): Carried {
  if (port.type === 'float32') return 'real';
  if (port.type === 'bool') return 'truth';
  if (hostTypeOf(port) !== undefined) return 'whole';
  throw new ModelError(
    'unsupported',
    `the input ${port.name} has ${port.type} values, which are not supported: convert it to float32 or int64`,
  );
}

/** The host array an input's values are fed in; undefined where there is none. */
export function hostTypeOf({ type }: Port): DataType | undefined {
  const types: Readonly<Record<string, DataType>> = {
    float32: 'float32',
    int64: 'int64',
    int32: 'int32',
    uint8: 'uint8',
    int8: 'int8',
    bool: 'bool',
  };
  return types[type];
}

/** Does the first axis count samples? A size that is 1, free or symbolic does. */
export function countsSamples({ shape }: Port): boolean {
  const [first] = shape;
  if (first === undefined) return false;
  return isSymbolic(first) || (first === 1 && shape.length >= 2);
}

/** An axis besides the batch whose size the file leaves open. */
export interface OpenSize {
  readonly input: string;
  readonly axis: number;
  readonly symbol: string;
}

/** Sizes besides the batch that the inputs leave open. */
export function openSizes(ports: readonly Port[], batchAxis: boolean): OpenSize[] {
  return ports.flatMap(({ name, shape }) =>
    shape.flatMap((symbol, axis) =>
      isSymbolic(symbol) && !(batchAxis && axis === 0) ? [{ input: name, axis, symbol }] : [],
    ),
  );
}

/** Writes sizes into the graph's inputs, by symbol; says whether any was there. */
export function fixSizes(graph: GraphProto, sizes: Readonly<Record<string, number>>): boolean {
  let found = false;
  for (const info of graph.input) {
    if (info.type?.value.case !== 'tensorType') continue;
    const { shape } = portOf(info);
    info.type.value.value.shape?.dim.forEach((dim, axis) => {
      const symbol = shape[axis];
      const size = symbol !== undefined && isSymbolic(symbol) ? sizes[symbol] : undefined;
      if (size === undefined) return;
      dim.value = { case: 'dimValue', value: BigInt(size) };
      found = true;
    });
  }
  return found;
}

/** The TensorProto code of a declared type; undefined for what is no tensor. */
export function elementTypeOf({ type }: ValueInfoProto): number | undefined {
  return type?.value.case === 'tensorType' ? type.value.value.elemType : undefined;
}

/** Whether a value holds real numbers; so it is taken where nothing is declared. */
export function isFloating(info: ValueInfoProto): boolean {
  const code = elementTypeOf(info);
  if (info.type === undefined) return true;
  const type = code === undefined ? undefined : dataTypeOf(code);
  return type === 'float32' || type === 'float64' || code === 10;
}
