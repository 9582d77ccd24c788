/**
 * A bounder of domains (β-CROWN, Wang et al. 2021): bounds of values inside are those found at the root, moved
 * where branches say so; slopes and multipliers of each domain's row are climbed from its parent's. What seems
 * closed is bounded once more, outward: nothing else closes a domain.
 */
import { numbers } from '../bounds/numbers.ts';
import { endNames, type Layer, type Subject } from '../bounds/layer-graphs.ts';
import type { Ends, SetFeed } from '../bounds/layerwise.ts';
import { Prepared, type Staged, StagedPrograms } from '../bounds/staged-programs.ts';
import { allocated, type Columns, columnsOf, type Zeros } from '../bounds/turns.ts';
import { divide } from '../graph/dimension.ts';
import type { Programs } from '../runtime/programs.ts';
import { Buffers, type Lease } from '../tensor/buffers.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Domain, excessOf, type Split } from './domain.ts';
import { type Chosen, DomainChoices } from './domain-choices.ts';
import { type DomainGraphs, domainGraphs } from './domain-graphs.ts';
import { MeanInput } from './mean-input.ts';

type Feeds = Readonly<Record<string, Tensor>>;

/** One set with the bounds of its stops that every domain begins with. */
export interface Root {
  readonly set: SetFeed;
  readonly found: readonly Ends[];
}

/** What is known of a stop's values in one domain. */
export interface StopView {
  readonly place: number;
  /** The s of the hinge max(x, s·x) behind it; undefined where it is a curve. */
  readonly flat: number | undefined;
  readonly lower: Float32Array;
  readonly upper: Float32Array;
  /** Coefficients of what bends them. */
  readonly behind: Float32Array;
  /** How far the slopes below hinges are turned. */
  readonly turns: Float32Array;
  /** Where the relaxed network has them when the bound is least. */
  readonly points: Float32Array;
}

export interface Bounded {
  readonly isClosed: boolean;
  /** What the bound comes to; not proven. */
  readonly key: number;
  readonly chosen: Chosen;
  /** The input at which it does, or after many steps the mean of these, which nears one that keeps to the splits. */
  readonly x: Float32Array;
  readonly views: readonly StopView[];
}

/** What is known of domain i. Throws RangeError where it was forgotten: nothing may be lost. */
export function boundOf(bounds: readonly Bounded[], i: number): Bounded {
  const own = bounds[i];
  if (!own) throw new RangeError('a domain was not bounded');
  return own;
}

const NO_TURNS = new Float32Array();

export interface BounderOptions {
  /** Domains a run takes at once. */
  readonly atOnce: number;
  /** The layer whose rows are bounded; by default the output. */
  readonly place?: number;
  /** Whether what seems closed is proven to be; by default it is. */
  readonly closes?: boolean;
}

export class DomainBounder {
  readonly atOnce: number;
  private readonly closes: boolean;
  private readonly programs: Programs;
  private readonly key: string;
  private readonly graphs: DomainGraphs;
  private readonly stages: StagedPrograms;
  private readonly climb: Staged;
  private readonly columns = new WeakMap<Root, readonly Columns[]>();
  private readonly buffers = new Buffers();

  constructor(subject: Subject, key: string, { atOnce, place, closes = true }: BounderOptions) {
    this.programs = subject.network.programs;
    this.key = key;
    this.graphs = domainGraphs(subject, place);
    this.atOnce = atOnce;
    this.closes = closes;
    const { climbing, climb, varying } = this.graphs;
    this.stages = new StagedPrograms(this.programs, key, climbing.b.nodes, [climbing.input]);
    this.climb = this.stages.staged('climb', climb, varying);
  }

  /** Of the network, the output last. */
  get layers(): readonly Layer[] {
    return this.graphs.climbing.layers;
  }

  /** After so many steps up. */
  async bound(root: Root, domains: readonly Domain[], steps: number): Promise<Bounded[]> {
    const lease = this.buffers.lease();
    // Ends stay with the views.
    const feeds = { ...this.feeds(root, domains, lease), ...this.ends(root, domains, allocated) };
    const choices = this.choices(root, domains, lease);
    const prepared = new Prepared();
    // What depends on the domains alone is computed once.
    const nothing = { name: '', values: {} };
    const key = `prepared/${domains.length}`;
    const into = lease.into(key);
    const made = await this.stages.prepare(prepared, feeds, nothing, [this.climb], into);
    lease.spend(key, made);
    const run = await this.stages.open(this.climb, prepared, feeds);
    let results = await run(choices.feeds);
    const mean = new MeanInput(numbers(results['x']).length, steps);
    for (let step = 1; step <= steps; step++) {
      choices.step(step, results);
      results = await run(choices.feeds, results);
      mean.add(step, numbers(results['x']));
    }
    const x = mean.value ?? numbers(results['x']);
    const keys = keysOf(domains, choices.estimates(results));
    const closed = await this.closed(feeds, choices, domains, keys);
    lease.end();
    const size = x.length / domains.length;
    return domains.map((_, i): Bounded => {
      const views = this.graphs.stops.flatMap(({ place, width, flat }): StopView[] => {
        const names = endNames(place);
        const of = (tensor: Tensor | undefined): Float32Array =>
          numbers(tensor).subarray(i * width, (i + 1) * width);
        if (!results[`behind/${place}`]) return [];
        return [
          {
            place,
            flat,
            lower: of(feeds[names.lower]),
            upper: of(feeds[names.upper]),
            behind: of(results[`behind/${place}`]),
            turns: flat === undefined ? NO_TURNS : of(choices.feeds[`turn/${place}`]),
            points: of(results[`point/${place}`]),
          },
        ];
      });
      return {
        isClosed: closed.has(i),
        key: keys[i] ?? NaN,
        chosen: choices.of(i),
        x: x.subarray(i * size, (i + 1) * size),
        views,
      };
    });
  }

  /** Keys of domains by the choices they begin with, not proven. */
  async glance(root: Root, domains: readonly Domain[]): Promise<Float64Array> {
    const program = await this.stages.whole('glance', () => this.graphs.glance);
    const lease = this.buffers.lease();
    const choices = this.choices(root, domains, lease);
    const ends = this.ends(root, domains, lease.take);
    const feeds = { ...this.feeds(root, domains, lease), ...ends, ...choices.feeds };
    const key = `glance/${domains.length}`;
    const results = await program.run(feeds, lease.into(key));
    const keys = keysOf(domains, choices.estimates(results));
    lease.spend(key, results);
    lease.end();
    return keys;
  }

  /** Lower bounds of the domains' rows by the choices they begin with, proven; NaN where nothing is known. */
  async proven(root: Root, domains: readonly Domain[]): Promise<Float64Array> {
    const lease = this.buffers.lease();
    const { feeds } = this.choices(root, domains, lease);
    const ends = this.ends(root, domains, lease.take);
    const least = await this.least({ ...this.feeds(root, domains, lease), ...ends, ...feeds });
    lease.end();
    return least;
  }

  private async least(feeds: Feeds): Promise<Float64Array> {
    const program = await this.programs.named(`${this.key}/close`, () => this.graphs.close);
    const { least, finite } = await program.run(feeds);
    const flags = numbers(finite);
    return Float64Array.from(numbers(least), (value, i) => (flags[i] === 1 ? value : NaN));
  }

  /** Of the domains that seem closed, those that are. */
  private async closed(
    feeds: Feeds,
    choices: DomainChoices,
    domains: readonly Domain[],
    keys: Float64Array,
  ): Promise<Set<number>> {
    const likely = this.closes ? [...keys.keys()].filter((i) => (keys[i] ?? NaN) > 0) : [];
    if (likely.length === 0) return new Set();
    const all = { ...feeds, ...choices.feeds };
    const least = await this.least(this.chosenRows(all, likely, domains.length));
    return new Set(likely.filter((i, k) => excessAt(domains[i], least[k]) > 0));
  }

  /** Some of the samples of what a program is fed; what has no row for each sample is the same for all. */
  private chosenRows(feeds: Feeds, rows: readonly number[], count: number): Feeds {
    if (rows.length === count) return feeds;
    const shared = new Set(
      this.layers.flatMap((_, place) => {
        const names = endNames(place);
        return this.isShared(place) ? [names.lower, names.upper] : [];
      }),
    );
    const own = Object.entries(feeds);
    return Object.fromEntries(
      own.map(([name, tensor]) => [name, shared.has(name) ? tensor : rowsOf(tensor, rows, count)]),
    );
  }

  /** Whether a layer is the same for all samples; else each has its part of the first axis. */
  private isShared(place: number): boolean {
    const { climbing } = this.graphs;
    return divide(climbing.target(place).shape[0] ?? 1, climbing.batch) === undefined;
  }

  private choices(root: Root, domains: readonly Domain[], { take }: Lease): DomainChoices {
    const { stops } = this.graphs;
    const columns = this.columns.get(root) ?? columnsOf(stops, root.found);
    this.columns.set(root, columns);
    return new DomainChoices(stops, columns, domains, take);
  }

  /** What the domains share, once for each, and their rows. */
  private feeds(root: Root, domains: readonly Domain[], { take }: Lease): Feeds {
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

function keysOf(domains: readonly Domain[], estimates: Float64Array): Float64Array {
  return estimates.map((estimate, i) => excessAt(domains[i], estimate));
}

function excessAt(domain: Domain | undefined, least: number = NaN): number {
  return domain ? excessOf(domain.question, least) : NaN;
}

function repeated(data: Float32Array, count: number, zeros: Zeros): Float32Array {
  const all = zeros(count * data.length);
  for (let i = 0; i < count; i++) all.set(data, i * data.length);
  return all;
}

function rowsOf(tensor: Tensor, rows: readonly number[], count: number): Tensor {
  const { type, shape, data } = tensor;
  const size = data.length / count;
  const own = [((shape[0] ?? 1) / count) * rows.length, ...shape.slice(1)];
  if (data instanceof Float32Array) {
    const some = new Float32Array(rows.length * size);
    rows.forEach((row, k) => some.set(data.subarray(row * size, (row + 1) * size), k * size));
    return { type: 'float32', shape: own, data: some };
  }
  if (data instanceof Int32Array) {
    const some = new Int32Array(rows.length * size);
    rows.forEach((row, k) => some.set(data.subarray(row * size, (row + 1) * size), k * size));
    return { type: 'int32', shape: own, data: some };
  }
  throw new RangeError(`rows of ${type} were not expected`);
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
