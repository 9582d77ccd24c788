/**
 * Bounds of values inside made tighter by branches: each unstable value of a layer, and its negative, is bounded
 * over a few domains instead of one, layer after layer, each over what was found of those before it. In small
 * dense networks this does what others refine layers by integer programs for; a row's bound is the least that is
 * proven of its domains, which cover the set.
 */
import { type Layer, LayerGraphs, type Subject } from '../bounds/layer-graphs.ts';
import type { Ends } from '../bounds/layerwise.ts';
import type { CancelSignal } from '../runtime/cancel.ts';
import type { Domain } from './domain.ts';
import { boundOf, DomainBounder } from './domain-bounder.ts';
import type { Root } from './domain-feeds.ts';
import type { Chosen } from './domain-choices.ts';
import type { Help, LateHelpers } from './sharing.ts';
import { byGap, type Candidate, candidates, halves } from './split-choice.ts';

/** A domain of a row, with what is known of it: there are many, so no more than cutting it takes. */
interface Leaf {
  readonly domain: Domain;
  readonly key: number;
  readonly chosen: Chosen;
  /** Where it would be cut. */
  readonly best: Candidate | undefined;
}

/** One value of a layer, or its negative. */
interface Value {
  readonly element: number;
  readonly sign: 1 | -1;
}

interface Task extends Value {
  readonly leaves: Leaf[];
}

/** Values of a layer, each to be bounded over domains of which the worst is cut so many times. */
export interface Refinement {
  readonly root: Root;
  readonly place: number;
  readonly values: readonly Value[];
  readonly rounds: number;
}

/** How often each row's worst domain is cut. */
export interface Effort {
  readonly rounds: number;
  readonly signal?: CancelSignal | undefined;
  readonly helpers?: LateHelpers | undefined;
}

type LeastOf = (refinement: Refinement) => Promise<Float64Array>;

/** Some of a layer's values, and where they begin among all. */
interface Part {
  readonly from: number;
  readonly refinement: Refinement;
}

interface Grown {
  readonly leaves: readonly { readonly task: Task; readonly domain: Domain }[];
  readonly steps: number;
}

/** Steps of Adam for a row at first, and for each of its domains. */
const [ROOT_STEPS, STEPS] = [20, 10];
/** What preparing a domain costs, and proving a leaf, in passes back and forth: measured. */
const [PASSES_OF_DOMAIN, PASSES_OF_PROOF] = [1.5, 5];
/** Domains that a run takes at once. */
const AT_ONCE = 32;
/** Values that are worked on together. */
const VALUES_AT_ONCE = 64;

export class Tightening {
  private readonly subject: Subject;
  private readonly key: string;
  private readonly layers: readonly Layer[];
  private readonly bounders = new Map<number, DomainBounder>();

  /** `key` names the subject among its network's programs. */
  constructor(
    subject: Subject,
    key: string,
    layers: readonly Layer[] = new LayerGraphs(subject).layers,
  ) {
    this.subject = subject;
    this.key = key;
    this.layers = layers;
  }

  /** Whether branches may tighten a layer: what has no row for each sample, or is exact, stays as it is. */
  private isOpen(place: number): boolean {
    return this.layers[place]?.exact === false;
  }

  /** In passes back and forth through the network: of as many rounds. */
  passesOf({ found }: Root, rounds: number): number {
    const steps = ROOT_STEPS + 2 * rounds * (STEPS + 1);
    const each = steps + (1 + 2 * rounds) * PASSES_OF_DOMAIN + (1 + rounds) * PASSES_OF_PROOF;
    return found.reduce((sum, ends, place) => {
      const share = this.isOpen(place) ? (place + 1) / (found.length + 1) : 0;
      return sum + 2 * unstable(ends).length * each * share;
    }, 0);
  }

  /** The root with tighter bounds: each row's worst domain is cut so many times. */
  async tightened({ set, found: before }: Root, effort: Effort): Promise<Root> {
    const found = before.slice();
    for (const [place, ends] of before.entries()) {
      // Bounds of earlier layers are new: so is the root.
      const root = { set, found: found.slice() };
      if (this.isOpen(place)) found[place] = await this.layer(root, place, ends, effort);
    }
    return { set, found };
  }

  private bounderOf(place: number): DomainBounder {
    const known = this.bounders.get(place);
    const options = { atOnce: AT_ONCE, place, closes: false };
    const made = known ?? new DomainBounder(this.subject, `${this.key}/${place}`, options);
    this.bounders.set(place, made);
    return made;
  }

  private async layer(root: Root, place: number, ends: Ends, effort: Effort): Promise<Ends> {
    const values = unstable(ends).flatMap((element) =>
      ([1, -1] as const).map((sign): Value => ({ element, sign })),
    );
    if (values.length === 0) return ends;
    const { rounds, signal, helpers } = effort;
    const least = new Float64Array(values.length).fill(NaN);
    const parts = partsOf({ root, place, values, rounds });
    const work = async ({ from, refinement }: Part, own: LeastOf): Promise<void> => {
      least.set(await own(refinement), from);
    };
    const here: LeastOf = (refinement) => this.least(refinement, signal);
    const away: Promise<void>[] = [];
    const helped = async (help: Help): Promise<void> => {
      for (let part = parts.pop(); part; part = parts.pop()) {
        const { refinement } = part;
        // What a helper was lost over is done here.
        await work(part, () => help.least(refinement).then((own) => own ?? here(refinement)));
      }
    };
    let failure: Error | null = null;
    const failed = (error: unknown): void => {
      failure = error instanceof Error ? error : new Error(String(error));
    };
    try {
      for (let part = parts.pop(); part; part = parts.pop()) {
        if (helpers)
          for (let idle = helpers.idle; idle > 0; idle--)
            away.push(helped(helpers.help).catch(failed));
        await work(part, here);
      }
    } finally {
      await Promise.all(away);
    }
    if (failure) throw failure as Error;
    return met(ends, values, least);
  }

  /** The least that is proven of each value over its domains, which cover the set; NaN where nothing is. */
  async least(
    { root, place, values, rounds }: Refinement,
    signal?: CancelSignal,
  ): Promise<Float64Array> {
    const bounder = this.bounderOf(place);
    const tasks = values.map((value): Task => ({ ...value, leaves: [] }));
    const width = root.found[place]?.lower.length ?? 0;
    const first = tasks.map((task) => ({ task, domain: whole(task, width) }));
    await grow(bounder, root, { leaves: first, steps: ROOT_STEPS }, signal);
    for (let round = 0; round < rounds; round++) {
      const next = tasks.flatMap((task) => cutWorst(task).map((domain) => ({ task, domain })));
      if (next.length === 0) break;
      await grow(bounder, root, { leaves: next, steps: STEPS }, signal);
    }
    return provenOf(bounder, root, tasks);
  }
}

/** Bounds domains, which become leaves of their tasks. */
async function grow(
  bounder: DomainBounder,
  root: Root,
  { leaves, steps }: Grown,
  signal?: CancelSignal,
): Promise<void> {
  for (let from = 0; from < leaves.length; from += bounder.atOnce) {
    signal?.throwIfAborted();
    const batch = leaves.slice(from, from + bounder.atOnce);
    const domains = batch.map(({ domain }) => domain);
    const bounds = await bounder.bound(root, domains, steps);
    batch.forEach(({ task, domain }, i) => {
      const { key, chosen, views } = boundOf(bounds, i);
      // What is known of a domain that holds it holds of it.
      const known = Number.isNaN(key) ? domain.key : Math.max(key, domain.key);
      const [best] = candidates(views, 1, [byGap]);
      task.leaves.push({ domain, key: known, chosen, best });
    });
  }
}

function partsOf(refinement: Refinement): Part[] {
  const { values } = refinement;
  const starts = Array.from(
    { length: Math.ceil(values.length / VALUES_AT_ONCE) },
    (_, part) => part * VALUES_AT_ONCE,
  );
  return starts.map((from) => {
    const own = values.slice(from, from + VALUES_AT_ONCE);
    return { from, refinement: { ...refinement, values: own } };
  });
}

/** Values that may lie on either side of 0. */
function unstable({ lower, upper }: Ends): number[] {
  return [...lower.keys()].filter((i) => (lower[i] ?? 0) < 0 && (upper[i] ?? 0) > 0);
}

function whole({ element, sign }: Value, width: number): Domain {
  const row = new Float32Array(width);
  row[element] = sign;
  // A row above 0 tells on which side of its bend the value lies.
  const question = { index: element, row, beside: 0, bound: 0, isStrict: false };
  return { question, splits: [], chosen: null, key: -Infinity, steps: ROOT_STEPS };
}

/** The halves of a task's worst domain, which leaves; none where it is good enough or cannot be cut. */
function cutWorst({ leaves }: Task): Domain[] {
  const worst = leaves.reduce<Leaf | undefined>(
    (least, leaf) => (least && !(leaf.key < least.key) ? least : leaf),
    undefined,
  );
  if (!worst?.best || worst.key > 0) return [];
  leaves.splice(leaves.indexOf(worst), 1);
  return halves(worst.domain, worst, worst.best, STEPS);
}

/** The least that is proven of each task's domains. */
async function provenOf(
  bounder: DomainBounder,
  root: Root,
  tasks: readonly Task[],
): Promise<Float64Array> {
  const least = new Float64Array(tasks.length).fill(Infinity);
  const all = tasks.flatMap(({ leaves }, task) =>
    leaves.map(({ domain, chosen }) => ({ task, domain: { ...domain, chosen } })),
  );
  for (let from = 0; from < all.length; from += bounder.atOnce) {
    const batch = all.slice(from, from + bounder.atOnce);
    const domains = batch.map(({ domain }) => domain);
    const bounds = await bounder.proven(root, domains);
    batch.forEach(({ task }, i) => {
      const own = bounds[i] ?? NaN;
      // NaN stays: a leaf of which nothing is known leaves nothing known of all.
      if (Number.isNaN(own) || own < (least[task] ?? NaN)) least[task] = own;
    });
  }
  return least;
}

function met(ends: Ends, values: readonly Value[], least: Float64Array): Ends {
  const [lower, upper] = [ends.lower.slice(), ends.upper.slice()];
  values.forEach(({ element, sign }, i) => {
    const own = sign * (least[i] ?? NaN);
    if (!Number.isFinite(own)) return;
    if (sign > 0) lower[element] = Math.max(lower[element] ?? own, own);
    else upper[element] = Math.min(upper[element] ?? own, own);
  });
  return { lower, upper };
}
