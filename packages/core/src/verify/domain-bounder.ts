/**
 * A bounder of domains (β-CROWN, Wang et al. 2021): bounds of values inside are those found at the root, moved
 * where branches say so; slopes and multipliers of each domain's row are climbed from its parent's. What seems
 * closed is bounded once more, outward: nothing else closes a domain.
 */
import { endNames, type Layer, type Subject } from '../bounds/layer-graphs.ts';
import { numbers } from '../bounds/numbers.ts';
import { Prepared, type Staged, StagedPrograms } from '../bounds/staged-programs.ts';
import { allocated, type Columns, columnsOf } from '../bounds/turns.ts';
import type { Programs } from '../runtime/programs.ts';
import { Buffers, type Lease } from '../tensor/buffers.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Domain, excessOf } from './domain.ts';
import { type Chosen, DomainChoices } from './domain-choices.ts';
import { DomainFeeds, type Feeds, type Root } from './domain-feeds.ts';
import { type DomainGraphs, domainGraphs } from './domain-graphs.ts';
import { MeanInput } from './mean-input.ts';

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
  private readonly feeding: DomainFeeds;
  private readonly stages: StagedPrograms;
  private readonly climb: Staged;
  private readonly columns = new WeakMap<Root, readonly Columns[]>();
  private readonly buffers = new Buffers();

  constructor(subject: Subject, key: string, { atOnce, place, closes = true }: BounderOptions) {
    this.programs = subject.network.programs;
    this.key = key;
    this.graphs = domainGraphs(subject, place);
    this.feeding = new DomainFeeds(this.graphs);
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
    const feeds = this.feeding.of(root, domains, lease, allocated);
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
    const feeds = { ...this.feeding.of(root, domains, lease), ...choices.feeds };
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
    const least = await this.least({ ...this.feeding.of(root, domains, lease), ...feeds });
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
    const least = await this.least(this.feeding.chosen(all, likely, domains.length));
    return new Set(likely.filter((i, k) => excessAt(domains[i], least[k]) > 0));
  }

  private choices(root: Root, domains: readonly Domain[], { take }: Lease): DomainChoices {
    const { stops } = this.graphs;
    const columns = this.columns.get(root) ?? columnsOf(stops, root.found);
    this.columns.set(root, columns);
    return new DomainChoices(stops, columns, domains, take);
  }
}

function keysOf(domains: readonly Domain[], estimates: Float64Array): Float64Array {
  return estimates.map((estimate, i) => excessAt(domains[i], estimate));
}

function excessAt(domain: Domain | undefined, least: number = NaN): number {
  return domain ? excessOf(domain.question, least) : NaN;
}
