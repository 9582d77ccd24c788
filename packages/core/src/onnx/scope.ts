/** What a list of ONNX nodes sees and gives: values by name, and what is known of them. */
import type { AttributeProto } from 'onnx-buf';
import type { Carried } from './carried.ts';
import type { ReadValue } from './host-value.ts';
import { ModelError } from './model-error.ts';

export type Values = Map<string, ReadValue>;
export type Results = readonly (ReadValue | undefined)[];

/** Results of a node, and what each is in the file's words. */
export interface Outcome {
  readonly results: Results;
  readonly carried: readonly Carried[];
}

export interface Scope {
  readonly opset: number;
  readonly values: Values;
  /** What values are in the file's words where that is not real numbers. */
  readonly carried: Map<string, Carried>;
  /** Results that are not read (labels, positions of a maximum), and all that is made of them. */
  readonly absent: Set<string>;
  /** What its nodes have given so far: every name is given once. */
  readonly given: Set<string>;
  /** What the function around is called with, by attribute name; undefined in the main graph. */
  readonly attributes?: ReadonlyMap<string, AttributeProto>;
  readonly path: string;
  readonly depth: number;
}

/** Names a result of a node. */
export function define({ given }: Scope, name: string, where: string): void {
  if (given.has(name)) {
    throw new ModelError('invalid', `${where} gives ${name}, which something else gives already`);
  }
  given.add(name);
}

/** A result of a function or a branch. */
export function computed(
  { values, absent }: Scope,
  name: string,
  where: string,
): ReadValue | undefined {
  const value = values.get(name);
  if (!value && !absent.has(name))
    throw new ModelError('invalid', `${where}: nothing computes its result ${name}`);
  return value;
}
