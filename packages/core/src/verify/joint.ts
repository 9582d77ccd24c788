/**
 * The networks of a query as one function of the joint input: x [batch, inputs] → the joint vector of
 * the query, all inputs first, then all outputs. Networks that are `equal-to` another share its file.
 */
import type { Builder } from '../graph/builder.ts';
import type { Dimension, Shape } from '../graph/dimension.ts';
import type { Node } from '../graph/graph.ts';
import { batchOf, networkInputs, type OpenNetwork } from '../runtime/network.ts';
import { Programs } from '../runtime/programs.ts';
import { replayLowered, type Rule } from '../transforms/lowering.ts';
import { sizeOf } from '../tensor/tensor.ts';
import { fileOf } from '../vnnlib/interface.ts';
import type { Query, QueryTensor } from '../vnnlib/query.ts';
import { VnnlibError } from '../vnnlib/vnnlib-error.ts';
import { type BoxFunction, widestOf } from './box-function.ts';
import { plainNetworks } from './plain-networks.ts';

/** One network's place in the joint vector. */
interface Part {
  readonly network: OpenNetwork;
  readonly input: QueryTensor;
  readonly output: QueryTensor;
}

/** A query may ask about several samples where the file leaves their number open. */
function requireOneSample(query: Query, { name, shape, at }: QueryTensor, sample: Shape): void {
  if (sizeOf(shape) === sizeOf(sample.map(Number))) return;
  const sentence = `${name} [${shape.join(',')}] is not one sample of the network, [${sample.join(',')}]; Glacis verifies one at a time`;
  throw new VnnlibError('unsupported', sentence, query.where(at));
}

export class JointNetwork implements BoxFunction {
  readonly inputCount: number;
  readonly variableCount: number;
  /** Whether programs take several rows at once. */
  readonly batched: boolean;
  readonly batch: Dimension;
  readonly networks: readonly OpenNetwork[];
  readonly widest: number;
  /** Over all of them together; released by `release`. */
  readonly programs: Programs;
  private readonly parts: readonly Part[];
  private readonly ties: Int32Array;

  /**
   * Networks by their names in the query; `ties` as tiesOf gives them: what a tied input is fed does not
   * matter. Throws VnnlibError for what a query may say beyond this.
   */
  constructor(query: Query, networks: ReadonlyMap<string, OpenNetwork>, ties?: Int32Array) {
    this.ties = ties ?? Int32Array.from({ length: query.inputCount }, (_, i) => i);
    this.inputCount = query.inputCount;
    this.variableCount = query.variableCount;
    this.parts = plainNetworks(query)
      .map(({ declared, input, output }): Part => {
        const network = networks.get(fileOf(declared));
        if (!network) throw new RangeError(`no file for ${declared.name}`);
        requireOneSample(query, input, network.sampleShape);
        requireOneSample(query, output, network.output.shape.slice(1));
        return { network, input, output };
      })
      .sort((a, b) => a.output.offset - b.output.offset);
    this.networks = [...new Set(this.parts.map(({ network }) => network))];
    this.widest = widestOf(this.networks.map(({ graph }) => graph));
    this.batched = this.networks.every(({ model }) => model.batched);
    const [first] = this.networks;
    if (!first) throw new RangeError('a query without networks');
    this.batch = this.batched ? batchOf(first) : 1;
    this.programs = new Programs(first.programs.runtime);
  }

  /** Whether the joint vector is one network's inputs and outputs. */
  get isSingle(): boolean {
    return this.parts.length === 1 && !this.isTied;
  }

  get isTied(): boolean {
    return this.ties.some((own, i) => own !== i);
  }

  replay(b: Builder, fed: Node, rules: readonly Rule[]): Node {
    const x = this.isTied ? b.gather(fed, 1, Array.from(this.ties)) : fed;
    const outputs = this.parts.map(({ network, input, output }) => {
      const own =
        input.size === this.inputCount ? x : b.slice(x, 1, input.offset, input.offset + input.size);
      const shaped = b.reshape(own, [this.batch, ...network.sampleShape]);
      const given = networkInputs(b, network, shaped);
      const value = replayLowered(b, network.graph, given, rules).get(network.output.id);
      if (!value) throw new RangeError('the output was not copied');
      return b.reshape(value, [this.batch, output.size]);
    });
    return b.concat([x, ...outputs], 1);
  }

  /** Of what was compiled here; the networks belong to whoever opened them. */
  release(): Promise<void> {
    return this.programs.release();
  }

  /** The joint vector as the files themselves compute it from x [inputs], in float64. */
  async evaluate(x: Float32Array): Promise<Float64Array> {
    const values = new Float64Array(this.variableCount);
    this.ties.forEach((own, i) => (values[i] = x[own] ?? 0));
    for (const { network, input, output } of this.parts) {
      const own = Float32Array.from(values.subarray(input.offset, input.offset + input.size));
      const found = await network.original.run(own, [0], 0);
      if (found.length !== output.size) throw new RangeError('an output has another size');
      values.set(found, output.offset);
    }
    return values;
  }
}
