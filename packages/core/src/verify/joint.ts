/**
 * The networks of a query as one function of the joint input: x [batch, inputs] → the joint vector of
 * the query, all inputs first, then hidden nodes and outputs. Networks that are `equal-to` another share its file.
 */
import type { Builder } from '../graph/builder.ts';
import type { Dimension } from '../graph/dimension.ts';
import type { Node } from '../graph/graph.ts';
import { batchOf, networkInputs, type OpenNetwork } from '../runtime/network.ts';
import { Programs } from '../runtime/programs.ts';
import { replayLowered, type Rule } from '../transforms/lowering.ts';
import { fileOf } from '../vnnlib/interface.ts';
import type { Query } from '../vnnlib/query.ts';
import { type BoxFunction, widestOf } from './box-function.ts';
import { type NetworkPlaces, placesOf } from './query-network.ts';

/** One network's place in the joint vector. */
interface Part extends NetworkPlaces {
  readonly network: OpenNetwork;
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
    this.parts = query.networks.map((declared): Part => {
      const network = networks.get(fileOf(declared));
      if (!network) throw new RangeError(`no file for ${declared.name}`);
      return { network, ...placesOf(query, declared, network) };
    });
    this.networks = [...new Set(this.parts.map(({ network }) => network))];
    this.widest = widestOf(this.networks.map(({ graph }) => graph));
    this.batched = this.networks.every(({ model }) => model.batched);
    const [first] = this.networks;
    if (!first) throw new RangeError('a query without networks');
    this.batch = this.batched ? batchOf(first) : 1;
    this.programs = new Programs(first.programs.runtime);
  }

  /** Whether the joint vector is one network's inputs and its output. */
  get isSingle(): boolean {
    const [part, more] = this.parts;
    // Values that follow each other in both are one place.
    const [values, others] = part?.values ?? [];
    return !more && values?.from === 0 && !others && !this.isTied;
  }

  get isTied(): boolean {
    return this.ties.some((own, i) => own !== i);
  }

  replay(b: Builder, fed: Node, rules: readonly Rule[]): Node {
    const x = this.isTied ? b.gather(fed, 1, Array.from(this.ties)) : fed;
    const parts = this.parts.flatMap(({ network, input: { size, offset }, values }) => {
      const own = size === this.inputCount ? x : b.slice(x, 1, offset, offset + size);
      const shaped = b.reshape(own, [this.batch, ...network.sampleShape]);
      const given = networkInputs(b, network, shaped);
      const value = replayLowered(b, network.graph, given, rules).get(network.output.id);
      if (!value) throw new RangeError('the output was not copied');
      const width = network.values.reduce((sum, each) => sum + each.size, 0);
      const flat = b.reshape(value, [this.batch, width]);
      return values.map((place) => {
        const end = place.from + place.size;
        const node = place.size === width ? flat : b.slice(flat, 1, place.from, end);
        return { node, offset: place.offset };
      });
    });
    parts.sort((a, b) => a.offset - b.offset);
    return b.concat([x, ...parts.map(({ node }) => node)], 1);
  }

  /** Of what was compiled here; the networks belong to whoever opened them. */
  release(): Promise<void> {
    return this.programs.release();
  }

  /** The joint vector as the files themselves compute it from x [inputs], in float64. */
  async evaluate(x: Float32Array): Promise<Float64Array> {
    const values = new Float64Array(this.variableCount);
    this.ties.forEach((own, i) => (values[i] = x[own] ?? 0));
    for (const { network, input, values: places } of this.parts) {
      const own = Float32Array.from(values.subarray(input.offset, input.offset + input.size));
      const found = await network.original.run(own, [0], 0);
      for (const { from, size, offset } of places) {
        if (from + size > found.length) throw new RangeError('an output has another size');
        values.set(found.subarray(from, from + size), offset);
      }
    }
    return values;
  }
}
