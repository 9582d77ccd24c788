/**
 * A VNN-LIB query as read and typed, of either version: what it declares, and one formula over scalar
 * variables. The variables of all networks form one joint vector: all inputs first, in the order of
 * their declaration, then hidden nodes and outputs in theirs. Numerals stay as they are written.
 */
import type { Position } from './vnnlib-error.ts';

export type Role = 'input' | 'hidden' | 'output';

/** A declared tensor: `size` variables from `offset` of the joint vector, in row-major order. */
export interface QueryTensor {
  readonly name: string;
  readonly network: string;
  readonly role: Role;
  /** As declared: `real`, or the name of an ONNX element type. */
  readonly type: string;
  readonly shape: readonly number[];
  readonly size: number;
  readonly offset: number;
  /** A hidden node's name in the ONNX file. */
  readonly onnxName: string | null;
  /** An input whose value the query leaves to the model's own initializer. */
  readonly isInitialized: boolean;
  /** Offset of the declaration in the text. */
  readonly at: number;
}

/** That this network is the file (`equal`), or has the graph (`isomorphic`), of one declared before. */
export interface Equivalence {
  readonly kind: 'equal' | 'isomorphic';
  readonly to: string;
}

export interface QueryNetwork {
  readonly name: string;
  readonly equivalence: Equivalence | null;
  /** In the order of their declaration. */
  readonly tensors: readonly QueryTensor[];
  readonly at: number;
}

export interface Variable {
  readonly kind: 'variable';
  /** Of the joint vector. */
  readonly index: number;
}

export interface Constant {
  readonly kind: 'constant';
  readonly text: string;
  readonly at: number;
}

export interface Term {
  readonly sign: 1 | -1;
  readonly expression: Expression;
}

export type Expression =
  | Variable
  | Constant
  | { readonly kind: 'sum'; readonly terms: readonly Term[] }
  | { readonly kind: 'product'; readonly factors: readonly Expression[]; readonly at: number };

export interface Comparison {
  readonly kind: 'comparison';
  readonly relation: '<' | '<=' | '==' | '!=';
  readonly left: Expression;
  readonly right: Expression;
  readonly at: number;
}

export type Formula =
  | Comparison
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Formula[]; readonly at: number };

export interface Query {
  /** 1.0 declares scalars X_i and Y_j of one network; 2.x declares networks and tensors. */
  readonly version: { readonly major: number; readonly minor: number };
  readonly networks: readonly QueryNetwork[];
  readonly inputCount: number;
  readonly variableCount: number;
  /** The conjunction of all assertions. */
  readonly formula: Formula;
  readonly where: (at: number) => Position;
}

/** All declared tensors in the order of their declaration. */
export function tensorsOf(query: Query): QueryTensor[] {
  return query.networks.flatMap(({ tensors }) => tensors);
}

/** A variable as the query's own version writes it: `X_3`, `Y[0,3]`. */
export function nameOf(query: Query, variable: number): string {
  const tensor = tensorsOf(query).find(
    ({ offset, size }) => variable >= offset && variable < offset + size,
  );
  if (!tensor) throw new RangeError(`the query has no variable ${variable}`);
  let rest = variable - tensor.offset;
  if (query.version.major === 1) return `${tensor.name}_${rest}`;
  if (tensor.shape.length === 0) return tensor.name;
  const indices = tensor.shape.map(() => 0);
  for (let axis = tensor.shape.length - 1; axis >= 0; axis--) {
    const length = tensor.shape[axis] ?? 1;
    indices[axis] = rest % length;
    rest = Math.floor(rest / length);
  }
  return `${tensor.name}[${indices.join(',')}]`;
}
