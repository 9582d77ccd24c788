/**
 * What lowering one ONNX operator into the IR looks like: a function from its operands and attributes
 * to values. Files in operators/ hold the functions, by family; operators/table.ts lists them.
 */
import {
  type AttributeProto,
  AttributeProto_AttributeType as AttributeType,
  type GraphProto,
  type NodeProto,
} from 'onnx-buf';
import type { Builder } from '../graph/builder.ts';
import type { Dimension, Shape } from '../graph/dimension.ts';
import type { Node } from '../graph/graph.ts';
import { ShapeError } from '../graph/ops/definition.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Carried } from './carried.ts';
import { readTensor, readTensorAsIs, TEXT } from './element-types.ts';
import { isHost, type ReadValue, tensorOf } from './host-value.ts';
import { type Allowance, MOST_AXES } from './limits.ts';
import { constantValue } from './constant-value.ts';
import { ModelError } from './model-error.ts';
import type { Distribution } from './randomness.ts';

/** TensorProto codes of the element types that are not whole numbers. */
const REAL_TYPES: ReadonlySet<number> = new Set([1, 10, 11, 16]);
const BOOL = 9;

/** What an operator may ask of the file around it. */
export interface Surroundings {
  /** The results of a graph that sees the values around the node. */
  branch(graph: GraphProto): readonly (ReadValue | undefined)[];
  /** An input of the graph that holds random numbers instead of the node. Throws ShapeError. */
  random(name: string, distribution: Distribution, shape: Shape): Node;
  /** Whether the node stands in the file's main graph: not in a function, not in a branch. */
  readonly main: boolean;
  /** What may still be written down element by element. */
  readonly allowance: Allowance;
}

/** A text may be of any length. */
const textOf = (bytes: Uint8Array): string =>
  Array.from(bytes, (code) => String.fromCharCode(code)).join('');

export class LoweringContext {
  readonly b: Builder;
  readonly proto: NodeProto;
  readonly opset: number;
  /** Where the operator is, for messages. */
  readonly where: string;
  private readonly operands: readonly (ReadValue | undefined)[];
  private readonly kinds: readonly Carried[];
  private readonly surroundings: Surroundings;

  constructor(
    b: Builder,
    proto: NodeProto,
    opset: number,
    where: string,
    operands: readonly (ReadValue | undefined)[],
    kinds: readonly Carried[],
    surroundings: Surroundings,
  ) {
    this.b = b;
    this.proto = proto;
    this.opset = opset;
    this.where = where;
    this.operands = operands;
    this.kinds = kinds;
    this.surroundings = surroundings;
  }

  /** The i-th operand as it was read. */
  read(i: number): ReadValue | undefined {
    return this.operands[i];
  }

  /** The results of the graph held in an attribute. */
  branch(name: string): readonly (ReadValue | undefined)[] {
    const graph = this.attribute(name, AttributeType.GRAPH)?.g;
    if (!graph) throw this.invalid(`the attribute ${name} is missing`);
    return this.surroundings.branch(graph);
  }

  /** Random numbers of a shape in place of this node. */
  random(distribution: Distribution, shape: Shape): Node {
    if (this.surroundings.main) {
      return this.surroundings.random(this.proto.output[0] ?? '', distribution, shape);
    }
    throw this.unsupported('random numbers are supported in the main graph only');
  }

  /** The i-th operand; throws when it is absent. */
  operand(i = 0): Node {
    const node = this.optional(i);
    if (!node) throw this.invalid(`operand ${i} is missing`);
    return node;
  }

  optional(i: number): Node | undefined {
    const value = this.operands[i];
    if (value === undefined || !isHost(value)) return value;
    const known = tensorOf(value);
    // Row by row the batch is 1, and the operand is known.
    if (!known) throw new ShapeError(`operand ${i} computes with the size of the batch`);
    return this.b.constant(known);
  }

  /** The i-th operand as float32 data: a constant of another type is taken for its numbers. */
  real(i = 0): Node {
    const node = this.operand(i);
    if (node.op !== 'constant' || node.type === 'float32') return node;
    const { data, shape } = node.attributes.tensor;
    return this.b.floats(Array.from(data as ArrayLike<number | bigint>, Number), shape);
  }

  /** What the i-th operand is in the file's words. */
  carried(i: number): Carried {
    return this.kinds[i] ?? 'real';
  }

  /** What a Cast is asked for, or another operator by an attribute of that kind. */
  castTo(attribute = 'to'): Carried {
    const to = this.int(attribute, 1);
    if (to === BOOL) return 'truth';
    return REAL_TYPES.has(to) ? 'real' : 'whole';
  }

  /** All operands; throws when there are none. */
  all(): Node[] {
    if (this.operands.length === 0) throw this.invalid('it has no operand');
    return this.operands.map((_, i) => this.operand(i));
  }

  /** All operands, as float32 data where their types differ. */
  alike(): Node[] {
    const nodes = this.all();
    const types = new Set(nodes.map(({ type }) => type));
    return types.size === 1 ? nodes : nodes.map((_, i) => this.real(i));
  }

  /** The i-th operand's value, known when reading; undefined when the operand is absent. */
  constant(i: number): Tensor | undefined {
    const node = this.optional(i);
    if (!node) return undefined;
    const value = constantValue(this.b, node);
    if (value) return value;
    const [source = -1] = node.operands;
    if (node.op === 'expand' && this.b.nodes[source]?.op === 'constant') {
      // A constant repeated for every sample: row by row it is one.
      throw new ShapeError(`operand ${i} is repeated for every sample`);
    }
    throw this.unsupported(
      `operand ${i} must be a constant, but it is computed from the input: export the model with fixed sizes, or cut it off before this node`,
    );
  }

  numbers(i: number): number[] | undefined {
    const value = this.constant(i);
    return value && Array.from(value.data as ArrayLike<number | bigint>, Number);
  }

  /** The i-th operand as numbers that count, or say where. */
  wholes(i: number): number[] | undefined {
    const value = this.constant(i);
    if (value?.type === 'float32' || value?.type === 'float64') {
      throw this.invalid(`operand ${i} holds ${value.type} values where whole numbers are needed`);
    }
    return this.numbers(i);
  }

  /** The i-th operand as whole numbers for axes, of which there are at most two each. */
  perAxis(i: number): number[] | undefined {
    const value = this.operands[i];
    this.fewForAxes(value && isHost(value) ? value.elements.length : this.constant(i)?.data.length);
    return this.wholes(i);
  }

  /** The i-th operand as sizes, symbolic ones included; undefined when the operand is absent. */
  sizes(i: number): readonly Dimension[] | undefined {
    const value = this.operands[i];
    if (!value || !isHost(value)) return this.perAxis(i);
    this.fewForAxes(value.elements.length);
    return value.elements;
  }

  private fewForAxes(count = 0): void {
    if (count > 2 * MOST_AXES) {
      throw this.unsupported(`a list of ${count} numbers is longer than any for axes`);
    }
  }

  /** Files older than the types of attributes leave them out. */
  private attribute(name: string, ...types: readonly AttributeType[]): AttributeProto | undefined {
    const found = this.proto.attribute.find((candidate) => candidate.name === name);
    const fits = !found || found.type === AttributeType.UNDEFINED || types.includes(found.type);
    if (!fits) throw this.invalid(`the attribute ${name} is of another type than the standard's`);
    return found;
  }

  get attributeCount(): number {
    return this.proto.attribute.length;
  }

  int(name: string): number | undefined;
  int(name: string, absent: number): number;
  int(name: string, absent?: number): number | undefined {
    const found = this.attribute(name, AttributeType.INT);
    return found ? Number(found.i) : absent;
  }

  /** A number that says yes or no; runtimes differ in what others than 0 and 1 mean. */
  flag(name: string, absent: boolean): boolean {
    const value = this.int(name, Number(absent));
    if (value !== 0 && value !== 1) throw this.invalid(`${name} is ${value}, not 0 or 1`);
    return value === 1;
  }

  float(name: string): number | undefined;
  float(name: string, absent: number): number;
  float(name: string, absent?: number): number | undefined {
    return this.attribute(name, AttributeType.FLOAT)?.f ?? absent;
  }

  /** Numbers for axes, of which there are at most two each. */
  ints(name: string): number[] | undefined {
    const found = this.attribute(name, AttributeType.INTS)?.ints;
    this.fewForAxes(found?.length);
    return found?.map(Number);
  }

  /** Numbers of which there may be many. */
  intList(name: string): number[] | undefined {
    return this.attribute(name, AttributeType.INTS)?.ints.map(Number);
  }

  floatList(name: string): number[] | undefined {
    return this.attribute(name, AttributeType.FLOATS)?.floats.map(Number);
  }

  text(name: string, absent: string): string {
    const found = this.attribute(name, AttributeType.STRING);
    return found ? textOf(found.s) : absent;
  }

  texts(name: string): string[] | undefined {
    return this.attribute(name, AttributeType.STRINGS)?.strings.map(textOf);
  }

  /** Whether an attribute holds texts, one or several, or a tensor of them. */
  isText(name: string): boolean {
    const found = this.proto.attribute.find((candidate) => candidate.name === name);
    return (
      found !== undefined &&
      (found.s.length > 0 || found.strings.length > 0 || found.t?.dataType === TEXT)
    );
  }

  tensor(name: string): Tensor | undefined {
    const found = this.attribute(name, AttributeType.TENSOR);
    return found?.t && readTensor(found.t, `attribute ${name} of ${this.where}`);
  }

  /** The same, double values left as they are. */
  tensorAsIs(name: string): Tensor | undefined {
    const found = this.attribute(name, AttributeType.TENSOR);
    return found?.t && readTensorAsIs(found.t, `attribute ${name} of ${this.where}`);
  }

  /** An axis counted from the front. */
  axis(value: number, rank: number): number {
    const axis = value < 0 ? value + rank : value;
    if (!(axis >= 0 && axis < rank)) throw this.invalid(`axis ${value} is outside rank ${rank}`);
    return axis;
  }

  /** Axes counted from the front, each once. */
  axes(values: readonly number[], rank: number): number[] {
    const axes = values.map((value) => this.axis(value, rank));
    if (new Set(axes).size === axes.length) return axes;
    throw this.invalid(`it names an axis twice: ${values.join(', ')}`);
  }

  /** A number of elements that reading writes down one by one; refuses what no real model needs. */
  listable(count: number): number {
    if (this.surroundings.allowance.take(count)) return count;
    throw this.unsupported(`it would take a table of ${count} elements`);
  }

  invalid(what: string): ModelError {
    return new ModelError('invalid', `${this.where}: ${what}`);
  }

  unsupported(what: string): ModelError {
    return new ModelError('unsupported', `${this.where}: ${what}`);
  }
}

/** Results in order; undefined for one that is not read (a label, the position of a maximum). */
export type Lowering = (context: LoweringContext) => ReadValue | readonly (ReadValue | undefined)[];
