/**
 * Branch and bound over values inside (β-CROWN, Wang et al. 2021), where too many inputs vary to cut their box:
 * domains are bounded in batches, closed where some row of their question cannot hold, else cut at the value
 * whose halves a glance finds best (filtered smart branching, De Palma et al. 2021).
 */
import type { CancelSignal } from '../runtime/cancel.ts';
import { BestFirst } from './best-first.ts';
import type { Domain, Question } from './domain.ts';
import { type Bounded, boundOf, type DomainBounder } from './domain-bounder.ts';
import type { Root } from './domain-feeds.ts';
import { Progress } from './progress.ts';
import { type Handed, type LateHelpers, Sharing } from './sharing.ts';
import { candidates, halves } from './split-choice.ts';

export interface ActivationSplittingOptions {
  readonly bounder: DomainBounder;
  readonly root: Root;
  /** Looks for a witness from where bounds are least: points, one for each open domain. */
  readonly search: (
    from: readonly { x: Float32Array; question: Question }[],
  ) => Promise<Float64Array | null>;
  /** A witness that a helper found, if it is one. */
  readonly judged?: (x: Float32Array) => Promise<Float64Array | null>;
  /** Others that take domains off this search. */
  readonly helpers?: LateHelpers | undefined;
  /** Told how many more were bounded. */
  readonly onBounded?: (count: number) => void;
  /** Domains from which on the search goes depth first. */
  readonly mostDomains: number;
  readonly signal?: CancelSignal | undefined;
}

export interface Patience {
  /** Domains after which the search stops unless its end is in sight, by the least key that it began with. */
  readonly enough: (first: number) => number;
  /** Domains after which it stops. */
  readonly most: number;
}

export interface Branched {
  readonly witness: Float64Array | null;
  /** Indices of questions with domains that were left when the most were bounded, or that nothing closes and nothing cuts. */
  readonly left: ReadonlySet<number>;
  /** Whether no domain is left that could be cut. */
  readonly isStuck: boolean;
  /** The least key that it began with; −Infinity where nothing was known. */
  readonly first: number;
}

/** A domain that was bounded and is not closed. */
interface OpenDomain {
  readonly domain: Domain;
  readonly own: Bounded;
}

/** Domains handed to a helper at once, at most. */
const MOST_HANDED = 256;
/** By how much, relatively, another row must promise more. */
const SWITCHING = 1e-2;
/** Steps of Adam at the root, and below it, where choices begin with the parent's: more save hardly a domain. */
const [ROOT_STEPS, STEPS] = [40, 5];
/** More where nothing can be cut, and up to so many. */
const [MORE_STEPS, MOST_STEPS] = [4, 500];
/** Candidates that are glanced at, of each score. */
const CANDIDATES = 2;
/** Of a batch the domains of the least keys from where a witness is looked for. */
const SEARCHED = 4;

export class ActivationSplitting {
  /** Domains that were bounded. */
  branches = 0;
  private readonly options: ActivationSplittingOptions;
  private readonly open: BestFirst<Domain>;
  private readonly stuck = new Set<number>();
  private readonly sharing: Sharing<readonly Domain[]> | null;
  private readonly progress = new Progress();

  constructor(options: ActivationSplittingOptions) {
    this.options = options;
    const open = new BestFirst<Domain>(options.mostDomains, ({ key }) => key);
    this.open = open;
    const { helpers, root } = options;
    this.sharing =
      helpers === undefined
        ? null
        : new Sharing<readonly Domain[]>({
            helpers,
            queue: open,
            most: MOST_HANDED,
            close: (domains, help) => help.cut({ root, open: domains }),
            keys: (domains) => domains.map(({ key }) => key),
          });
  }

  /** The least excess of an open domain; Infinity where none is. */
  get lower(): number {
    return Math.min(this.open.worst, this.sharing?.worst ?? Infinity);
  }

  /** No fewer than the questions are bounded. */
  async run(questions: readonly Question[], { enough, most }: Patience): Promise<Branched> {
    for (const question of questions) {
      this.open.push({ question, splits: [], chosen: null, key: -Infinity, steps: ROOT_STEPS });
    }
    let witness: Float64Array | null = null;
    const isOver = (): boolean =>
      this.branches >= Math.max(most, questions.length) ||
      (this.branches >= Math.max(enough(this.progress.first), questions.length) &&
        !this.progress.isPromising);
    try {
      while ((this.open.size > 0 || this.sharing?.isBusy) && !witness && !isOver()) {
        witness = (await this.returned()) ?? (await this.step());
        this.progress.note(this.branches, this.lower);
      }
    } finally {
      this.sharing?.end();
    }
    for (const { stuck } of this.sharing?.drained() ?? []) for (const i of stuck) this.stuck.add(i);
    const away = this.sharing?.away.flat() ?? [];
    const open = [...this.open.take(Infinity), ...away].map(({ question }) => question.index);
    return {
      witness,
      left: new Set([...this.stuck, ...open]),
      isStuck: open.length === 0,
      first: this.progress.first,
    };
  }

  /** These domains and what comes of them, for some time; what is still open then is handed back. */
  async advance(
    domains: readonly Domain[],
    milliseconds: number,
  ): Promise<Handed<readonly Domain[]>> {
    const end = Date.now() + milliseconds;
    this.open.put(domains);
    let witness: Float64Array | null = null;
    while (this.open.size > 0 && !witness && Date.now() < end) witness = await this.step();
    return { witness, stuck: [...this.stuck], open: this.open.take(Infinity) };
  }

  /** What others have made of the domains that they took; a witness of theirs is judged here again. */
  private async returned(): Promise<Float64Array | null> {
    const { judged = () => null, onBounded } = this.options;
    for (const { witness, stuck, branches } of (await this.sharing?.exchange()) ?? []) {
      for (const index of stuck) this.stuck.add(index);
      this.branches += branches;
      onBounded?.(branches);
      const own = witness && (await judged(Float32Array.from(witness)));
      if (own) return own;
    }
    return null;
  }

  private async step(): Promise<Float64Array | null> {
    if (this.open.size === 0) return null;
    const { bounder, root, search, signal } = this.options;
    signal?.throwIfAborted();
    const domains = this.open.take(bounder.atOnce);
    try {
      const most = Math.max(...domains.map(({ steps }) => steps));
      const bounds = await bounder.bound(root, domains, most);
      this.branches += domains.length;
      this.options.onBounded?.(domains.length);
      const left = domains
        .map((domain, i) => ({ domain, own: boundOf(bounds, i) }))
        .filter(({ own }) => !own.isClosed);
      const children = await this.children(await this.kept(left));
      domains.length = 0;
      this.open.put(children);
      const worst = left.toSorted((one, other) => keyOf(one) - keyOf(other)).slice(0, SEARCHED);
      return await search(
        worst.map(({ domain, own }) => ({ x: own.x, question: domain.question })),
      );
    } catch (error) {
      // Where it is interrupted, its domains are open again.
      this.open.put(domains);
      throw error;
    }
  }

  /** Those whose row promises most; where another of its conjunction promises more it is asked about instead. */
  private async kept(left: readonly OpenDomain[]): Promise<OpenDomain[]> {
    const others = left.flatMap(({ domain, own: { chosen } }) => {
      const { question } = domain;
      const rows = (question.rows ?? []).filter((row) => row !== question);
      return rows.map((row): Domain => ({ ...domain, question: row, chosen, steps: STEPS }));
    });
    if (others.length === 0) return [...left];
    const keys = await this.glanced(others);
    let from = 0;
    return left.filter(({ domain, own }) => {
      const count = Math.max(0, (domain.question.rows?.length ?? 1) - 1);
      const all = [...keys.subarray(from, from + count)];
      const best = all.reduce((most, key, i) => (key > (all[most] ?? -Infinity) ? i : most), 0);
      const other = others[from + best];
      from += count;
      const key = all[best] ?? -Infinity;
      const known = keyOf({ domain, own });
      if (!other || !(key > known + SWITCHING * Math.abs(known))) return true;
      this.open.push({ ...other, key });
      return false;
    });
  }

  private async children(left: readonly OpenDomain[]): Promise<Domain[]> {
    const tried = left.flatMap(({ domain, own }) => {
      const found = candidates(own.views, CANDIDATES);
      if (found.length === 0) this.again(domain, own);
      return found.map((candidate) => ({ domain, pair: halves(domain, own, candidate, STEPS) }));
    });
    const all = tried.flatMap(({ pair }) => pair);
    const keys = await this.glanced(all);
    const best = new Map<Domain, { readonly pair: readonly Domain[]; readonly score: number }>();
    tried.forEach(({ domain, pair }, i) => {
      const [below = -Infinity, above = -Infinity] = [keys[2 * i], keys[2 * i + 1]];
      const score = Math.min(below, above, 0) + 1e-3 * Math.min(Math.max(below, above), 0);
      const known = best.get(domain);
      // Where no glance tells anything it is cut all the same: no domain may be lost.
      if (!known || score > known.score || Number.isNaN(known.score))
        best.set(domain, { pair, score });
    });
    return [...best.values()].flatMap(({ pair }) => pair);
  }

  /** Where nothing can be cut, only better multipliers help. */
  private again({ question, splits, key, steps }: Domain, { chosen }: Bounded): void {
    if (steps >= MOST_STEPS) this.stuck.add(question.index);
    else this.open.push({ question, splits, chosen, key, steps: MORE_STEPS * steps });
  }

  private async glanced(domains: readonly Domain[]): Promise<Float64Array> {
    const { bounder, root } = this.options;
    const keys = new Float64Array(domains.length);
    const atOnce = 2 * bounder.atOnce;
    for (let from = 0; from < domains.length; from += atOnce) {
      keys.set(await bounder.glance(root, domains.slice(from, from + atOnce)), from);
    }
    return keys;
  }
}

/** What is known of a domain, or of one that holds it. */
function keyOf({ domain, own }: OpenDomain): number {
  return Number.isNaN(own.key) ? domain.key : Math.max(own.key, domain.key);
}
