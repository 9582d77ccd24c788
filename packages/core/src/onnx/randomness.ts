/**
 * Models that draw random numbers. In their graph, and in the file that judges, each draw is an input;
 * who runs the model feeds it (runtime/side-inputs.ts).
 */
import { create } from '@bufbuild/protobuf';
import {
  type GraphProto,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
} from 'onnx-buf';
import type { Shape } from '../graph/dimension.ts';
import { elementTypeCodes } from './element-types.ts';

/** location + scale·(a standard normal number, or one uniform in [0, 1)). */
export interface Distribution {
  readonly kind: 'normal' | 'uniform';
  readonly location: number;
  readonly scale: number;
}

/** An input that holds random numbers. */
export interface RandomInput extends Distribution {
  readonly name: string;
  /** As the file's other inputs are declared; a symbol is the batch. */
  readonly shape: Shape;
}

/** Takes the nodes that draw out of the graph; what they drew is given as inputs. */
export function openRandomness(graph: GraphProto, drawn: readonly RandomInput[]): void {
  const names = new Set(drawn.map(({ name }) => name));
  graph.node = graph.node.filter(({ output }) => !names.has(output[0] ?? ''));
  graph.valueInfo = graph.valueInfo.filter(({ name }) => !names.has(name));
  for (const { name, shape } of drawn) {
    const dim = shape.map((size) =>
      create(TensorShapeProto_DimensionSchema, {
        value:
          typeof size === 'string'
            ? { case: 'dimParam', value: size }
            : { case: 'dimValue', value: BigInt(size) },
      }),
    );
    const tensor = create(TypeProto_TensorSchema, {
      elemType: elementTypeCodes.float32,
      shape: create(TensorShapeProtoSchema, { dim }),
    });
    const type = create(TypeProtoSchema, { value: { case: 'tensorType', value: tensor } });
    graph.input.push(create(ValueInfoProtoSchema, { name, type }));
  }
}
