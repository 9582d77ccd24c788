/**
 * Bounds layer by layer for one set of inputs: only rows that can gain are propagated, chosen when the
 * layers before them are known; slopes below hinges can be optimised for every row by itself
 * (α-CROWN, Xu et al. 2021), each layer over the final bounds of those before it.
 */
import type { Values } from '../graph/subgraph.ts';
import type { Programs } from '../runtime/programs.ts';
import type { RowFeed } from '../runtime/rows.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { FiniteOperation } from '../transforms/interval.ts';
import { climbed, StackedClimb } from './climb.ts';
import { numbers } from './numbers.ts';
import { endNames, type Layer, LayerGraphs, type Subject } from './layer-graphs.ts';
import { LayerStages } from './layer-stages.ts';
import { RowChunks } from './row-chunks.ts';
import { columnsOf } from './turns.ts';
import { PullTables } from './pull-tables.ts';
import { stagesOf } from './row-program.ts';
import { elementRows, givenRows, type RowSource } from './row-source.ts';
import { type Feeds, Prepared, StagedPrograms } from './staged-programs.ts';

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

/** What is known of the layers over one set; null where a value inside was not finite. */
export type Found = readonly Ends[] | null;

export type SetFeed = Readonly<Record<string, RowFeed>>;

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

  /**
   * Bounds of every layer but the output over a set of one sample. `outer`: what is known of a set that
   * holds this one, which may settle values.
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
    if (numbers(results['finite'])[0] !== 1) return null;
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
    if (numbers(finite)[0] !== 1) return null;
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
    const elements = gaining(layer, ends);
    if (elements.length === 0) return ends;
    const least = await this.leastOf(set, found, place, elements, how);
    const [lower, upper] = [ends.lower.slice(), ends.upper.slice()];
    elements.forEach((element, i) => {
      const [low = Number.NaN, high = Number.NaN] = least.subarray(2 * i, 2 * i + 2);
      if (low > (lower[element] ?? 0)) lower[element] = low;
      if (-high < (upper[element] ?? 0)) upper[element] = -high;
    });
    return { lower, upper };
  }

  /** Lower bounds of elements of a layer and of their negatives, one behind the other; NaN where nothing is known. */
  private async leastOf(
    set: SetFeed,
    found: readonly Ends[],
    place: number,
    elements: readonly number[],
    how: Backward,
  ): Promise<Float32Array> {
    const { width = 1, hinges = false }: Partial<Layer> = this.layers[place] ?? {};
    const windows = this.own.windows(place);
    if (windows) {
      const ascent = how === 'linear' ? null : { steps: how.steps, settles: hinges };
      return windows.least(set, found, elements, ascent);
    }
    const source = elementRows(elements, width, await this.tables.of(place));
    return this.bounded(set, found, place, { source, settles: hinges }, how);
  }

  /**
   * Lower bounds of rows·output, rows [count × outputs]; NaN where nothing is known. `settles`: whether a
   * bound above 0 is as good as any.
   */
  least(
    set: SetFeed,
    found: readonly Ends[],
    { rows, settles }: { readonly rows: Float32Array; readonly settles: boolean },
    how: Backward,
  ): Promise<Float32Array> {
    const place = this.layers.length - 1;
    const source = givenRows(rows, this.layers[place]?.width ?? 1);
    return this.bounded(set, found, place, { source, settles }, how);
  }

  private async bounded(
    set: SetFeed,
    found: readonly Ends[],
    place: number,
    { source, settles }: { readonly source: RowSource; readonly settles: boolean },
    how: Backward,
  ): Promise<Float32Array> {
    const program = this.own.rowProgram(place, how, source.pulled !== null);
    const prepared = this.preparedOver(set, found);
    const feeds = this.feeds(set, found);
    await this.stages.prepare(prepared, feeds, { name: '', values: {} }, stagesOf(program));
    const bound = await this.stages.open(program.staged, prepared, feeds);
    const look = program.look && (await this.stages.open(program.look, prepared, feeds));
    const { stops } = program;
    const columns = columnsOf(stops, found);
    const width = this.layers[place]?.width ?? 1;
    const start = this.tables.startOf(place) ?? 0;
    return this.chunks.each(source, { width, start }, async (chunk) => {
      if (how !== 'linear' && look) {
        const climbers = new StackedClimb(chunk, { stops, columns });
        return climbed({ bound, look }, climbers, { steps: how.steps, settles });
      }
      const { least, finite } = await bound(chunk);
      return numbers(finite)[0] === 1 ? numbers(least) : null;
    });
  }

  /** What a program over the bounds of the layers before it is fed. */
  feeds(set: SetFeed, found: readonly Ends[]): Feeds {
    const feeds: Record<string, Tensor> = {};
    for (const [name, { data, shape }] of Object.entries(set)) {
      const type = data instanceof Float32Array ? 'float32' : 'int32';
      feeds[name] = { type, shape: [1, ...shape], data };
    }
    found.forEach(({ lower, upper }, stop) => {
      const shape = this.layers[stop]?.shape ?? [];
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

/** Elements of a layer whose bounds can gain anything. */
function gaining({ width, hinges }: Layer, { lower, upper }: Ends): number[] {
  const all = Array.from({ length: width }, (_, i) => i);
  return hinges ? all.filter((i) => (lower[i] ?? 0) < 0 && (upper[i] ?? 0) > 0) : all;
}
