/**
 * Bounds layer by layer for one set of inputs, or a few at once: only rows that can gain are propagated, of each
 * set its own, chosen when the layers before them are known; slopes below hinges can be optimised for every row by itself
 * (α-CROWN, Xu et al. 2021), each layer over the final bounds of those before it.
 */
import type { Values } from '../graph/subgraph.ts';
import type { Programs } from '../runtime/programs.ts';
import type { RowFeed } from '../runtime/rows.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { FiniteOperation } from '../transforms/interval.ts';
import { climbed } from './climb.ts';
import { GroupClimb, leastOf } from './group-climb.ts';
import { numbers } from './numbers.ts';
import { endNames, type Layer, LayerGraphs, type Subject } from './layer-graphs.ts';
import { LayerStages } from './layer-stages.ts';
import { RowChunks } from './row-chunks.ts';
import { columnsOf } from './turns.ts';
import { PullTables } from './pull-tables.ts';
import { type RowProgram, stagesOf } from './row-program.ts';
import { elementRows, givenRows, type RowSource } from './row-source.ts';
import { type Feeds, hasSamplesFirst, Prepared, StagedPrograms } from './staged-programs.ts';

/**
 * By intervals; by forward linear bounds; by backward linear bounds; or by those with so many steps of Adam
 * for their slopes.
 */
export type Propagation = 'interval' | 'forward' | 'linear' | { readonly steps: number };

/** Those that carry rows backwards. */
export type Backward = Exclude<Propagation, 'interval' | 'forward'>;

/** How the layers inside, and the rows asked for, are bounded. */
export interface Method {
  readonly inside: Propagation;
  readonly rows: Propagation;
}

export interface Ends {
  readonly lower: Float32Array;
  readonly upper: Float32Array;
}

/**
 * What is known of the layers over one set, or over several, one behind the other; null where a value inside was not
 * finite.
 */
export type Found = readonly Ends[] | null;

/** One set, or several: each feed has their data one behind the other, and the shape of one. */
export type SetFeed = Readonly<Record<string, RowFeed>>;

/** How many sets there are in a feed. */
export function setsIn({ radius }: SetFeed): number {
  return radius?.data.length ?? 1;
}

/** Sets bounded at once are so many that this many rows of each go through the network together. */
const ROWS_OF_EACH = 16;
const MOST_SETS = 64;
/** Sets with fewer rows than this share of others' go apart, unless the others are few. */
const ALIKE = 0.7;
const FEWEST_SETS = 8;

/** What is prepared over one set and the bounds found of its layers. */
interface Over {
  readonly found: readonly Ends[];
  readonly prepared: Prepared;
}

const opened = new WeakMap<Programs, Map<string, LayerwiseBounds>>();

export class LayerwiseBounds {
  readonly graphs: LayerGraphs;
  readonly layers: readonly Layer[];
  private readonly stages: StagedPrograms;
  private readonly own: LayerStages;
  private readonly tables: PullTables;
  private readonly chunks: RowChunks;
  private together: number | null = null;
  private operations: readonly FiniteOperation[] | null = null;
  private readonly over = new WeakMap<SetFeed, Over>();

  /** `key` names the subject among the network's programs: there is one of each. */
  static of(subject: Subject, key: string): LayerwiseBounds {
    const { programs } = subject.network;
    const own = opened.get(programs) ?? new Map<string, LayerwiseBounds>();
    opened.set(programs, own);
    const known = own.get(key) ?? new LayerwiseBounds(subject, key);
    own.set(key, known);
    return known;
  }

  private constructor(subject: Subject, key: string) {
    this.graphs = new LayerGraphs(subject);
    this.layers = this.graphs.layers;
    const { b, input } = this.graphs;
    const { programs } = subject.network;
    this.stages = new StagedPrograms(programs, key, b.nodes, [input]);
    this.tables = new PullTables(this.graphs, this.stages);
    this.own = new LayerStages(this.graphs, this.stages, this.tables, { programs, key });
    this.chunks = new RowChunks(this.graphs.rowsAtOnce);
  }

  /** How many sets are best bounded at once: one where a layer has no row for each, or is bounded over windows. */
  get setsAtOnce(): number {
    const { graphs, own } = this;
    this.together ??=
      graphs.isRowwise && this.layers.every((_, place) => !own.windows(place))
        ? Math.min(MOST_SETS, Math.ceil(graphs.rowsAtOnce / ROWS_OF_EACH))
        : 1;
    return this.together;
  }

  /**
   * Bounds of every layer but the output over a set, or over up to `setsAtOnce`. `outer`: what is known of sets that
   * hold these, which may settle values.
   */
  async inside(set: SetFeed, { inside: how }: Method, outer: Found = null): Promise<Found> {
    if (how === 'interval') return this.intervals(set, outer);
    const found: Ends[] = [];
    for (let place = 0; place < this.layers.length - 1; place++) {
      const own = await this.ends(set, found, place, how);
      const ends = own && met(own, outer?.[place]);
      const sharpened = ends && (await this.sharpened(set, found, place, ends, how));
      if (!sharpened) return null;
      found.push(sharpened);
    }
    return found;
  }

  private async intervals(set: SetFeed, outer: Found): Promise<Found> {
    const all = await this.ofAll(set, 'intervals', () => this.graphs.intervals());
    return all?.slice(0, -1).map((own, place) => met(own, outer?.[place])) ?? null;
  }

  /** Forward linear bounds of every layer, the output last. */
  forward(set: SetFeed): Promise<Found> {
    return this.ofAll(set, 'forward', () => this.graphs.forward());
  }

  /** The first operation whose intervals over a set are not finite; null where all are. */
  async notFiniteAt(set: SetFeed): Promise<string | null> {
    const operations = (this.operations ??= this.graphs.finiteBy());
    const program = await this.stages.whole('finite', () =>
      Object.fromEntries(operations.map(({ finite }, k) => [`finite/${k}`, finite])),
    );
    const results = await program.run(this.feeds(set, []));
    const first = operations.find((_, k) => numbers(results[`finite/${k}`])[0] !== 1);
    return first?.label ?? null;
  }

  private async ofAll(set: SetFeed, name: string, values: () => Values): Promise<Found> {
    const program = await this.stages.whole(name, values);
    const results = await program.run(this.feeds(set, []));
    if (!areFinite(results['finite'])) return null;
    return this.layers.map((_, k) => ({
      lower: numbers(results[`least/${k}`]),
      upper: numbers(results[`most/${k}`]),
    }));
  }

  /** Interval of one layer over the bounds of those before it; `next`: how it will be sharpened. */
  async ends(
    set: SetFeed,
    found: readonly Ends[],
    place: number,
    next: Propagation = 'interval',
  ): Promise<Ends | null> {
    const { least, most, finite } = await this.stages.prepare(
      this.preparedOver(set, found),
      this.feeds(set, found),
      { name: `ends/${place}`, values: this.own.endsOf(place) },
      this.own.behind(place, next),
    );
    if (!areFinite(finite)) return null;
    return { lower: numbers(least), upper: numbers(most) };
  }

  private preparedOver(set: SetFeed, found: readonly Ends[]): Prepared {
    const known = this.over.get(set);
    if (known?.found === found) return known.prepared;
    const prepared = new Prepared();
    this.over.set(set, { found, prepared });
    return prepared;
  }

  /** The ends of a layer, or of the output, met with backward bounds of the elements that can gain. */
  async sharpened(
    set: SetFeed,
    found: readonly Ends[],
    place: number,
    ends: Ends,
    how: Propagation,
  ): Promise<Ends> {
    const layer = this.layers[place];
    if (how === 'interval' || how === 'forward' || !layer || layer.exact) return ends;
    const elements = Array.from({ length: setsIn(set) }, (_, k) => gaining(layer, ends, k));
    if (elements.every(({ length }) => length === 0)) return ends;
    const least = await this.leastOf(set, found, place, elements, how);
    const [lower, upper] = [ends.lower.slice(), ends.upper.slice()];
    elements.forEach((chosen, k) =>
      chosen.forEach((element, i) => {
        const [low = Number.NaN, high = Number.NaN] = least[k]?.subarray(2 * i, 2 * i + 2) ?? [];
        const at = k * layer.width + element;
        if (low > (lower[at] ?? 0)) lower[at] = low;
        if (-high < (upper[at] ?? 0)) upper[at] = -high;
      }),
    );
    return { lower, upper };
  }

  /**
   * Lower bounds of elements of a layer, of each set its own, and of their negatives, one behind the other; NaN
   * where nothing is known.
   */
  private async leastOf(
    set: SetFeed,
    found: readonly Ends[],
    place: number,
    elements: readonly (readonly number[])[],
    how: Backward,
  ): Promise<readonly Float32Array[]> {
    const { width = 1, hinges = false }: Partial<Layer> = this.layers[place] ?? {};
    const windows = this.own.windows(place);
    if (windows) {
      const ascent = how === 'linear' ? null : { steps: how.steps, settles: hinges };
      return [await windows.least(set, found, elements[0] ?? [], ascent)];
    }
    const table = await this.tables.of(place);
    const sources = elements.map((own) => elementRows(own, width, table));
    return this.bounded(set, found, place, { sources, settles: hinges }, how);
  }

  /**
   * Of each set, lower bounds of its rows·output, rows [count × outputs]; NaN where nothing is known. `settles`:
   * whether a bound above 0 is as good as any.
   */
  least(
    set: SetFeed,
    found: readonly Ends[],
    { rows, settles }: { readonly rows: readonly Float32Array[]; readonly settles: boolean },
    how: Backward,
  ): Promise<readonly Float32Array[]> {
    const place = this.layers.length - 1;
    const width = this.layers[place]?.width ?? 1;
    const sources = rows.map((own) => givenRows(own, width));
    return this.bounded(set, found, place, { sources, settles }, how);
  }

  private async bounded(
    set: SetFeed,
    found: readonly Ends[],
    place: number,
    { sources, settles }: { readonly sources: readonly RowSource[]; readonly settles: boolean },
    how: Backward,
  ): Promise<readonly Float32Array[]> {
    const isPulled = sources.every(({ pulled }) => pulled !== null);
    const program = this.own.rowProgram(place, how, isPulled);
    const prepared = this.preparedOver(set, found);
    const feeds = this.feeds(set, found);
    await this.stages.prepare(prepared, feeds, { name: '', values: {} }, stagesOf(program));
    const { stops, staged, look } = program;
    const width = this.layers[place]?.width ?? 1;
    const sizes = { width, start: this.tables.startOf(place) ?? 0 };
    const all = sources.map(({ count }) => new Float32Array(count));
    for (const chosen of this.alike(sources, program)) {
      const some =
        chosen.length < sources.length
          ? { batch: this.graphs.batch, chosen, count: sources.length }
          : undefined;
      const bound = await this.stages.open(staged, prepared, feeds, some);
      const leads = look && (await this.stages.open(look, prepared, feeds, some));
      const own = chosen.flatMap((k) => sources[k] ?? []);
      const columns = chosen.map((k) => columnsOf(stops, ofSet(found, k, sources.length)));
      const least = await this.chunks.each(own, sizes, async (chunk, grouped) => {
        if (how === 'linear' || !leads) return leastOf(await bound(chunk), grouped);
        const climbers = new GroupClimb(chunk, grouped, { stops, columns });
        return climbed({ bound, look: leads }, climbers, { steps: how.steps, settles });
      });
      chosen.forEach((k, i) => all[k]?.set(least[i] ?? []));
    }
    return all;
  }

  /** The sets parted by how many rows they have, so that few have many fewer than others beside them. */
  private alike(sources: readonly RowSource[], { staged, look }: RowProgram): number[][] {
    const every = [...sources.keys()];
    const { batch } = this.graphs;
    const canPart = [staged, ...(look ? [look] : [])].every(
      (each) => typeof batch === 'string' && hasSamplesFirst(each, batch),
    );
    if (!canPart) return [every];
    const countOf = (k: number): number => sources[k]?.count ?? 0;
    const parts: number[][] = [];
    for (const k of every.sort((one, other) => countOf(other) - countOf(one))) {
      const part = parts.at(-1);
      const most = countOf(part?.[0] ?? k);
      if (countOf(k) === 0) continue;
      if (part && (countOf(k) >= ALIKE * most || part.length < FEWEST_SETS)) part.push(k);
      else parts.push([k]);
    }
    return parts.map((part) => part.sort((one, other) => one - other));
  }

  /** What a program over the bounds of the layers before it is fed. */
  feeds(set: SetFeed, found: readonly Ends[]): Feeds {
    const feeds: Record<string, Tensor> = {};
    const count = setsIn(set);
    for (const [name, { data, shape }] of Object.entries(set)) {
      const type = data instanceof Float32Array ? 'float32' : 'int32';
      feeds[name] = { type, shape: [count, ...shape], data };
    }
    found.forEach(({ lower, upper }, stop) => {
      const [first = 1, ...rest] = this.layers[stop]?.shape ?? [];
      const shape = [count * first, ...rest];
      const names = endNames(stop);
      feeds[names.lower] = { type: 'float32', shape, data: lower };
      feeds[names.upper] = { type: 'float32', shape, data: upper };
    });
    return feeds;
  }
}

/** Both ends of two intervals that hold the same values. */
export function met(own: Ends, other: Ends | undefined): Ends {
  if (!other) return own;
  return {
    lower: own.lower.map((low, i) => Math.max(low, other.lower[i] ?? low)),
    upper: own.upper.map((high, i) => Math.min(high, other.upper[i] ?? high)),
  };
}

/** What is known of one of so many sets. */
export function ofSet(found: readonly Ends[], k: number, count: number): readonly Ends[] {
  if (count === 1) return found;
  return found.map(({ lower, upper }) => {
    const size = lower.length / count;
    const [from, to] = [k * size, (k + 1) * size];
    return { lower: lower.subarray(from, to), upper: upper.subarray(from, to) };
  });
}

const areFinite = (flags: Tensor | undefined): boolean =>
  numbers(flags).every((flag) => flag === 1);

/** Elements of a layer whose bounds over one of the sets can gain anything. */
function gaining({ width, hinges }: Layer, { lower, upper }: Ends, k: number): number[] {
  const all = Array.from({ length: width }, (_, i) => i);
  const from = k * width;
  return hinges ? all.filter((i) => (lower[from + i] ?? 0) < 0 && (upper[from + i] ?? 0) > 0) : all;
}
