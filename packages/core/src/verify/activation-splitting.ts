/**
 * Branch and bound over values inside (β-CROWN, Wang et al. 2021), where too many inputs vary to cut their box:
 * domains are bounded in batches, closed where some row of their question cannot hold, else cut at the value
 * whose halves a glance finds best (filtered smart branching, De Palma et al. 2021).
 */
import type { CancelSignal } from '../runtime/cancel.ts';
import { BestFirst } from './best-first.ts';
import type { Domain, Question } from './domain.ts';
import { type Bounded, boundOf, type DomainBounder, type Root } from './domain-bounder.ts';
import { candidates, halves } from './split-choice.ts';

export interface ActivationSplittingOptions {
  readonly bounder: DomainBounder;
  readonly root: Root;
  /** Looks for a witness from where bounds are least: points, one for each open domain. */
  readonly search: (
    from: readonly { x: Float32Array; question: Question }[],
  ) => Promise<Float64Array | null>;
  /** Told how many more were bounded. */
  readonly onBounded?: (count: number) => void;
  /** Domains from which on the search goes depth first. */
  readonly mostDomains: number;
  readonly signal?: CancelSignal | undefined;
}

export interface Branched {
  readonly witness: Float64Array | null;
  /** Indices of questions with domains that were left when the most were bounded, or that nothing closes and nothing cuts. */
  readonly left: ReadonlySet<number>;
  /** Whether no domain is left that could be cut. */
  readonly isStuck: boolean;
}

/** A domain that was bounded and is not closed. */
interface OpenDomain {
  readonly domain: Domain;
  readonly own: Bounded;
}

/** By how much, relatively, another row must promise more. */
const SWITCHING = 1e-2;
/** Steps of Adam at the root, and below it, where choices begin with the parent's. */
const [ROOT_STEPS, STEPS] = [40, 12];
/** More where nothing can be cut, and up to so many. */
const [MORE_STEPS, MOST_STEPS] = [4, 500];
/** Candidates that are glanced at, of each score. */
const CANDIDATES = 3;

export class ActivationSplitting {
  /** Domains that were bounded. */
  branches = 0;
  private readonly options: ActivationSplittingOptions;
  private readonly open: BestFirst<Domain>;
  private readonly stuck = new Set<number>();

  constructor(options: ActivationSplittingOptions) {
    this.options = options;
    this.open = new BestFirst(options.mostDomains, ({ key }) => key);
  }

  /** The least excess of an open domain; Infinity where none is. */
  get lower(): number {
    return this.open.worst;
  }

  /** Bounds so many domains at most, and no fewer than the questions. */
  async run(questions: readonly Question[], most = Infinity): Promise<Branched> {
    for (const question of questions) {
      this.open.push({ question, splits: [], chosen: null, key: -Infinity, steps: ROOT_STEPS });
    }
    let witness: Float64Array | null = null;
    const enough = Math.max(most, questions.length);
    while (this.open.size > 0 && !witness && this.branches < enough) witness = await this.step();
    const open = this.open.take(Infinity).map(({ question }) => question.index);
    return { witness, left: new Set([...this.stuck, ...open]), isStuck: open.length === 0 };
  }

  private async step(): Promise<Float64Array | null> {
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
      for (const child of children) this.open.push(child);
      return await search(left.map(({ domain, own }) => ({ x: own.x, question: domain.question })));
    } catch (error) {
      // Where it is interrupted, its domains are open again.
      for (const domain of domains) this.open.push(domain);
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
      const known = Math.max(own.key, domain.key);
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
