/** Mutations of how a file's nodes and values hang together. */
import { create } from '@bufbuild/protobuf';
import {
  type ModelProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from 'onnx-buf';
import { operators } from '../../../src/onnx/operators/table.ts';
import type { Draw } from '../../generators/draw.ts';
import { hostileInt, hostileText, type Mutation } from './hostile.ts';

const opNames = [...operators.keys()];

/** Every name that stands for a value in the main graph. */
function namesOf({ graph }: ModelProto): string[] {
  return [
    ...(graph?.input ?? []).map(({ name }) => name),
    ...(graph?.initializer ?? []).map(({ name }) => name),
    ...(graph?.node ?? []).flatMap(({ output }) => output),
  ].filter((name) => name !== '');
}

/** Something is done to one element of a list. */
function toOne<T>(list: readonly T[] | undefined, draw: Draw, change: (item: T) => void): boolean {
  if (!list || list.length === 0) return false;
  change(draw.pick(list));
  return true;
}

function without(list: unknown[] | undefined, draw: Draw): boolean {
  if (!list || list.length === 0) return false;
  list.splice(draw.integer(0, list.length - 1), 1);
  return true;
}

/** An operand is another value: a later one makes a cycle, the node's own result as well. */
const rewired: Mutation = (draw, proto) =>
  toOne(proto.graph?.node, draw, (node) => {
    const [names, at] = [namesOf(proto), draw.integer(0, Math.max(0, node.input.length - 1))];
    if (names.length > 0) node.input[at] = draw.pick(names);
  });

const operandAbsent: Mutation = (draw, proto) =>
  toOne(proto.graph?.node, draw, (node) => {
    if (draw.chance(0.5)) node.input.splice(draw.integer(0, node.input.length), 1);
    else node.input[draw.integer(0, node.input.length)] = '';
  });

const operandAdded: Mutation = (draw, proto) =>
  toOne(proto.graph?.node, draw, (node) => {
    const names = namesOf(proto);
    if (names.length > 0) node.input.push(draw.pick(names));
  });

const renamedResult: Mutation = (draw, proto) =>
  toOne(proto.graph?.node, draw, (node) => {
    const names = ['', 'fresh', ...namesOf(proto)];
    node.output[draw.integer(0, node.output.length)] = draw.pick(names);
  });

const renamedInitializer: Mutation = (draw, proto) =>
  toOne(proto.graph?.initializer, draw, (tensor) => {
    tensor.name = draw.pick(['', 'fresh', ...namesOf(proto)]);
  });

const duplicated: Mutation = (draw, { graph }) => {
  const lists: unknown[][] = [];
  if (!graph) return false;
  for (const list of [graph.node, graph.initializer, graph.input, graph.output]) {
    if (list.length > 0) lists.push(list);
  }
  return toOne(lists, draw, (list) => {
    list.push(draw.pick(list));
  });
};

const dropped: Mutation = (draw, { graph, opsetImport }) => {
  const lists = [graph?.node, graph?.initializer, graph?.input, graph?.output, opsetImport];
  return without(draw.pick(lists.filter((list) => list !== undefined)), draw);
};

const swapped: Mutation = (draw, { graph }) => {
  if (!graph || graph.node.length < 2) return false;
  graph.node = draw.shuffled(graph.node);
  return true;
};

const otherOperator: Mutation = (draw, proto) =>
  toOne(proto.graph?.node, draw, (node) => {
    const op = draw.pick(opNames);
    node.opType = op.slice(op.lastIndexOf('.') + 1);
    node.domain = op.slice(0, Math.max(0, op.lastIndexOf('.')));
    if (draw.chance(0.1)) node.opType = draw.pick(['', 'Loop', 'constructor', '__proto__']);
    if (draw.chance(0.1)) node.domain = draw.pick(['com.microsoft', 'ai.onnx', '__proto__']);
  });

const otherOpset: Mutation = (draw, proto) => {
  const version = draw.chance(0.9) ? BigInt(draw.integer(7, 23)) : hostileInt(draw);
  if (draw.chance(0.2)) {
    proto.opsetImport.push(create(OperatorSetIdProtoSchema, { domain: '', version }));
    return true;
  }
  return toOne(proto.opsetImport, draw, (entry) => (entry.version = version));
};

/** What an input or output declares: its sizes, its type, or that it is no tensor at all. */
const otherPort: Mutation = (draw, { graph }) =>
  toOne([...(graph?.input ?? []), ...(graph?.output ?? [])], draw, (port) => {
    if (draw.chance(0.1)) port.name = draw.pick(['', '__proto__', 'constructor', '/', '\0']);
    const kind = port.type?.value;
    if (kind?.case !== 'tensorType') return;
    const dims = kind.value.shape?.dim ?? [];
    const which = draw.next();
    if (which < 0.2) kind.value.elemType = draw.integer(0, 24);
    else if (which < 0.3 && port.type) port.type.value = { case: undefined };
    else if (which < 0.45) dims.splice(draw.integer(0, dims.length), 1);
    else if (dims.length > 0) {
      const dim = draw.pick(dims);
      dim.value = draw.pick<typeof dim.value>([
        { case: 'dimValue', value: hostileInt(draw) },
        { case: 'dimParam', value: draw.pick(['n', 'batch', '', '2*batch', 'a*b', '*', '1e3']) },
        { case: undefined },
      ]);
    }
  });

const otherOutput: Mutation = (draw, proto) => {
  const names = namesOf(proto);
  if (!proto.graph || names.length === 0) return false;
  const made: ValueInfoProto = create(ValueInfoProtoSchema, {
    name: draw.pick(names),
    type: { value: { case: 'tensorType', value: { elemType: 1 } } },
  });
  if (draw.chance(0.5)) proto.graph.output = [made];
  else proto.graph.output.push(made);
  return true;
};

const renamedNode: Mutation = (draw, proto) =>
  toOne(proto.graph?.node, draw, (node) => (node.name = hostileText(draw)));

/** One more operator in front of an operand. */
const interposed: Mutation = (draw, proto) => {
  const { graph } = proto;
  if (!graph || graph.node.length === 0) return false;
  const at = draw.integer(0, graph.node.length - 1);
  const node = graph.node[at];
  const slot = draw.integer(0, Math.max(0, (node?.input.length ?? 1) - 1));
  if (!node || node.input[slot] === undefined) return false;
  const names = namesOf(proto);
  const inputs = [node.input[slot], ...draw.shuffled(names).slice(0, draw.integer(0, 2))];
  const op = draw.pick(opNames);
  const output = `interposed${graph.node.length}`;
  graph.node.splice(
    at,
    0,
    create(NodeProtoSchema, {
      opType: op.slice(op.lastIndexOf('.') + 1),
      domain: op.slice(0, Math.max(0, op.lastIndexOf('.'))),
      input: inputs,
      output: [output],
    }),
  );
  node.input[slot] = output;
  return true;
};

export const graphMutations: Readonly<Record<string, Mutation>> = {
  rewired,
  operandAbsent,
  operandAdded,
  renamedResult,
  renamedInitializer,
  duplicated,
  dropped,
  swapped,
  otherOperator,
  otherOpset,
  otherPort,
  otherOutput,
  renamedNode,
  interposed,
};
