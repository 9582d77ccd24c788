/**
 * What the programs over domains are fed besides what is chosen: the set, once for each domain, their rows, and the
 * ends of all stops as branches have moved them.
 */
import { endNames } from '../bounds/layer-graphs.ts';
import type { Ends, SetFeed } from '../bounds/layerwise.ts';
import { numbers } from '../bounds/numbers.ts';
import type { Zeros } from '../bounds/turns.ts';
import { divide } from '../graph/dimension.ts';
import type { Lease } from '../tensor/buffers.ts';
import { chosenSamples } from '../tensor/samples.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Domain, Split } from './domain.ts';
import type { DomainGraphs } from './domain-graphs.ts';

export type Feeds = Readonly<Record<string, Tensor>>;

/** One set with the bounds of its stops that every domain begins with. */
export interface Root {
  readonly set: SetFeed;
  readonly found: readonly Ends[];
}

export class DomainFeeds {
  private readonly graphs: DomainGraphs;

  constructor(graphs: DomainGraphs) {
    this.graphs = graphs;
  }

  /** In arrays of a lease; `zeros` gives those of the ends, which may be read for longer. */
  of(root: Root, domains: readonly Domain[], { take }: Lease, zeros: Zeros = take): Feeds {
    return { ...this.sets(root, domains, take), ...this.ends(root, domains, zeros) };
  }

  /** Some of the samples of what a program is fed; what has no row for each sample is the same for all. */
  chosen(feeds: Feeds, rows: readonly number[], count: number): Feeds {
    if (rows.length === count) return feeds;
    const shared = new Set(
      this.graphs.climbing.layers.flatMap((_, place) => {
        const names = endNames(place);
        return this.isShared(place) ? [names.lower, names.upper] : [];
      }),
    );
    const own = Object.entries(feeds);
    return Object.fromEntries(
      own.map(([name, tensor]) => [
        name,
        shared.has(name) ? tensor : chosenSamples(tensor, rows, count),
      ]),
    );
  }

  /** Whether a layer is the same for all samples; else each has its part of the first axis. */
  private isShared(place: number): boolean {
    const { climbing } = this.graphs;
    return divide(climbing.target(place).shape[0] ?? 1, climbing.batch) === undefined;
  }

  /** What the domains share, once for each, and their rows. */
  private sets(root: Root, domains: readonly Domain[], take: Zeros): Feeds {
    const feeds: Record<string, Tensor> = {};
    const count = domains.length;
    for (const [name, { data, shape }] of Object.entries(root.set)) {
      feeds[name] =
        data instanceof Float32Array
          ? { type: 'float32', shape: [count, ...shape], data: repeated(data, count, take) }
          : {
              type: 'int32',
              shape: [count, ...shape],
              data: Int32Array.from(
                { length: count * data.length },
                (_, i) => data[i % data.length] ?? 0,
              ),
            };
    }
    const outputs = domains[0]?.question.row.length ?? 0;
    const rows = take(count * outputs);
    domains.forEach(({ question }, i) => rows.set(question.row, i * outputs));
    feeds['row'] = { type: 'float32', shape: [count, 1, outputs], data: rows };
    return feeds;
  }

  /** The ends of all stops, moved where a domain's splits say so. */
  private ends(root: Root, domains: readonly Domain[], zeros: Zeros): Feeds {
    const { climbing } = this.graphs;
    const feeds: Record<string, Tensor> = {};
    const count = domains.length;
    root.found.slice(0, this.graphs.place).forEach((ends, place) => {
      const shape = this.isShared(place)
        ? (climbing.layers[place]?.shape ?? [])
        : climbing.target(place).shape.map((dim) => Number(divide(dim, climbing.batch) ?? dim));
      const [first = 1, ...rest] = shape;
      const names = endNames(place);
      for (const [name, data] of [
        [names.lower, ends.lower],
        [names.upper, ends.upper],
      ] as const) {
        feeds[name] = this.isShared(place)
          ? { type: 'float32', shape, data }
          : {
              type: 'float32',
              shape: [count * first, ...rest],
              data: repeated(data, count, zeros),
            };
      }
    });
    domains.forEach(({ splits }, i) => splits.forEach((split) => move(feeds, split, i, count)));
    return feeds;
  }
}

function repeated(data: Float32Array, count: number, zeros: Zeros): Float32Array {
  const all = zeros(count * data.length);
  for (let i = 0; i < count; i++) all.set(data, i * data.length);
  return all;
}

function move(
  feeds: Feeds,
  { place, element, side, point }: Split,
  i: number,
  count: number,
): void {
  const names = endNames(place);
  const ends = numbers(feeds[side > 0 ? names.lower : names.upper]);
  const at = (i * ends.length) / count + element;
  ends[at] = side > 0 ? Math.max(ends[at] ?? point, point) : Math.min(ends[at] ?? point, point);
}
