/**
 * Programs in stages. Rows of a specification come in chunks, slopes in steps, layers one after the other;
 * most of what their graphs compute depends on none of these, but on the set alone. Such values are
 * computed once for a set, kept outside, and fed to the programs that follow.
 */
import { type Dimension, divide, elementCount, symbolsOf } from '../graph/dimension.ts';
import { dependents, inputNodes, type Node } from '../graph/graph.ts';
import { subgraph, type Subgraph, type Values } from '../graph/subgraph.ts';
import type { Program, Programs } from '../runtime/programs.ts';
import { chosenSamples } from '../tensor/samples.ts';
import type { Tensor } from '../tensor/tensor.ts';

export type Feeds = Readonly<Record<string, Tensor>>;

/** What is prepared of one set. */
export class Prepared {
  readonly values = new Map<number, Tensor>();
  /** Which preparations were made, in order. */
  history = '';
}

/** What takes values from preparation. */
export interface Following {
  readonly name: string;
  /** The values that it takes. */
  readonly border: readonly number[];
}

/** A graph whose varying part is run again and again. */
export interface Staged extends Following {
  readonly varying: Subgraph;
}

/** What one preparation computes beyond what is prepared already. */
interface Preparation {
  readonly name: string;
  readonly part: Subgraph;
  readonly missing: readonly number[];
}

/** Those of so many samples that are chosen; `batch`: their symbolic number. */
export interface SomeSamples {
  readonly batch: Dimension;
  readonly chosen: readonly number[];
  readonly count: number;
}

const PREPARED = 'prepared/';
/** A value that fewer operations make is made again sooner than it is put out and fed. */
const FEWEST_OPERATIONS = 8;
/** One with so many constants counts as all of them. */
const MANY_CONSTANTS = 1024;

export class StagedPrograms {
  private readonly programs: Programs;
  private readonly key: string;
  private readonly nodes: readonly Node[];
  private readonly sized: readonly Node[];
  private readonly preparations = new Map<string, Preparation>();

  /** `nodes` may grow; `key` names them among the programs; symbolic sizes are read off `sized`. */
  constructor(programs: Programs, key: string, nodes: readonly Node[], sized: readonly Node[]) {
    this.programs = programs;
    this.key = key;
    this.nodes = nodes;
    this.sized = sized;
  }

  /** All that the values need, as one program. */
  whole(name: string, values: () => Values): Promise<Program> {
    return this.programs.named(`${this.key}/${name}`, () => {
      return subgraph(this.nodes, values(), () => undefined).graph;
    });
  }

  /** Parts outputs into what depends on the inputs that vary, or is sized by them, and the rest. */
  staged(name: string, outputs: Values, varying: readonly Node[]): Staged {
    const { nodes } = this;
    const graph = { nodes, inputs: [], outputs: [] };
    const fixedSymbols = new Set(this.sized.flatMap(({ shape }) => symbolsOf(shape)));
    const sizes = nodes.filter(({ shape }) => symbolsOf(shape).some((s) => !fixedSymbols.has(s)));
    const varies = dependents(
      graph,
      [...varying, ...sizes].map(({ id }) => id),
    );
    const fed = this.fedValues();
    const isBorder = (id: number): boolean =>
      fed[id] === true && varies[id] !== true && nodes[id]?.op !== 'input';
    const given = (id: number): string | undefined =>
      isBorder(id) ? `${PREPARED}${id}` : undefined;
    const part = subgraph(nodes, outputs, given);
    const border = part.inputs
      .filter((each) => each.startsWith(PREPARED))
      .map((each) => Number(each.slice(PREPARED.length)));
    return { name, varying: part, border };
  }

  /**
   * What the same graph takes from what is known before `varying`, for a preparation that comes before its own:
   * without values that are made as fast as they are fed.
   */
  ahead(name: string, outputs: Values, varying: readonly Node[]): Following {
    const kept = new Set<number>();
    const { border } = this.staged(name, outputs, varying);
    const fed = this.fedValues();
    for (const id of border.toSorted((a, b) => a - b)) {
      if (this.operations(id, kept, fed) >= FEWEST_OPERATIONS) kept.add(id);
    }
    return { name, border: [...kept] };
  }

  /** How many operations make a value from inputs and what is kept, up to as many as matter. */
  private operations(value: number, kept: ReadonlySet<number>, fed: readonly boolean[]): number {
    const seen = new Set<number>();
    const open = [value];
    let count = 0;
    while (open.length > 0 && count < FEWEST_OPERATIONS) {
      const node = this.nodes[open.pop() ?? -1];
      if (!node || node.op === 'input' || !fed[node.id]) continue;
      if (seen.has(node.id) || kept.has(node.id)) continue;
      seen.add(node.id);
      const constants = node.operands.filter((id) => !fed[id]);
      const isLarge = constants.some((id) => sizeOf(this.nodes[id]) > MANY_CONSTANTS);
      count += isLarge ? FEWEST_OPERATIONS : 1;
      open.push(...node.operands);
    }
    return count;
  }

  /** Which values depend on any input. */
  private fedValues(): boolean[] {
    const inputs = this.nodes.filter(({ op }) => op === 'input').map(({ id }) => id);
    return dependents({ nodes: this.nodes, inputs: [], outputs: [] }, inputs);
  }

  /**
   * Computes outputs, and with them what the stages that follow will need. `into`: all results of the same
   * preparation, when nobody needs them any more.
   */
  async prepare(
    prepared: Prepared,
    feeds: Feeds,
    outputs: { readonly name: string; readonly values: Values },
    following: readonly Following[],
    into?: Feeds,
  ): Promise<Feeds> {
    const isPrepared = following.every(({ border }) =>
      border.every((id) => prepared.values.has(id)),
    );
    if (isPrepared && Object.keys(outputs.values).length === 0) return {};
    const name = `${prepared.history}${outputs.name}+${following.map((each) => each.name).join('+')};`;
    const { part, missing } = this.preparation(name, prepared, outputs.values, following);
    const program = await this.programs.named(`${this.key}/${name}`, () => part.graph);
    const results = await program.run(this.fed(part, prepared, feeds), into);
    for (const id of missing) {
      const value = results[`${PREPARED}${id}`];
      if (value) prepared.values.set(id, value);
    }
    if (missing.length > 0) prepared.history = name;
    return results;
  }

  private preparation(
    name: string,
    { values }: Prepared,
    outputs: Values,
    following: readonly Following[],
  ): Preparation {
    const known = this.preparations.get(name);
    if (known) return known;
    const border = new Set(following.flatMap((each) => each.border));
    const missing = [...border].filter((id) => !values.has(id));
    const wanted: Record<string, Node> = { ...outputs };
    for (const id of missing) {
      const node = this.nodes[id];
      if (node) wanted[`${PREPARED}${id}`] = node;
    }
    const given = (id: number): string | undefined =>
      values.has(id) ? `${PREPARED}${id}` : undefined;
    const made = { name, part: subgraph(this.nodes, wanted, given, this.sized), missing };
    this.preparations.set(name, made);
    return made;
  }

  /** The program of what varies, over one set, or some of several: what varies is fed to it. */
  async open(
    { name, varying }: Staged,
    prepared: Prepared,
    ofSet: Feeds,
    some?: SomeSamples,
  ): Promise<(feeds: Feeds, into?: Feeds) => Promise<Feeds>> {
    const program = await this.programs.named(`${this.key}/${name}`, () => varying.graph);
    const all = this.fed(varying, prepared, ofSet);
    const fixed = some ? chosenFeeds(varying, all, some) : all;
    return (feeds, into) => program.run({ ...fixed, ...feeds }, into);
  }

  private fed({ inputs }: Subgraph, { values }: Prepared, feeds: Feeds): Record<string, Tensor> {
    const own: Record<string, Tensor> = {};
    for (const name of inputs) {
      const value = name.startsWith(PREPARED)
        ? values.get(Number(name.slice(PREPARED.length)))
        : feeds[name];
      if (value) own[name] = value;
    }
    return own;
  }
}

/** Whether samples lie along the first axis of whatever a program is fed that has some. */
export function hasSamplesFirst({ varying }: Staged, batch: string): boolean {
  return inputNodes(varying.graph).every(
    ({ shape: [first = 1, ...rest] }) =>
      divide(first, batch) !== undefined || !symbolsOf([first, ...rest]).includes(batch),
  );
}

function chosenFeeds(
  { graph }: Subgraph,
  feeds: Feeds,
  { batch, chosen, count }: SomeSamples,
): Feeds {
  const some: Record<string, Tensor> = { ...feeds };
  for (const { attributes, shape } of inputNodes(graph)) {
    const own = feeds[attributes.name];
    if (own && divide(shape[0] ?? 1, batch) !== undefined) {
      some[attributes.name] = chosenSamples(own, chosen, count);
    }
  }
  return some;
}

function sizeOf(node: Node | undefined): number {
  return Number(node && elementCount(node.shape));
}
