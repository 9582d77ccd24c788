/**
 * What a file consists of, node by node, whether or not every operator of it can be read: names,
 * parameters, and output shapes where the file could be lowered.
 */
import type { ValueInfoProto } from 'onnx-buf';
import { BATCH, type Shape } from '../graph/dimension.ts';
import { nodeAt } from '../graph/graph.ts';
import { parametersOf } from './element-types.ts';
import { describe, functionKey, functionsOf, isMainDomain, qualified } from './proto.ts';
import { isReadable, parse } from './parse.ts';
import { type Port, portOf } from './ports.ts';
import type { Model } from './read.ts';

export interface Layer {
  readonly name: string;
  readonly op: string;
  /** Shape of its first output, the batch in front (1 where the file's own axes hold none); null where it is not known. */
  readonly shape: Shape | null;
  /** Numbers of the floating-point initialisers it uses. */
  readonly parameters: number;
  readonly supported: boolean;
}

export interface FileOutline {
  readonly opset: number;
  readonly producer: string;
  readonly inputs: readonly Port[];
  /** Also those that are not read, such as the maps of a ZipMap: what they are is their type. */
  readonly outputs: readonly Port[];
  /** Elements of all initialisers. */
  readonly parameters: number;
  readonly layers: readonly Layer[];
}

/** `model`: the same bytes, read, where that succeeded. Throws ModelError for broken files. */
export function outlineModel(bytes: Uint8Array, model: Model | null): FileOutline {
  const proto = parse(bytes);
  const own = functionsOf(proto);
  const sizes = new Map(
    (proto.graph?.initializer ?? []).map((each) => [each.name, parametersOf(each)] as const),
  );
  // The last value made for a node of the file is its result.
  const shapes = new Map(
    model?.graph.nodes.map(({ label, shape }) => [
      label,
      model.inFront && shape[0] === BATCH ? shape.slice(1) : shape,
    ]),
  );
  return {
    opset: Number(proto.opsetImport.find(isMainDomain)?.version ?? 1n),
    producer: [proto.producerName, proto.producerVersion].filter((part) => part !== '').join(' '),
    inputs: (proto.graph?.input ?? [])
      .filter(({ name }) => !sizes.has(name))
      .map((info) => outlined(info, model)),
    outputs: (proto.graph?.output ?? []).map((info) => outlined(info, model)),
    parameters: [...sizes.values()].reduce((sum, size) => sum + size, 0),
    layers: (proto.graph?.node ?? []).map((node) => ({
      name: node.name === '' ? (node.output[0] ?? '') : node.name,
      op: qualified(node),
      shape: shapes.get(describe(node)) ?? null,
      parameters: node.input.reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0),
      supported: isReadable(qualified(node)) || own.has(functionKey(node)),
    })),
  };
}

/** What a file holds is said whether or not it is a tensor, and whether or not it is declared. */
function outlined(info: ValueInfoProto, model: Model | null): Port {
  const kind = info.type?.value.case;
  if (kind === 'tensorType') return portOf(info);
  const { name } = info;
  if (kind !== undefined) return { name, type: KINDS[kind], shape: [] };
  const read = model?.graph.outputs.find((output) => output.name === name);
  const shape = model && read ? nodeAt(model.graph, read.id).shape : [];
  return { name, type: 'undeclared', shape };
}

const KINDS = {
  sequenceType: 'sequence',
  mapType: 'map',
  optionalType: 'optional',
  sparseTensorType: 'sparse tensor',
} as const;
