/** ONNX bytes → ModelProto, and what can be said of it before it is read. */
import { fromBinary } from '@bufbuild/protobuf';
import { type ModelProto, ModelProtoSchema } from 'onnx-buf';
import { ModelError } from './model-error.ts';
import { leftOut } from './endings.ts';
import { hostOperators } from './operators/host.ts';
import { operators } from './operators/table.ts';
import { describe, functionKey, functionsOf, nodesOf, qualified } from './proto.ts';

/** Throws ModelError. */
export function parse(bytes: Uint8Array): ModelProto {
  try {
    const proto = fromBinary(ModelProtoSchema, bytes);
    const { node = [], initializer = [], input = [] } = proto.graph ?? {};
    if (node.length + initializer.length + input.length > 0) return proto;
  } catch (cause) {
    throw new ModelError('invalid', 'this is not an ONNX file, or it is cut short', { cause });
  }
  throw new ModelError('invalid', 'this is not an ONNX file: it holds no graph');
}

/** Whether an operator can be read: in the table, by shape arithmetic, or left out at the end. */
export function isReadable(op: string): boolean {
  return operators.has(op) || hostOperators.has(op) || leftOut.has(op);
}

/** Operators of the file with their counts, and the names of those that cannot be read. */
export function surveyModel(bytes: Uint8Array): {
  operators: ReadonlyMap<string, number>;
  unsupported: readonly { readonly op: string; readonly node: string }[];
} {
  const counts = new Map<string, number>();
  const unsupported: { op: string; node: string }[] = [];
  const proto = parse(bytes);
  const own = functionsOf(proto);
  for (const node of nodesOf(proto)) {
    const op = qualified(node);
    counts.set(op, (counts.get(op) ?? 0) + 1);
    if (!isReadable(op) && !own.has(functionKey(node)))
      unsupported.push({ op, node: describe(node) });
  }
  return { operators: counts, unsupported };
}
