/**
 * Rows of a layer of an image over the windows that its places see (place-windows.ts): a place is a sample, and
 * its elements that can gain are its rows. Places with about as many rows run together.
 */
import type { Programs } from '../runtime/programs.ts';
import { floats, type Tensor } from '../tensor/tensor.ts';
import {
  type PlaceWindows,
  placeWindows,
  reachesOut,
  type Seen,
  windowElements,
  windowShape,
} from '../transforms/place-windows.ts';
import { type Ascent, climbed } from './climb.ts';
import { endNames, type LayerGraphs } from './layer-graphs.ts';
import type { Ends, SetFeed } from './layerwise.ts';
import { rowsAtOnce } from './row-chunks.ts';
import { type RowProgram, stagesOf } from './row-program.ts';
import { type Feeds, Prepared, StagedPrograms } from './staged-programs.ts';
import { GroupClimb, type GroupRows, leastOf, ofGroup } from './group-climb.ts';
import { columnsOf } from './turns.ts';
import { gathered, type Gathering, gatheringOf, productOf } from './window-gathering.ts';
import { maskName, WindowGraphs } from './window-graphs.ts';

/** Windows together are at most this share of what they are windows of; with more, whole images are as fast. */
const MOST_SHARE = 1 / 3;

/** A place, and which of the elements that are asked for stand there. */
interface Placed {
  readonly place: number;
  readonly elements: readonly number[];
}

/** Places that are bounded together, the one with the most elements first. */
type Chunk = readonly Placed[];

/** The set, the layers before, and the elements that are asked for. */
interface Over {
  readonly set: SetFeed;
  readonly found: readonly Ends[];
  readonly elements: readonly number[];
}

/** The programs of a network, and what those of its bounds are called. */
export interface NamedPrograms {
  readonly programs: Programs;
  readonly key: string;
}

export class WindowRows {
  private readonly graphs: LayerGraphs;
  private readonly place: number;
  private readonly windows: PlaceWindows;
  private readonly stages: StagedPrograms;
  private readonly own: WindowGraphs;
  private readonly rowsAtOnce: number;
  private climbing: RowProgram | undefined;
  /** By the ids of values. */
  private readonly gatherings = new Map<number, Gathering>();

  /** Undefined where a layer's places see most of what is before them, or windows do not apply. */
  static of(
    graphs: LayerGraphs,
    place: number,
    { programs, key }: NamedPrograms,
  ): WindowRows | undefined {
    const { threat } = graphs.subject;
    // Weights and frozen features are the whole input's.
    if (threat.weights || threat.frozen) return undefined;
    const windows = placeWindows(graphs.b.nodes, graphs.input, graphs.target(place));
    if (!windows) return undefined;
    const [own, whole] = windowElements(windows);
    if (own > MOST_SHARE * whole) return undefined;
    return new WindowRows(graphs, place, windows, { programs, key });
  }

  private constructor(
    graphs: LayerGraphs,
    place: number,
    windows: PlaceWindows,
    { programs, key }: NamedPrograms,
  ) {
    this.graphs = graphs;
    this.place = place;
    this.windows = windows;
    this.own = new WindowGraphs(graphs, place, windows);
    const { b, centre, rowsInput } = this.own;
    this.stages = new StagedPrograms(programs, `${key}/windows/${place}`, b.nodes, [
      centre,
      rowsInput,
    ]);
    const sizes = [...windows.seen.values()].map((seen) => productOf(windowShape(seen)));
    this.rowsAtOnce = rowsAtOnce(Math.max(...sizes));
  }

  /**
   * Lower bounds of each element of the layer and of its negative, one behind the other; NaN where there is none.
   * `ascent`: how slopes are optimised, if they are.
   */
  async least(
    set: SetFeed,
    found: readonly Ends[],
    elements: readonly number[],
    ascent: Ascent | null,
  ): Promise<Float32Array> {
    const least = new Float32Array(2 * elements.length).fill(Number.NaN);
    for (const chunk of this.chunks(elements)) {
      const over = { set, found, elements };
      const own = await (ascent ? this.climbed(chunk, over, ascent) : this.bounded(chunk, over));
      let from = 0;
      for (const i of chunk.flatMap((placed) => placed.elements)) {
        least.set(own.subarray(from, from + 2), 2 * i);
        from += 2;
      }
    }
    return least;
  }

  private chunks(elements: readonly number[]): Chunk[] {
    const size = productOf(this.windows.target.shape.slice(2));
    const byPlace = new Map<number, number[]>();
    elements.forEach((element, i) => {
      const own = byPlace.get(element % size) ?? [];
      byPlace.set(element % size, own);
      own.push(i);
    });
    const order = [...byPlace].map(([place, own]): Placed => ({ place, elements: own }));
    order.sort((one, other) => other.elements.length - one.elements.length);
    const chunks: Chunk[] = [];
    for (let from = 0; from < order.length;) {
      const most = order[from]?.elements.length ?? 1;
      const count = Math.max(1, Math.floor(this.rowsAtOnce / (2 * most)));
      chunks.push(order.slice(from, from + count));
      from += count;
    }
    return chunks;
  }

  private async bounded(chunk: Chunk, over: Over): Promise<Float32Array> {
    const program = await this.stages.whole('rows', () => this.own.rows());
    const results = await program.run(this.feeds(chunk, over));
    return leastOf(results, placedRows(chunk));
  }

  private async climbed(chunk: Chunk, over: Over, ascent: Ascent): Promise<Float32Array> {
    this.climbing ??= this.climbProgram();
    const { staged, look, stops } = this.climbing;
    if (!look) return this.bounded(chunk, over);
    const feeds = this.feeds(chunk, over);
    const prepared = new Prepared();
    await this.stages.prepare(prepared, feeds, { name: '', values: {} }, stagesOf(this.climbing));
    const runs = {
      bound: await this.stages.open(staged, prepared, feeds),
      look: await this.stages.open(look, prepared, feeds),
    };
    const columns = this.known(feeds, chunk.length).map((own) => columnsOf(stops, own));
    return climbed(runs, new GroupClimb(null, placedRows(chunk), { stops, columns }), ascent);
  }

  private climbProgram(): RowProgram {
    const { closed, look, stops } = this.own.climb();
    const turns = closed.varying.filter((input) => input !== this.own.rowsInput);
    const isFree = Object.keys(look.outputs).length > 0;
    return {
      staged: this.stages.staged('climb', closed.outputs, turns),
      look: isFree ? this.stages.staged('look', look.outputs, turns) : null,
      stops,
    };
  }

  /** What is known of the stops in each place's window, from what is fed. */
  private known(feeds: Feeds, count: number): Ends[][] {
    const none = new Float32Array();
    return Array.from({ length: count }, (_, p) =>
      this.graphs.stops.slice(0, this.place).map((_stop, stop): Ends => {
        const { lower, upper } = endNames(stop);
        if (!feeds[lower]) return { lower: none, upper: none };
        return { lower: ofGroup(feeds[lower], p, count), upper: ofGroup(feeds[upper], p, count) };
      }),
    );
  }

  private rows(chunk: Chunk, elements: readonly number[]): Tensor {
    const { shape } = this.windows.target;
    const [channels, size] = [Number(shape[1]), productOf(shape.slice(2))];
    const count = rowsOf(chunk);
    const data = new Float32Array(chunk.length * count * channels);
    chunk.forEach((placed, p) =>
      placed.elements.forEach((i, own) => {
        const channel = Math.floor((elements[i] ?? 0) / size);
        const at = (p * count + 2 * own) * channels + channel;
        data[at] = 1;
        data[at + channels] = -1;
      }),
    );
    return floats(data, [chunk.length, count, channels]);
  }

  private feeds(chunk: Chunk, { set, found, elements }: Over): Record<string, Tensor> {
    const feeds: Record<string, Tensor> = { rows: this.rows(chunk, elements) };
    const { graphs, windows } = this;
    const places = chunk.map(({ place }) => place);
    const put = (name: string, seen: Seen, from: Float32Array | null): void => {
      feeds[name] = gathered(this.gathering(seen), places, from);
    };
    for (const [id, seen] of windows.seen) {
      if (id === graphs.input.id) {
        for (const name of ['centre', 'lower', 'upper']) {
          const given = set[name]?.data;
          if (given instanceof Float32Array) put(name, seen, given);
        }
      }
      const stop = graphs.stops.findIndex(({ node }) => node.id === id);
      const ends = stop < this.place ? found[stop] : undefined;
      if (ends) {
        const names = endNames(stop);
        put(names.lower, seen, ends.lower);
        put(names.upper, seen, ends.upper);
      }
      if (reachesOut(seen, windows.target)) put(maskName(id), seen, null);
    }
    const radius = Number(set['radius']?.data[0]);
    const data = new Float32Array(places.length).fill(radius);
    feeds['radius'] = floats(data, [places.length]);
    return feeds;
  }

  private gathering(seen: Seen): Gathering {
    const { id } = seen.node;
    const known = this.gatherings.get(id) ?? gatheringOf(seen, this.windows.target);
    this.gatherings.set(id, known);
    return known;
  }
}

/** Each element of a place has two rows. */
const rowsOf = (chunk: Chunk): number => 2 * (chunk[0]?.elements.length ?? 0);

const placedRows = (chunk: Chunk): GroupRows => ({
  rows: rowsOf(chunk),
  used: chunk.map(({ elements }) => 2 * elements.length),
});
