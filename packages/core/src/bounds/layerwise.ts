/**
 * Bounds layer by layer for one set of inputs: only rows that can gain are propagated, chosen when the
 * layers before them are known; slopes below hinges can be optimised for every row by itself
 * (α-CROWN, Xu et al. 2021), each layer over the final bounds of those before it.
 */
import type { Program } from '../runtime/programs.ts';
import type { RowFeed } from '../runtime/rows.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { adamFeeds } from './adam.ts';
import {
  climbGraph,
  endNames,
  endsGraph,
  type Layer,
  layersOf,
  rowsGraph,
  slopeNames,
  type Subject,
} from './layer-graphs.ts';

/** By intervals; by backward linear bounds; or by those with so many steps of Adam for their slopes. */
export type Propagation = 'interval' | 'linear' | { readonly steps: number };

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
/** Step size and its decay: of several tried on ACAS Xu, the tightest after twenty steps. */
const [RATE, DECAY] = [0.2, 0.95];

interface Climb {
  readonly program: Program;
  readonly widths: readonly number[];
}

export class LayerwiseBounds {
  readonly layers: readonly Layer[];
  private readonly subject: Subject;
  private readonly key: string;
  private readonly climbs = new Map<number, Climb>();

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
      const sharpened = ends && (await this.sharpened(set, found, place, ends, method));
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

  private async sharpened(
    set: SetFeed,
    found: readonly Ends[],
    place: number,
    ends: Ends,
    method: Method,
  ): Promise<Ends | null> {
    const layer = this.layers[place];
    const { inside } = method;
    if (inside === 'interval' || !layer || layer.exact) return ends;
    const elements = gaining(layer, ends);
    if (elements.length === 0) return ends;
    const rows = new Float32Array(2 * elements.length * layer.width);
    elements.forEach((element, i) => {
      rows[2 * i * layer.width + element] = 1;
      rows[(2 * i + 1) * layer.width + element] = -1;
    });
    const least = await this.least(set, found, place, rows, inside);
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
    how: Exclude<Propagation, 'interval'>,
  ): Promise<Float32Array> {
    return how === 'linear'
      ? this.propagated(set, found, place, rows)
      : this.climbed(set, found, place, rows, how.steps);
  }

  private async propagated(
    set: SetFeed,
    found: readonly Ends[],
    place: number,
    rows: Float32Array,
  ): Promise<Float32Array> {
    const program = await this.program(`rows/${place}`, () => rowsGraph(this.subject, place));
    const feeds = this.feeds(set, found);
    return this.inChunks(place, rows, async (chunk) => {
      const { least, finite } = await program.run({ ...feeds, rows: chunk });
      return { least: numbers(least), finite: numbers(finite)[0] === 1 };
    });
  }

  private async climbed(
    set: SetFeed,
    found: readonly Ends[],
    place: number,
    rows: Float32Array,
    steps: number,
  ): Promise<Float32Array> {
    const { program, widths } = await this.climb(place);
    if (widths.length === 0) return this.propagated(set, found, place, rows);
    const feeds = this.feeds(set, found);
    return this.inChunks(place, rows, async (chunk) => {
      const [, count = 0] = chunk.shape;
      let state = Object.fromEntries(
        widths.flatMap((width, i) =>
          slopeNames(i).map((name) => [name, zeros([1, count, width])] as const),
        ),
      );
      const best = new Float32Array(count).fill(Number.NaN);
      for (let step = 1; step <= steps; step++) {
        const { rate, scale } = adamFeeds(step, RATE * DECAY ** (step - 1));
        const numbersOfStep = { rate: scalar(rate), scale: scalar(scale) };
        const results = await program.run({ ...feeds, rows: chunk, ...state, ...numbersOfStep });
        if (numbers(results['finite'])[0] === 1) keepGreater(best, numbers(results['least']));
        state = Object.fromEntries(
          Object.keys(state).map((name) => [name, results[`next/${name}`] ?? scalar(0)]),
        );
      }
      return { least: best, finite: true };
    });
  }

  private async inChunks(
    place: number,
    rows: Float32Array,
    bound: (chunk: Tensor<'float32'>) => Promise<{ least: Float32Array; finite: boolean }>,
  ): Promise<Float32Array> {
    const width = this.layers[place]?.width ?? 1;
    const count = rows.length / width;
    const all = new Float32Array(count).fill(Number.NaN);
    for (let start = 0; start < count; start += ROWS_AT_ONCE) {
      const end = Math.min(count, start + ROWS_AT_ONCE);
      const data = rows.subarray(start * width, end * width);
      const shape = [1, end - start, width];
      const { least, finite } = await bound({ type: 'float32', shape, data });
      if (finite) all.set(least, start);
    }
    return all;
  }

  private async climb(place: number): Promise<Climb> {
    const known = this.climbs.get(place);
    if (known) return known;
    const { graph, widths } = climbGraph(this.subject, place);
    const climb = { program: await this.program(`climb/${place}`, () => graph), widths };
    this.climbs.set(place, climb);
    return climb;
  }

  private program(name: string, build: Parameters<typeof this.subject.network.programs.named>[1]) {
    return this.subject.network.programs.named(`${this.key}/${name}`, build);
  }

  private feeds(set: SetFeed, found: readonly Ends[]): Record<string, Tensor> {
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

function keepGreater(best: Float32Array, values: Float32Array): void {
  values.forEach((value, i) => {
    if (!Number.isNaN(value) && !(value <= (best[i] ?? 0))) best[i] = value;
  });
}

function numbers(tensor: Tensor | undefined): Float32Array {
  if (!(tensor?.data instanceof Float32Array)) throw new TypeError('a bound is not float32');
  return tensor.data;
}

const scalar = (value: number): Tensor => ({
  type: 'float32',
  shape: [],
  data: Float32Array.of(value),
});

const zeros = (shape: readonly number[]): Tensor => ({
  type: 'float32',
  shape: [...shape],
  data: new Float32Array(shape.reduce((size, dim) => size * dim, 1)),
});
