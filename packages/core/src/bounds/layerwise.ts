/**
 * Bounds layer by layer for one set of inputs: only rows that can gain are propagated, chosen when the
 * layers before them are known; slopes below hinges can be optimised for every row by itself
 * (α-CROWN, Xu et al. 2021), each layer over the final bounds of those before it.
 */
import type { RowFeed } from '../runtime/rows.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Climb, climbed, numbers } from './climb.ts';
import {
  climbGraph,
  endNames,
  endsGraph,
  forwardGraph,
  type Layer,
  layersOf,
  pullGraph,
  rowsGraph,
  type Subject,
} from './layer-graphs.ts';
import { elementRows, givenRows, type RowSource, unitRows } from './row-source.ts';

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

/** Rows that are propagated at once: their coefficients stay in cache. */
const ROWS_AT_ONCE = 64;
/** Numbers of a layer's table of coefficients that are kept. */
const MOST_COEFFICIENTS = 2 ** 23;

interface Table {
  /** Elements of the value that the layer's affine region starts from. */
  readonly start: number | null;
  /** [width × start] */
  readonly coefficients: Float32Array | null;
}

export class LayerwiseBounds {
  readonly layers: readonly Layer[];
  private readonly subject: Subject;
  private readonly key: string;
  private readonly climbs = new Map<string, Climb>();
  private readonly tables = new Map<number, Table>();

  /** `key` names the subject among the network's programs. */
  constructor(subject: Subject, key: string) {
    this.subject = subject;
    this.key = key;
    this.layers = layersOf(subject);
  }

  /**
   * Bounds of every layer but the output over a set of one sample. `outer`: what is known of a set that
   * holds this one, which may settle values.
   */
  async inside(set: SetFeed, method: Method, outer: Found = null): Promise<Found> {
    const found: Ends[] = [];
    for (let place = 0; place < this.layers.length - 1; place++) {
      const own = await this.ends(set, found, place);
      const ends = own && met(own, outer?.[place]);
      const sharpened = ends && (await this.sharpened(set, found, place, ends, method.inside));
      if (!sharpened) return null;
      found.push(sharpened);
    }
    return found;
  }

  /** Interval of one layer over the bounds of those before it. */
  async ends(set: SetFeed, found: readonly Ends[], place: number): Promise<Ends | null> {
    const program = await this.program(`ends/${place}`, () => endsGraph(this.subject, place));
    const { least, most, finite } = await program.run(this.feeds(set, found));
    if (numbers(finite)[0] !== 1) return null;
    return { lower: numbers(least), upper: numbers(most) };
  }

  /** Forward linear bounds of every layer, the output last. */
  async forward(set: SetFeed): Promise<Found> {
    const program = await this.program('forward', () => forwardGraph(this.subject));
    const results = await program.run(this.feeds(set, []));
    if (numbers(results['finite'])[0] !== 1) return null;
    return this.layers.map((_, k) => ({
      lower: numbers(results[`least/${k}`]),
      upper: numbers(results[`most/${k}`]),
    }));
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
    const table = await this.table(set, found, place);
    const rows = elementRows(elements, layer.width, table);
    const least = await this.bounded(set, found, place, rows, how);
    const [lower, upper] = [ends.lower.slice(), ends.upper.slice()];
    elements.forEach((element, i) => {
      const [low = Number.NaN, high = Number.NaN] = least.subarray(2 * i, 2 * i + 2);
      if (low > (lower[element] ?? 0)) lower[element] = low;
      if (-high < (upper[element] ?? 0)) upper[element] = -high;
    });
    return { lower, upper };
  }

  /** Lower bounds of rows·output, rows [count × outputs]; NaN where nothing is known. */
  least(
    set: SetFeed,
    found: readonly Ends[],
    place: number,
    rows: Float32Array,
    how: Backward,
  ): Promise<Float32Array> {
    const source = givenRows(rows, this.layers[place]?.width ?? 1);
    return this.bounded(set, found, place, source, how);
  }

  private async bounded(
    set: SetFeed,
    found: readonly Ends[],
    place: number,
    source: RowSource,
    how: Backward,
  ): Promise<Float32Array> {
    const start = source.pulled ? (this.tables.get(place)?.start ?? null) : null;
    const feeds = this.feeds(set, found);
    if (how !== 'linear') {
      const climb = await this.climb(place, start);
      const own = (chunk: Record<string, Tensor>, count: number): Promise<Float32Array> =>
        climbed(climb, { ...feeds, ...chunk }, count, how.steps);
      if (climb.widths.length > 0) return this.inChunks(place, source, own);
    }
    const name = `rows/${place}/${start === null ? 'given' : 'pulled'}`;
    const program = await this.program(name, () => rowsGraph(this.subject, place, start));
    return this.inChunks(place, source, async (chunk) => {
      const { least, finite } = await program.run({ ...feeds, ...chunk });
      return numbers(finite)[0] === 1 ? numbers(least) : null;
    });
  }

  private async inChunks(
    place: number,
    { count, rows, pulled }: RowSource,
    bound: (chunk: Record<string, Tensor>, count: number) => Promise<Float32Array | null>,
  ): Promise<Float32Array> {
    const width = this.layers[place]?.width ?? 1;
    const start = this.tables.get(place)?.start ?? 0;
    const all = new Float32Array(count).fill(Number.NaN);
    for (let from = 0; from < count; from += ROWS_AT_ONCE) {
      const to = Math.min(count, from + ROWS_AT_ONCE);
      const shaped = (data: Float32Array, size: number): Tensor => ({
        type: 'float32',
        shape: [1, to - from, size],
        data,
      });
      const chunk: Record<string, Tensor> = { rows: shaped(rows(from, to), width) };
      if (pulled) chunk['pulled'] = shaped(pulled(from, to), start);
      const least = await bound(chunk, to - from);
      if (least) all.set(least, from);
    }
    return all;
  }

  /** Coefficients of every element of a layer where its affine region starts; null where they are not kept. */
  private async table(
    set: SetFeed,
    found: readonly Ends[],
    place: number,
  ): Promise<Float32Array | null> {
    const known = this.tables.get(place);
    if (known) return known.coefficients;
    const pull = pullGraph(this.subject, place);
    const width = this.layers[place]?.width ?? 0;
    const none = { start: null, coefficients: null };
    this.tables.set(place, none);
    if (!pull || width * pull.start > MOST_COEFFICIENTS) return null;
    const { graph, start } = pull;
    const program = await this.program(`pull/${place}`, () => graph);
    const coefficients = new Float32Array(width * start);
    const feeds = this.feeds(set, found);
    const elements = Array.from({ length: width }, (_, i) => i);
    for (let from = 0; from < width; from += ROWS_AT_ONCE) {
      const some = elements.slice(from, from + ROWS_AT_ONCE);
      const data = unitRows(some, width);
      const rows: Tensor = { type: 'float32', shape: [1, some.length, width], data };
      const { pulled } = await program.run({ ...feeds, rows });
      coefficients.set(numbers(pulled), from * start);
    }
    this.tables.set(place, { start, coefficients });
    return coefficients;
  }

  private async climb(place: number, start: number | null): Promise<Climb> {
    const name = `climb/${place}/${start === null ? 'given' : 'pulled'}`;
    const known = this.climbs.get(name);
    if (known) return known;
    const { graph, widths } = climbGraph(this.subject, place, start);
    const climb = { program: await this.program(name, () => graph), widths };
    this.climbs.set(name, climb);
    return climb;
  }

  private program(name: string, build: Parameters<typeof this.subject.network.programs.named>[1]) {
    return this.subject.network.programs.named(`${this.key}/${name}`, build);
  }

  /** What a program over the bounds of the layers before it is fed. */
  feeds(set: SetFeed, found: readonly Ends[]): Record<string, Tensor> {
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
