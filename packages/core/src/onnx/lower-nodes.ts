/**
 * Lowers a list of ONNX nodes, one after the other. Calls of the file's own functions are written out
 * where they stand; the branch of an If is lowered in the scope around it.
 */
import { clone } from '@bufbuild/protobuf';
import {
  type AttributeProto,
  AttributeProtoSchema,
  type FunctionProto,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  NodeProtoSchema,
} from 'onnx-buf';
import type { Builder } from '../graph/builder.ts';
import { readTensor, TEXT } from './element-types.ts';
import { type Carried, carriedAs } from './carried.ts';
import { isHost, type ReadValue } from './host-value.ts';
import { Allowance } from './limits.ts';
import { lowerOperator } from './lower-operator.ts';
import { LoweringContext, type Surroundings } from './lowering.ts';
import { ModelError } from './model-error.ts';
import { operators } from './operators/table.ts';
import { describe, functionKey, functionsOf, isMainDomain, opsetOf, qualified } from './proto.ts';
import { computed, define, type Outcome, type Results, type Scope, type Values } from './scope.ts';

/** Functions may call functions: a file of a few lines can ask for any number of nodes. */
const MAX_DEPTH = 64;
const MAX_CALLED = 2 ** 16;

export class NodeLowering {
  private readonly b: Builder;
  private readonly functions: ReadonlyMap<string, FunctionProto>;
  private readonly allowance = new Allowance();
  /** Nodes of functions and branches, each time they are written out. */
  private called = 0;
  /** The first node of data that is not read since it also uses what is not: in words. */
  private skipped: string | undefined;

  private readonly random: Surroundings['random'];

  constructor(b: Builder, proto: ModelProto, random: Surroundings['random']) {
    this.b = b;
    this.functions = functionsOf(proto);
    this.random = random;
  }

  /**
   * Lowers the main graph's initialisers and nodes over named values, and names their results there;
   * gives the names of what is not read, the first node of data not read for that, and what values are in the
   * file's words where that is not real numbers. `inputs`: what the inputs are.
   */
  main(
    proto: ModelProto,
    values: Values,
    inputs: ReadonlyMap<string, Carried>,
  ): {
    absent: ReadonlySet<string>;
    kinds: ReadonlyMap<string, Carried>;
    skipped: string | undefined;
  } {
    const absent = new Set<string>();
    if (proto.graph) this.constants(proto.graph, values, absent);
    const opset = opsetOf(proto.opsetImport);
    const given = new Set(
      [...(proto.graph?.input ?? []), ...(proto.graph?.initializer ?? [])].map(({ name }) => name),
    );
    const carried = new Map(inputs);
    const scope = { opset, values, carried, absent, given, path: '', depth: 0 };
    for (const node of proto.graph?.node ?? []) this.node(scope, node);
    return { absent, kinds: carried, skipped: this.skipped };
  }

  /** Adds a graph's initialisers to the values; texts are labels, and are not read. */
  private constants(graph: GraphProto, values: Values, absent: Set<string>): void {
    const [sparse] = graph.sparseInitializer;
    if (sparse) {
      throw new ModelError(
        'unsupported',
        `the initializer ${sparse.values?.name ?? ''} is sparse, which is not supported: save it in full`,
      );
    }
    for (const initializer of graph.initializer) {
      const { name, dataType } = initializer;
      if (dataType === TEXT) {
        absent.add(name);
        continue;
      }
      const tensor = readTensor(initializer, `the initializer ${name}`);
      values.set(name, this.b.constant(tensor, name, tensor.type === 'float32'));
    }
  }

  private node(scope: Scope, given: NodeProto): void {
    const node = scope.attributes ? withAttributes(given, scope.attributes) : given;
    const where = scope.path + describe(node);
    if (scope.depth > 0) this.called += 1;
    if (this.called > MAX_CALLED || scope.depth > MAX_DEPTH) {
      throw new ModelError('unsupported', `${where}: functions and branches are nested too deeply`);
    }
    const unread = node.input.find((name) => scope.absent.has(name));
    if (unread !== undefined) {
      // What is made of labels alone is one; what mixes them with data is lost for their sake.
      if (node.input.some((name) => isData(scope.values.get(name)))) {
        this.skipped ??= `${where} computes with ${unread}`;
      }
      for (const name of node.output) {
        if (name !== '') define(scope, name, where);
        scope.absent.add(name);
      }
      return;
    }
    const operands = node.input.map((name) => {
      if (name === '') return undefined;
      const value = scope.values.get(name);
      if (!value) throw new ModelError('invalid', `${where} uses ${name}, which nothing computes`);
      return value;
    });
    const kinds = operands.map((value, i) =>
      carriedAs(value, scope.carried.get(node.input[i] ?? '')),
    );
    const own = this.functions.get(functionKey(node));
    if (own && operators.has(qualified(node))) {
      throw new ModelError(
        'unsupported',
        `${where} calls a function of the file that has the name of a standard operator, and runtimes differ in which of them is meant: rename the function`,
      );
    }
    const { results, carried } = own
      ? this.call(scope, node, own, operands, kinds, where)
      : this.b.labelled(where, () => this.operator(scope, node, operands, kinds, where));
    node.output.forEach((name, i) => {
      if (name !== '') define(scope, name, where);
      const value = results[i];
      if (value) scope.values.set(name, value);
      else if (name !== '') scope.absent.add(name);
      const kind = carried[i] ?? 'real';
      if (kind !== 'real') scope.carried.set(name, kind);
    });
  }

  private operator(
    scope: Scope,
    node: NodeProto,
    operands: readonly (ReadValue | undefined)[],
    kinds: readonly Carried[],
    where: string,
  ): Outcome {
    const context = new LoweringContext(this.b, node, scope.opset, where, operands, kinds, {
      branch: (graph) => this.branch(scope, graph, where),
      random: this.random,
      main: scope.depth === 0,
      allowance: this.allowance,
    });
    return lowerOperator(context, operands, kinds);
  }

  /** The results of a graph that sees the values around it. */
  private branch(scope: Scope, graph: GraphProto, where: string): Results {
    const values = new Map(scope.values);
    const absent = new Set(scope.absent);
    this.constants(graph, values, absent);
    const carried = new Map(scope.carried);
    const inner = {
      ...scope,
      values,
      carried,
      absent,
      given: new Set<string>(),
      path: `${where} › `,
      depth: scope.depth + 1,
    };
    for (const node of graph.node) this.node(inner, node);
    return graph.output.map(({ name }) => computed(inner, name, where));
  }

  private call(
    scope: Scope,
    node: NodeProto,
    own: FunctionProto,
    operands: readonly (ReadValue | undefined)[],
    kinds: readonly Carried[],
    where: string,
  ): Outcome {
    const values: Values = new Map();
    const carried = new Map<string, Carried>();
    own.input.forEach((name, i) => {
      const value = operands[i];
      if (value) values.set(name, value);
      carried.set(name, kinds[i] ?? 'real');
    });
    const given = [...own.attributeProto, ...node.attribute];
    const inner: Scope = {
      opset: own.opsetImport.some(isMainDomain) ? opsetOf(own.opsetImport) : scope.opset,
      values,
      carried,
      absent: new Set(),
      given: new Set(own.input),
      attributes: new Map(given.map((attribute) => [attribute.name, attribute])),
      path: `${where} › `,
      depth: scope.depth + 1,
    };
    for (const step of own.node) this.node(inner, step);
    return {
      results: own.output.map((name) => computed(inner, name, where)),
      carried: own.output.map((name) => carried.get(name) ?? 'real'),
    };
  }
}

function isData(value: ReadValue | undefined): boolean {
  return value !== undefined && !isHost(value) && value.op !== 'constant';
}

/** A function's node with references to the function's attributes replaced by what they are. */
function withAttributes(node: NodeProto, given: ReadonlyMap<string, AttributeProto>): NodeProto {
  if (node.attribute.every(({ refAttrName }) => refAttrName === '')) return node;
  const resolved = clone(NodeProtoSchema, node);
  resolved.attribute = node.attribute.flatMap((own) => {
    if (own.refAttrName === '') return [own];
    const value = given.get(own.refAttrName);
    if (!value) return [];
    const named = clone(AttributeProtoSchema, value);
    named.name = own.name;
    return [named];
  });
  return resolved;
}
