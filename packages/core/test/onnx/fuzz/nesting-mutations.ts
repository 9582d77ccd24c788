/** Mutations that make much of little: branches in branches, functions in functions, huge fillings. */
import { create } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType as AttributeType,
  AttributeProtoSchema,
  type FunctionProto,
  FunctionProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  TensorProtoSchema,
} from 'onnx-buf';
import type { Draw } from '../../generators/draw.ts';
import { hostileInt, type Mutation } from './hostile.ts';

const DOMAIN = 'own';

function node(
  opType: string,
  input: readonly string[],
  output: readonly string[],
  domain = '',
): NodeProto {
  return create(NodeProtoSchema, { opType, domain, input: [...input], output: [...output] });
}

/** The whole graph inside branches of Ifs whose condition is known. */
const branches: Mutation = (draw, { graph }) => {
  if (!graph || graph.node.length === 0 || graph.output.length === 0) return false;
  const depth = draw.pick([1, 2, 3, 10, 29, 40, 90]);
  graph.initializer.push(
    create(TensorProtoSchema, {
      name: 'condition',
      dataType: 9,
      rawData: Uint8Array.of(draw.integer(0, 1)),
    }),
  );
  const { output } = graph;
  const names = output.map(({ name }) => name);
  for (let i = 0; i < depth; i++) {
    const inner: GraphProto = create(GraphProtoSchema, {
      name: 'branch',
      node: graph.node,
      output,
    });
    const held = ['then_branch', 'else_branch'].map((name) =>
      create(AttributeProtoSchema, { name, type: AttributeType.GRAPH, g: inner }),
    );
    const taken = draw.chance(0.3) ? held : held.slice(draw.integer(0, 1));
    // Both branches written at every depth would be 2^depth graphs.
    const attribute = depth > 3 ? taken.slice(0, 1) : taken;
    graph.node = [Object.assign(node('If', ['condition'], names), { attribute })];
  }
  return true;
};

function own(name: string, steps: readonly NodeProto[]): FunctionProto {
  return create(FunctionProtoSchema, {
    name,
    domain: DOMAIN,
    input: ['a'],
    output: ['z'],
    node: [...steps],
    opsetImport: [{ domain: '', version: 17n }],
  });
}

/** Functions that call themselves, each other in a circle or a long chain, or the next one twice. */
const functions: Mutation = (draw, proto) => {
  const { graph } = proto;
  const target = graph?.node.find(({ input }) => input[0] !== undefined && input[0] !== '');
  if (!graph || !target) return false;
  const kind = draw.integer(0, 3);
  const count = kind === 2 ? draw.pick([3, 20, 60, 400]) : kind === 3 ? draw.integer(2, 40) : 2;
  for (let i = 0; i < count; i++) {
    const next = kind === 0 ? `f${i}` : kind === 1 ? `f${(i + 1) % count}` : `f${i + 1}`;
    const last = kind >= 2 && i === count - 1;
    const steps = last
      ? [node('Relu', ['a'], ['z'])]
      : kind === 3
        ? [
            node(next, ['a'], ['m'], DOMAIN),
            node(next, ['m'], ['n'], DOMAIN),
            node('Add', ['m', 'n'], ['z']),
          ]
        : [node(next, ['a'], ['z'], DOMAIN)];
    proto.functions.push(own(`f${i}`, steps));
  }
  graph.node.splice(
    graph.node.indexOf(target),
    0,
    node('f0', [target.input[0] ?? ''], ['called'], DOMAIN),
  );
  target.input[0] = 'called';
  return true;
};

/** A function of the file named as one of the standard's operators. */
const shadowed: Mutation = (draw, proto) => {
  const nodes = proto.graph?.node ?? [];
  if (nodes.length === 0) return false;
  const { opType: name, domain, input, output } = draw.pick(nodes);
  const made = own(name, [node('Neg', ['a'], ['z'])]);
  proto.functions.push(
    Object.assign(made, {
      domain,
      input: draw.chance(0.7) ? input.map((_, i) => (i === 0 ? 'a' : `a${i}`)) : [],
      output: draw.chance(0.7) ? output.map((_, i) => (i === 0 ? 'z' : `z${i}`)) : [],
    }),
  );
  return true;
};

const size = (draw: Draw): bigint => (draw.chance(0.5) ? hostileInt(draw) : 2n ** 22n);

function constant(name: string, ...elements: readonly bigint[]): NodeProto {
  const attribute = create(AttributeProtoSchema, {
    name: 'value_ints',
    type: AttributeType.INTS,
    ints: [...elements],
  });
  return Object.assign(node('Constant', [], [name]), { attribute: [attribute] });
}

/** In front of an operand: a constant of a shape that only the file's reader would ever fill. */
const filling: Mutation = (draw, { graph }) => {
  const nodes = (graph?.node ?? []).filter(({ input }) => input.length > 0);
  if (!graph || nodes.length === 0) return false;
  const target = draw.pick(nodes);
  const slot = draw.integer(0, target.input.length - 1);
  const repeated = draw.pick([1, 1, 20]);
  const steps: NodeProto[] = [];
  for (let i = 0; i < repeated; i++) {
    const [from, to] = [`size${i}`, `filled${i}`];
    steps.push(constant(from, size(draw)));
    const kind = draw.integer(0, 5);
    if (kind === 0) steps.push(node('ConstantOfShape', [from], [to]));
    else if (kind === 1) {
      steps.push(constant('zero', 0n), constant('one', 1n));
      steps.push(node('Range', ['zero', from, 'one'], [to]));
    } else if (kind === 2) {
      steps.push(constant('one', 1n), node('Expand', ['one', from], [to]));
    } else if (kind === 3) {
      steps.push(constant('one', 1n), node('Tile', ['one', from], [to]));
    } else if (kind === 4) {
      steps.push(constant('one', 1n), node('ConstantOfShape', [from], ['zeros']));
      steps.push(node('OneHot', ['one', from, 'zeros'], [to]));
    } else {
      const value = create(TensorProtoSchema, { dataType: 7, dims: [1n], int64Data: [1n] });
      const attribute = create(AttributeProtoSchema, {
        name: 'value',
        type: AttributeType.TENSOR,
        t: value,
      });
      steps.push(Object.assign(node('ConstantOfShape', [from], [to]), { attribute: [attribute] }));
    }
  }
  graph.node.splice(graph.node.indexOf(target), 0, ...steps);
  target.input[slot] = `filled${draw.integer(0, repeated - 1)}`;
  return true;
};

/** A value is put together or taken apart until nothing of it is small. */
const growing: Mutation = (draw, { graph }) => {
  const target = graph?.node.find(({ input }) => input[0] !== undefined && input[0] !== '');
  if (!graph || !target) return false;
  let value = target.input[0] ?? '';
  const count = draw.pick([3, 20, 60, 2000]);
  const steps: NodeProto[] = [];
  for (let i = 0; i < count; i++) {
    const next = `grown${i}`;
    steps.push(node(draw.pick(['Add', 'Mul', 'Concat']), [value, value], [next]));
    if (steps.at(-1)?.opType === 'Concat') {
      steps
        .at(-1)
        ?.attribute.push(
          create(AttributeProtoSchema, { name: 'axis', type: AttributeType.INT, i: -1n }),
        );
    }
    value = next;
  }
  graph.node.splice(graph.node.indexOf(target), 0, ...steps);
  target.input[0] = value;
  return true;
};

export const nestingMutations: Readonly<Record<string, Mutation>> = {
  branches,
  functions,
  shadowed,
  filling,
  growing,
};
