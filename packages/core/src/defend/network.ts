/**
 * A network whose parameters are values of a training program: copies of it are put into a builder over
 * any input, and closed again over trained values.
 */
import { Builder, replay } from '../graph/builder.ts';
import { type Graph, inputNodes, type Node, nodeAt, type NodeOf } from '../graph/graph.ts';
import { writeModel } from '../onnx/write.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { floats, sizeOf, type Tensor } from '../tensor/tensor.ts';
import { replayLowered, type Rule } from '../transforms/lowering.ts';
import { type BatchStatistics, normaliseBatch } from './batch-statistics.ts';
import {
  initialVector,
  type Layout,
  type Parameters,
  parametersOf,
  valuesOf,
} from './parameters.ts';

/** Parameters and statistics as they are between two steps. */
export interface Values {
  readonly parameters: Tensor;
  readonly statistics: Tensor;
}

/** The same as nodes of a program; no statistics where there are none. */
export interface ValueNodes {
  readonly parameters: Node;
  readonly statistics?: Node;
}

/** By id: what the network computes with in the place of what is trained. */
export type Parametrisation = (
  b: Builder,
  network: TrainableNetwork,
  parameters: ReadonlyMap<number, Node>,
) => ReadonlyMap<number, Node>;

/** Of ops that training differentiates through, and of those it bounds as well. */
const rules: readonly Rule[] = ['gradient'];
const boundedRules: readonly Rule[] = ['gradient', 'range'];

export class TrainableNetwork {
  readonly graph: Graph;
  readonly input: NodeOf<'input'>;
  /** The first output: logits [batch, classes]. */
  readonly output: Node;
  readonly classes: number;
  readonly sampleShape: readonly number[];
  readonly parts: Parameters;
  private readonly standsFor: Parametrisation | undefined;

  /** Throws RangeError where there is nothing to train, or the output holds no scores of two classes or more. */
  constructor(graph: Graph, parametrisation?: Parametrisation) {
    const [input] = inputNodes(graph);
    const output = nodeAt(graph, graph.outputs[0]?.id ?? -1);
    this.parts = parametersOf(graph);
    if (!input) throw new RangeError('the network has no input');
    const [, classes] = output.shape;
    if (output.shape.length !== 2 || typeof classes !== 'number' || classes < 2) {
      throw new RangeError(
        'the network has no output of scores, one for each of two classes or more',
      );
    }
    this.graph = graph;
    this.standsFor = parametrisation;
    this.input = input;
    this.output = output;
    this.classes = classes;
    this.sampleShape = input.shape.slice(1).map(Number);
  }

  get initial(): Values {
    const { trained, statistics } = this.parts;
    return { parameters: initialVector(trained), statistics: initialVector(statistics) };
  }

  /** The network over values; by default over inputs `parameters` and, where there are any, `statistics` of a program. */
  over(b: Builder, values: ValueNodes = this.inputs(b)): NetworkOver {
    const { trained, statistics } = this.parts;
    const parameters = piecesOf(b, trained, values.parameters);
    const followed = values.statistics
      ? piecesOf(b, statistics, values.statistics)
      : new Map<number, Node>();
    const used = this.standsFor?.(b, this, parameters) ?? parameters;
    return new NetworkOver(b, this, { parameters, used, statistics: followed });
  }

  /** Inputs of a program for all values there are, by name. */
  inputs(b: Builder, nameOf = (name: string): string => name): ValueNodes {
    const { trained, statistics } = this.parts;
    const parameters = b.input(nameOf('parameters'), [trained.size]);
    if (statistics.size === 0) return { parameters };
    return { parameters, statistics: b.input(nameOf('statistics'), [statistics.size]) };
  }

  /** What the network computes with where `values` are what is trained. */
  async realised(values: Values, runtime: Runtime): Promise<Values> {
    if (!this.standsFor) return values;
    const b = new Builder();
    const { used } = this.over(b);
    const { entries, size } = this.parts.trained;
    const flat = entries.flatMap(({ id, value }) => {
      const piece = used.get(id);
      return piece ? [b.reshape(piece, [sizeOf(value.shape)])] : [];
    });
    const session = await runtime.session(writeModel(b.graph({ used: b.concat(flat, 0) })));
    try {
      const { used: found } = await session.run({ parameters: values.parameters });
      if (found?.data.length !== size) throw new RangeError('the parameters were not realised');
      return { ...values, parameters: floats(Float32Array.from(found.data, Number)) };
    } finally {
      await session.release();
    }
  }

  /** What a program over `parameters` and `statistics` is fed. */
  feeds({ parameters, statistics }: Values): Record<string, Tensor> {
    return this.parts.statistics.size > 0 ? { parameters, statistics } : { parameters };
  }

  /** Values of all that was trained, by name. */
  named({ parameters, statistics }: Values): ReadonlyMap<string, Tensor> {
    const { trained, statistics: followed } = this.parts;
    return new Map([...valuesOf(trained, parameters), ...valuesOf(followed, statistics)]);
  }

  /** The network with the values as constants. */
  closed(values: Values): Graph {
    const b = new Builder();
    const named = this.named(values);
    const entries = [...this.parts.trained.entries, ...this.parts.statistics.entries];
    const given = new Map(
      entries.flatMap(({ id, name }) => {
        const value = named.get(name);
        return value ? [[id, b.constant(value, name, true)] as const] : [];
      }),
    );
    const copies = replay(b, this.graph, given);
    const outputs = this.graph.outputs.flatMap(({ name, id }) => {
      const copy = copies.get(id);
      return copy ? [[name, copy] as const] : [];
    });
    return b.graph(Object.fromEntries(outputs));
  }
}

/** A layout's constants, cut out of its vector. */
function piecesOf(b: Builder, { entries, size }: Layout, vector: Node): Map<number, Node> {
  return new Map(
    entries.map(({ id, offset, value: { shape } }) => {
      const end = offset + sizeOf(shape);
      const piece = offset === 0 && end === size ? vector : b.slice(vector, 0, offset, end);
      return [id, b.reshape(piece, shape)] as const;
    }),
  );
}

/** Copies of one network in one builder, over the same parameters. */
export class NetworkOver {
  readonly b: Builder;
  readonly network: TrainableNetwork;
  /** What is trained, by the constant's id. */
  readonly parameters: ReadonlyMap<number, Node>;
  /** What the network computes with. */
  readonly used: ReadonlyMap<number, Node>;
  readonly statistics: ReadonlyMap<number, Node>;

  constructor(
    b: Builder,
    network: TrainableNetwork,
    nodes: Pick<NetworkOver, 'parameters' | 'used' | 'statistics'>,
  ) {
    this.b = b;
    this.network = network;
    this.parameters = nodes.parameters;
    this.used = nodes.used;
    this.statistics = nodes.statistics;
  }

  /** Logits as the network answers once it is trained. */
  logits(x: Node): Node {
    return this.copied(this.given(x), rules);
  }

  /** The same in ops that bounds can be had of; batch normalisation by the given statistics. */
  bounded(x: Node, batch: BatchStatistics | null): Node {
    const given = this.given(x);
    for (const [id, node] of batch?.used ?? []) given.set(id, node);
    return this.copied(given, boundedRules);
  }

  /** Logits as it answers while it is trained, normalised by the batch's own statistics. */
  trained(x: Node): { readonly logits: Node; readonly statistics: BatchStatistics | null } {
    const given = this.given(x);
    const statistics = normaliseBatch(this, given);
    return { logits: this.copied(given, rules), statistics };
  }

  private given(x: Node): Map<number, Node> {
    return new Map([[this.network.input.id, x], ...this.used, ...this.statistics]);
  }

  private copied(given: ReadonlyMap<number, Node>, wanted: readonly Rule[]): Node {
    const { graph, output } = this.network;
    const logits = replayLowered(this.b, graph, given, wanted, [output.id]).get(output.id);
    if (!logits) throw new RangeError('the logits were not copied');
    return logits;
  }
}

/** A scalar that a program is fed. */
export function scalar(value: number): Tensor<'float32'> {
  return floats([value], []);
}
