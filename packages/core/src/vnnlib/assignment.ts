/**
 * A satisfying assignment in writing: as the standard's command line prints it (verifier_interface.tex,
 * "Command-line assignment format"), as VNN-COMP's result files of version 1.0, and as tensors. Numbers
 * are the shortest decimals that read back as the same float64, without an exponent.
 */
import { writeTensor } from '../onnx/write.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { isInteger } from './element-types.ts';
import { nameOf, type Query, tensorsOf } from './query.ts';

export type Outcome = 'sat' | 'unsat' | 'unknown' | 'timeout';

/** The value of one declared tensor, in row-major order. */
export interface AssignedTensor {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** The tensors in the order of their declaration; `values` are those of the joint vector. */
export function assignmentOf(query: Query, values: ArrayLike<number>): AssignedTensor[] {
  if (values.length !== query.variableCount) {
    throw new RangeError(`${values.length} values for ${query.variableCount} variables`);
  }
  return tensorsOf(query).map(({ name, type, shape, size, offset }) => {
    const own = Array.from({ length: size }, (_, i) => values[offset + i] ?? NaN);
    return { name, type, shape, values: own };
  });
}

/** 0.0000001, not 1e-7: numerals of VNN-LIB 2 have no exponent. A whole number of a float type ends in .0. */
export function numeralOf(x: number, type = 'real'): string {
  if (!Number.isFinite(x)) throw new RangeError(`${x} has no numeral`);
  const [mantissa = '0', power = '0'] = String(Math.abs(x)).split('e');
  const [whole = '0', part = ''] = mantissa.split('.');
  const digits = whole + part;
  const point = whole.length + Number(power);
  const padded = '0'.repeat(Math.max(0, 1 - point)) + digits.padEnd(Math.max(point, 1), '0');
  const at = Math.max(point, 1);
  const fraction = padded.slice(at) || '0';
  const sign = x < 0 ? '-' : '';
  return isInteger(type) ? sign + padded.slice(0, at) : `${sign}${padded.slice(0, at)}.${fraction}`;
}

/**
 * What `verify` prints on the standard's terms: the outcome, then name, type and shape above the values. No
 * witness is printed where it was serialised. Only a `sat` needs the query.
 */
export function printOutcome(
  query: Query | null,
  outcome: Outcome,
  witness: ArrayLike<number> | null,
): string {
  if (outcome === 'timeout') return 'timed-out\n';
  if (outcome !== 'sat' || !witness || !query) return `${outcome}\n`;
  const lines = assignmentOf(query, witness).flatMap(({ name, type, shape, values }) => [
    `${name} ${type} [${shape.join(',')}]`,
    ...values.map((value) => numeralOf(value, type)),
  ]);
  return `sat\n${lines.join('\n')}\n`;
}

/** A result file of the competition's version 1.0: the outcome, then `((X_0 0.5)\n(Y_0 1.0))`. */
export function writeResult(
  query: Query | null,
  outcome: Outcome,
  witness: ArrayLike<number> | null,
): string {
  if (outcome !== 'sat' || !witness || !query) return `${outcome}\n`;
  const pairs = tensorsOf(query).flatMap(({ offset, size, type }) =>
    Array.from({ length: size }, (_, i) => {
      const value = numeralOf(witness[offset + i] ?? NaN, type);
      return `(${nameOf(query, offset + i)} ${value})`;
    }),
  );
  return `sat\n(${pairs.join('\n')})\n`;
}

/**
 * The standard's serialised format: a TensorProto per tensor, under its name and `.pb`. A `real` is a
 * float32 where that holds all values of the tensor, as every input's are, else a double.
 */
export function serialiseAssignment(
  query: Query,
  witness: ArrayLike<number>,
): ReadonlyMap<string, Uint8Array> {
  return new Map(
    assignmentOf(query, witness).map((each) => [
      `${each.name}.pb`,
      writeTensor(each.name, tensorOf(each)),
    ]),
  );
}

function tensorOf({ type, shape, values }: AssignedTensor): Tensor {
  const isSingle = values.every((value) => Math.fround(value) === value);
  switch (type === 'real' && isSingle ? 'float32' : type) {
    case 'float32':
      return tensor('float32', shape, Float32Array.from(values));
    case 'int64':
      return tensor('int64', shape, BigInt64Array.from(values, BigInt));
    case 'int32':
      return tensor('int32', shape, Int32Array.from(values));
    case 'int8':
      return tensor('int8', shape, Int8Array.from(values));
    case 'uint8':
      return tensor('uint8', shape, Uint8Array.from(values));
    default:
      return tensor('float64', shape, Float64Array.from(values));
  }
}
