/** What an op may ask of the ONNX writer: append a node, store a constant, find a symbolic size. */
import type { Tensor } from '../../tensor/tensor.ts';
import type { Dimension, Shape } from '../dimension.ts';
import type { Node } from '../graph.ts';

export type OnnxAttribute = number | string | readonly number[] | { readonly float: number };

export interface Emitter {
  /** Name of an already written value. */
  nameOf(node: Node): string;
  /** Appends an ONNX node with one result and returns the result's name. */
  node(
    opType: string,
    inputs: readonly string[],
    attributes?: Readonly<Record<string, OnnxAttribute>>,
  ): string;
  /** Appends an ONNX node with several results and returns their names. */
  nodes(
    opType: string,
    inputs: readonly string[],
    outputs: number,
    attributes?: Readonly<Record<string, OnnxAttribute>>,
  ): string[];
  /** Stores a constant, under the wanted name where that is free. */
  constant(tensor: Tensor, name?: string): string;
  /** A 1-D int64 value holding a shape, computed at run time where axes are symbolic. */
  shape(shape: Shape): string;
  /** The same for a Reshape, where one symbolic axis can be left to be inferred (−1). */
  reshapeTarget(shape: Shape): string;
  /** A 1-D int64 value of one element holding one size. */
  size(dimension: Dimension): string;
}
