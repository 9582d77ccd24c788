/**
 * Rows of a layer of an image over the windows that its places see (place-windows.ts): a place is a sample, and
 * its elements that can gain are its rows. Places with about as many rows run together.
 */
import { Builder } from '../graph/builder.ts';
import type { Graph, Node } from '../graph/graph.ts';
import { windowSize } from '../graph/ops/windows.ts';
import type { Program, Programs } from '../runtime/programs.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { inputSet } from '../threats/set-support.ts';
import { propagateIntervals } from '../transforms/interval.ts';
import {
  overWindows,
  type PlaceWindows,
  placeWindows,
  reachesOut,
  type Seen,
  windowElements,
  windowShape,
} from '../transforms/place-windows.ts';
import { noRounding } from '../transforms/rounding.ts';
import { endNames, type LayerGraphs } from './layer-graphs.ts';
import type { Ends, SetFeed } from './layerwise.ts';
import { numbers } from './numbers.ts';
import { rowsAtOnce } from './row-chunks.ts';
import { gathered, type Gathering, gatheringOf, productOf } from './window-gathering.ts';

/** Windows together are at most this share of what they are windows of; with more, whole images are as fast. */
const MOST_SHARE = 1 / 3;

const PLACES = 'places';

/** Places that are bounded together, and for each its elements that can gain. */
interface Chunk {
  readonly places: readonly number[];
  /** The most elements of a place. */
  readonly most: number;
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
  private readonly programs: Programs;
  private readonly key: string;
  private readonly rowsAtOnce: number;
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
    this.programs = programs;
    this.key = `${key}/windows/${place}`;
    const sizes = [...windows.seen.values()].map((seen) => productOf(windowShape(seen)));
    this.rowsAtOnce = rowsAtOnce(Math.max(...sizes));
  }

  /** Lower bounds of each element of the layer and of its negative, one behind the other; NaN where there is none. */
  async least(
    set: SetFeed,
    found: readonly Ends[],
    elements: readonly number[],
  ): Promise<Float32Array> {
    const program = await this.programs.named(this.key, () => this.graph());
    const least = new Float32Array(2 * elements.length).fill(Number.NaN);
    const byPlace = this.byPlace(elements);
    for (const chunk of this.chunks(byPlace)) {
      await this.bound(program, { set, found }, { chunk, byPlace, elements, least });
    }
    return least;
  }

  /** Indices into the elements, by their places. */
  private byPlace(elements: readonly number[]): ReadonlyMap<number, readonly number[]> {
    const size = productOf(this.windows.target.shape.slice(2));
    const byPlace = new Map<number, number[]>();
    elements.forEach((element, i) => {
      const own = byPlace.get(element % size) ?? [];
      byPlace.set(element % size, own);
      own.push(i);
    });
    return byPlace;
  }

  private chunks(byPlace: ReadonlyMap<number, readonly number[]>): Chunk[] {
    const order = [...byPlace].toSorted(([, a], [, b]) => b.length - a.length);
    const chunks: Chunk[] = [];
    for (let from = 0; from < order.length;) {
      const most = order[from]?.[1].length ?? 1;
      const count = Math.max(1, Math.floor(this.rowsAtOnce / (2 * most)));
      chunks.push({ places: order.slice(from, from + count).map(([each]) => each), most });
      from += count;
    }
    return chunks;
  }

  private async bound(
    program: Program,
    over: { readonly set: SetFeed; readonly found: readonly Ends[] },
    asked: {
      readonly chunk: Chunk;
      readonly byPlace: ReadonlyMap<number, readonly number[]>;
      readonly elements: readonly number[];
      readonly least: Float32Array;
    },
  ): Promise<void> {
    const { chunk, byPlace, elements, least } = asked;
    const { places, most } = chunk;
    const [channels, size] = [
      Number(this.windows.target.shape[1]),
      productOf(this.windows.target.shape.slice(2)),
    ];
    const rows = new Float32Array(places.length * 2 * most * channels);
    places.forEach((place, p) =>
      (byPlace.get(place) ?? []).forEach((i, own) => {
        const channel = Math.floor((elements[i] ?? 0) / size);
        const at = (p * 2 * most + 2 * own) * channels + channel;
        rows[at] = 1;
        rows[at + channels] = -1;
      }),
    );
    const shape = [places.length, 2 * most, channels];
    const results = await program.run({
      ...this.feeds(over.set, over.found, places),
      rows: { type: 'float32', shape, data: rows },
    });
    const [bounds, finite] = [numbers(results['least']), numbers(results['finite'])];
    places.forEach((place, p) => {
      if (finite[p] !== 1) return;
      (byPlace.get(place) ?? []).forEach((i, own) => {
        const at = p * 2 * most + 2 * own;
        least.set(bounds.subarray(at, at + 2), 2 * i);
      });
    });
  }

  private feeds(
    set: SetFeed,
    found: readonly Ends[],
    places: readonly number[],
  ): Record<string, Tensor> {
    const feeds: Record<string, Tensor> = {};
    const { graphs, windows } = this;
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
    feeds['radius'] = { type: 'float32', shape: [places.length], data };
    return feeds;
  }

  private gathering(seen: Seen): Gathering {
    const { id } = seen.node;
    const known = this.gatherings.get(id) ?? gatheringOf(seen, this.windows.target);
    this.gatherings.set(id, known);
    return known;
  }

  /**
   * The set's windows, `stop/K/lower` and `/upper` [places, channels, …window], masks, and rows [places, rows,
   * channels] → `least` [places, rows], `finite` [places].
   */
  private graph(): Graph {
    const { graphs, windows } = this;
    const { threat, rounding } = graphs.subject;
    const b = new Builder();
    const input = (name: string, seen: Seen): Node => b.input(name, [PLACES, ...windowShape(seen)]);
    const source = windows.seen.get(graphs.input.id);
    if (!source) throw new RangeError('the windows do not reach the input');
    const ball = {
      centre: input('centre', source),
      lower: input('lower', source),
      upper: input('upper', source),
      radius: b.input('radius', [PLACES]),
    };
    const copies = overWindows(b, graphs.b.nodes, windows, {
      source: ball.centre,
      maskOf: ({ node, window }) => b.input(maskName(node.id), [PLACES, 1, ...windowSize(window)]),
    });
    const given = new Map<number, { readonly lower: Node; readonly upper: Node }>();
    graphs.stops.slice(0, this.place).forEach(({ node }, stop) => {
      const [copy, seen] = [copies.get(node.id), windows.seen.get(node.id)];
      const names = endNames(stop);
      if (!copy || !seen) return;
      given.set(copy.id, { lower: input(names.lower, seen), upper: input(names.upper, seen) });
    });
    const sets = new Map([[ball.centre.id, inputSet(b, threat, ball, rounding !== noRounding)]]);
    const network = { nodes: b.nodes.slice(), inputs: [], outputs: [] };
    const propagation = propagateIntervals(b, network, sets, rounding, {
      given: ({ id }) => given.get(id),
    });
    const target = copies.get(windows.target.id);
    if (!target) throw new RangeError('the windows do not reach the layer');
    propagation.boundsOf(target);
    const rows = b.input('rows', [PLACES, 'rows', Number(windows.target.shape[1])]);
    const { lower } = propagation.backwardBoundOf(target, rows);
    return b.graph({ least: lower, finite: propagation.finite() });
  }
}

const maskName = (id: number): string => `mask/${id}`;
