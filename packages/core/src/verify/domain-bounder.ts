/**
 * A bounder of domains (β-CROWN, Wang et al. 2021): bounds of values inside are those found at the root, moved
 * where branches say so; slopes and multipliers of each domain's rows are climbed from its parent's.
 */
import { adamFeeds } from '../bounds/adam.ts';
import type { Choice } from '../bounds/ascent-state.ts';
import { numbers, scalar } from '../bounds/climb.ts';
import { endNames, type Subject } from '../bounds/layer-graphs.ts';
import type { Ends, SetFeed } from '../bounds/layerwise.ts';
import type { Programs } from '../runtime/programs.ts';
import { sizeOf, type Tensor } from '../tensor/tensor.ts';
import type { Domain, Split } from './domain.ts';
import { type DomainGraphs, domainGraphs } from './domain-graphs.ts';

type Feeds = Record<string, Tensor>;

/** One set with the bounds of its stops that every domain begins with. */
export interface Root {
  readonly set: SetFeed;
  readonly found: readonly Ends[];
}

/** What is known of a stop's values, for the row of a domain that is nearest to being refuted. */
export interface StopView {
  readonly lower: Float32Array;
  readonly upper: Float32Array;
  /** Coefficients of the values, and of the hinges that bend them. */
  readonly coefficients: Float32Array;
  readonly behind: Float32Array | null;
  /** Where the relaxed network has them when the bound is least. */
  readonly points: Float32Array;
}

export interface Bounded {
  /** The greatest excess of a row; −Infinity where nothing is known. */
  readonly key: number;
  readonly choices: Float32Array;
  /** Where the linear bound of that row is least. */
  readonly slopes: Float32Array;
  readonly views: ReadonlyMap<number, StopView>;
}

/** Columns of a choice that matter at a root: those of values that both sides of a branch may hold. */
interface Kept {
  readonly choice: Choice;
  readonly columns: Int32Array;
}

const [RATE, MULTIPLIER_RATE, DECAY] = [0.1, 0.1, 0.98];

export class DomainBounder {
  readonly atOnce: number;
  private readonly programs: Programs;
  private readonly key: string;
  private readonly graphs: DomainGraphs;
  private readonly kept = new WeakMap<Root, readonly Kept[]>();

  constructor(subject: Subject, key: string, atOnce: number) {
    this.programs = subject.network.programs;
    this.key = key;
    this.graphs = domainGraphs(subject);
    this.atOnce = atOnce;
  }

  /** After so many steps up. */
  async bound(root: Root, domains: readonly Domain[], steps: number): Promise<Bounded[]> {
    const rows = Math.max(...domains.map(({ question }) => question.count));
    const feeds = this.feeds(root, domains, rows);
    let state = this.unpacked(root, domains, rows);
    const climb = await this.program('climb');
    for (let step = 1; step <= steps; step++) {
      const results = await climb.run({ ...feeds, ...state, ...ratesAt(step) });
      state = Object.fromEntries(
        Object.entries(state).map(([name, own]) => [name, results[`next/${name}`] ?? own]),
      );
    }
    const close = await this.program('close');
    const results = await close.run({ ...feeds, ...state });
    return domains.map((domain, i) => this.bounded(root, domain, i, rows, { feeds, state, results }));
  }

  /** Keys of domains by the choices they begin with, not proven. */
  async glance(root: Root, domains: readonly Domain[]): Promise<Float64Array> {
    const rows = Math.max(...domains.map(({ question }) => question.count));
    const glance = await this.program('glance');
    const { estimate } = await glance.run({
      ...this.feeds(root, domains, rows),
      ...this.unpacked(root, domains, rows),
    });
    const found = numbers(estimate);
    return Float64Array.from(domains, ({ question }, i) => nearest(question, found, i * rows).key);
  }

  private program(name: 'climb' | 'close' | 'glance') {
    return this.programs.named(`${this.key}/${name}`, () => this.graphs[name]);
  }

  private bounded(
    root: Root,
    { question }: Domain,
    i: number,
    rows: number,
    run: { readonly feeds: Feeds; readonly state: Feeds; readonly results: Readonly<Feeds> },
  ): Bounded {
    const { feeds, state, results } = run;
    const finite = numbers(results['finite'])[i] === 1;
    const { key, row } = nearest(question, numbers(results['least']), i * rows);
    const of = (tensor: Tensor | undefined): Float32Array | null => {
      if (!tensor) return null;
      const data = numbers(tensor);
      const size = tensor.shape[2] ?? 1;
      return data.subarray((i * rows + row) * size, (i * rows + row + 1) * size);
    };
    const views = new Map<number, StopView>();
    root.found.forEach(({ lower }, place) => {
      const [coefficients, points] = [of(results[`coefficients/${place}`]), of(results[`point/${place}`])];
      if (!coefficients || !points) return;
      const names = endNames(place);
      const own = (name: string): Float32Array =>
        numbers(feeds[name]).subarray(i * lower.length, (i + 1) * lower.length);
      const behind = of(results[`behind/${place}`]);
      const ends = { lower: own(names.lower), upper: own(names.upper) };
      views.set(place, { ...ends, coefficients, points, behind });
    });
    return {
      key: finite ? key : -Infinity,
      choices: this.packed(root, state, i, { rows, count: question.count }),
      slopes: of(results['slopes']) ?? new Float32Array(0),
      views,
    };
  }

  private feeds(root: Root, domains: readonly Domain[], rows: number): Feeds {
    const count = domains.length;
    const feeds: Feeds = {};
    for (const [name, { data, shape }] of Object.entries(root.set)) {
      const type = data instanceof Float32Array ? 'float32' : 'int32';
      const all = data instanceof Float32Array
        ? new Float32Array(count * data.length)
        : new Int32Array(count * data.length);
      for (let i = 0; i < count; i++) all.set(data, i * data.length);
      feeds[name] = { type, shape: [count, ...shape], data: all } as Tensor;
    }
    const outputs = (domains[0]?.question.rows.length ?? 0) / (domains[0]?.question.count ?? 1);
    const spec = new Float32Array(count * rows * outputs);
    domains.forEach(({ question }, i) => spec.set(question.rows, i * rows * outputs));
    feeds['rows'] = { type: 'float32', shape: [count, rows, outputs], data: spec };
    root.found.forEach((ends, place) => {
      const names = endNames(place);
      const width = ends.lower.length;
      const shape = this.graphs.shapes[place];
      if (!shape) {
        feeds[names.lower] = this.fixed(place, ends.lower);
        feeds[names.upper] = this.fixed(place, ends.upper);
        return;
      }
      const stack = (data: Float32Array): Tensor => {
        const all = new Float32Array(count * width);
        for (let i = 0; i < count; i++) all.set(data, i * width);
        return { type: 'float32', shape: [count, ...shape], data: all };
      };
      feeds[names.lower] = stack(ends.lower);
      feeds[names.upper] = stack(ends.upper);
      feeds[`side/${place}`] = {
        type: 'float32',
        shape: [count, 1, width],
        data: new Float32Array(count * width),
      };
    });
    domains.forEach(({ splits }, i) => splits.forEach((split) => move(feeds, split, i)));
    return feeds;
  }

  /** Ends of a value that has no row for each sample. */
  private fixed(place: number, data: Float32Array): Tensor {
    return { type: 'float32', shape: this.graphs.layers[place]?.shape ?? [], data };
  }

  private keptOf(root: Root): readonly Kept[] {
    const known = this.kept.get(root);
    if (known) return known;
    const { choices, places } = this.graphs;
    const made = choices.map((choice): Kept => {
      const { lower, upper } = root.found[places.get(choice.about) ?? -1] ?? { lower: [], upper: [] };
      const open = Array.from(lower, (low, i) => (low < 0 && (upper[i] ?? 0) > 0 ? i : -1));
      return { choice, columns: Int32Array.from(open.filter((i) => i >= 0)) };
    });
    this.kept.set(root, made);
    return made;
  }

  private unpacked(root: Root, domains: readonly Domain[], rows: number): Feeds {
    const state: Feeds = {};
    const count = domains.length;
    let from = 0;
    for (const { choice, columns } of this.keptOf(root)) {
      const { name, width } = choice;
      const shape = [count, rows, width];
      const data = new Float32Array(sizeOf(shape));
      domains.forEach(({ choices, question }, i) => {
        if (!choices) return;
        for (let row = 0; row < question.count; row++) {
          const start = from * question.count + row * columns.length;
          const to = (i * rows + row) * width;
          for (let k = 0; k < columns.length; k++) data[to + (columns[k] ?? 0)] = choices[start + k] ?? 0;
        }
      });
      from += columns.length;
      state[name] = { type: 'float32', shape, data };
      for (const moment of ['first', 'second']) {
        state[`${moment}/${name}`] = { type: 'float32', shape, data: new Float32Array(data.length) };
      }
    }
    return state;
  }

  private packed(
    root: Root,
    state: Feeds,
    i: number,
    { rows, count }: { readonly rows: number; readonly count: number },
  ): Float32Array {
    const kept = this.keptOf(root);
    const size = kept.reduce((sum, { columns }) => sum + columns.length, 0);
    const all = new Float32Array(size * count);
    let to = 0;
    for (const { choice, columns } of kept) {
      const data = numbers(state[choice.name]);
      for (let row = 0; row < count; row++) {
        const from = (i * rows + row) * choice.width;
        for (let k = 0; k < columns.length; k++) all[to++] = data[from + (columns[k] ?? 0)] ?? 0;
      }
    }
    return all;
  }
}

function ratesAt(step: number): Feeds {
  const { rate, scale } = adamFeeds(step, RATE * DECAY ** (step - 1));
  return {
    rate: scalar(rate),
    'multiplier-rate': scalar((rate * MULTIPLIER_RATE) / RATE),
    scale: scalar(scale),
  };
}

function move(feeds: Feeds, { place, element, side, point }: Split, i: number): void {
  const names = endNames(place);
  const ends = numbers(feeds[side > 0 ? names.lower : names.upper]);
  const width = ends.length / (feeds['rows']?.shape[0] ?? 1);
  ends[i * width + element] = point;
  numbers(feeds[`side/${place}`])[i * width + element] = side;
}

/** The row that is nearest to being refuted, and its excess. */
function nearest(
  { count, excess }: Domain['question'],
  least: Float32Array,
  from: number,
): { readonly key: number; readonly row: number } {
  let [row, key] = [0, -Infinity];
  for (let k = 0; k < count; k++) {
    const own = excess(k, least[from + k] ?? NaN);
    if (own > key) [row, key] = [k, own];
  }
  return { key, row };
}
