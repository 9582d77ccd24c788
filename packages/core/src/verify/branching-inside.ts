/**
 * Questions decided by branches inside: over CROWN's bounds at first, for as long as optimising these would take,
 * then over optimised ones, then over bounds that branches of their own tighten, in ever more rounds, with as much
 * given to the domains each time, and more where these will soon be done.
 */
import type { Subject } from '../bounds/layer-graphs.ts';
import type { CancelSignal } from '../runtime/cancel.ts';
import { ActivationSplitting } from './activation-splitting.ts';
import type { Question } from './domain.ts';
import { DomainBounder } from './domain-bounder.ts';
import type { Root } from './domain-feeds.ts';
import type { LateHelpers } from './sharing.ts';
import { Tightening } from './tightening.ts';

/** Domains that a run takes at once: their values stay in cache. */
const AT_ONCE = 32;
/** Bytes of a domain, at least. */
const BYTES_OF_DOMAIN = 2 ** 14;
/** What a domain costs, in passes back and forth through the network. */
const PASSES_OF_DOMAIN = 16;
/** Of what tightening costs so much is given to the domains before it. */
const SHARE_OF_DOMAINS = 0.25;
/** Tightening is worth its time where it takes such a share off how far the worst question is from closed. */
const WORTH_TIGHTENING = 0.1;
/** How much more is given to the domains where it took less. */
const RATHER_DOMAINS = 8;
/** Rounds of tightening at first, and by how much they grow; after so many what is stuck is left. */
const [FIRST_ROUNDS, MORE, LAST_ROUNDS] = [4, 2, 64];

/** A question over the set that it is about, with what is known inside. */
export interface Asked {
  readonly root: Root;
  readonly question: Question;
}

/** What bounds the domains of a subject, made once for all questions about it. */
export class InsideBounders {
  readonly domains: DomainBounder;
  readonly tightening: Tightening;

  /** `key` names the subject among its network's programs. */
  constructor(subject: Subject, key: string) {
    this.domains = new DomainBounder(subject, `${key}/branches`, { atOnce: AT_ONCE });
    this.tightening = new Tightening(subject, `${key}/tightening`, this.domains.layers);
  }
}

export interface BranchingOptions<T extends Asked> {
  readonly bounders: InsideBounders;
  /** Bytes that open domains may take. */
  readonly memory: number;
  /** What slopes optimised inside leave open, and what that takes in passes. */
  readonly optimised: (open: readonly T[]) => Promise<readonly T[]>;
  readonly passesOf: (root: Root) => number;
  /** Looks for a witness from where bounds are least. */
  readonly search: (from: readonly Start<T>[]) => Promise<Float64Array | null>;
  /** A witness that a helper found, if it is one. */
  readonly judged?: (x: Float32Array) => Promise<Float64Array | null>;
  readonly helpers?: LateHelpers | undefined;
  /** Domains that are bounded at most. */
  readonly most?: number;
  readonly signal?: CancelSignal | undefined;
}

export interface Start<T> {
  readonly x: Float32Array;
  readonly asked: T;
}

export interface BranchedInside<T> {
  readonly witness: Float64Array | null;
  readonly left: readonly T[];
}

interface Over<T> extends BranchedInside<T> {
  /** As in Branched. */
  readonly isStuck: boolean;
  readonly first: number;
}

export class BranchingInside<T extends Asked> {
  /** Domains that were bounded. */
  branches = 0;
  private readonly options: BranchingOptions<T>;

  constructor(options: BranchingOptions<T>) {
    this.options = options;
  }

  async decide(asked: readonly T[]): Promise<BranchedInside<T>> {
    const { optimised, passesOf, bounders } = this.options;
    const { tightening } = bounders;
    let { witness, left } = await this.over(asked, passesOf);
    if (this.isOver(witness, left)) return { witness, left };
    left = await optimised(left);
    let last = -Infinity;
    for (let rounds = FIRST_ROUNDS; ; rounds *= MORE) {
      const [before, key] = [left.length, last];
      const found = await this.over(left, (root, first) => {
        const isWorth = first >= (1 - WORTH_TIGHTENING) * key;
        return tightening.passesOf(root, rounds) * (isWorth ? 1 : RATHER_DOMAINS);
      });
      ({ witness, left } = found);
      last = found.first;
      const isStuck = found.isStuck && left.length === before && rounds >= LAST_ROUNDS;
      if (isStuck || this.isOver(witness, left)) return { witness, left };
      left = await this.tightened(left, rounds);
    }
  }

  private isOver(witness: Float64Array | null, left: readonly T[]): boolean {
    const { most = Infinity } = this.options;
    return witness !== null || left.length === 0 || this.branches >= most;
  }

  /** One search after another, over each set that questions share, for so many passes each. */
  private async over(
    asked: readonly T[],
    passes: (root: Root, first: number) => number,
  ): Promise<Over<T>> {
    const { options } = this;
    const left: T[] = [];
    let [isStuck, least] = [true, Infinity];
    for (const [root, group] of grouped(asked)) {
      const byIndex = new Map(group.map((each) => [each.question.index, each]));
      const splitting = new ActivationSplitting({
        bounder: options.bounders.domains,
        root,
        mostDomains: Math.floor(options.memory / BYTES_OF_DOMAIN),
        search: (from) =>
          options.search(
            from.flatMap(({ x, question }) => {
              const own = byIndex.get(question.index);
              return own ? [{ x, asked: own }] : [];
            }),
          ),
        onBounded: (count) => (this.branches += count),
        ...(options.judged ? { judged: options.judged } : {}),
        helpers: options.helpers,
        signal: options.signal,
      });
      // Where nothing inside can be tightened, domains are all that is left.
      const enough = (first: number): number =>
        (SHARE_OF_DOMAINS * passes(root, first)) / PASSES_OF_DOMAIN || Infinity;
      const rest = (options.most ?? Infinity) - this.branches;
      const questions = group.map(({ question }) => question);
      const found = await splitting.run(questions, { enough, most: rest });
      const { witness, first } = found;
      if (witness) return { witness, left: [], isStuck: false, first };
      isStuck &&= found.isStuck;
      least = Math.min(least, first);
      left.push(...group.filter(({ question }) => found.left.has(question.index)));
    }
    return { witness: null, left, isStuck, first: least };
  }

  /** The same questions over tighter bounds inside. */
  private async tightened(asked: readonly T[], rounds: number): Promise<T[]> {
    const { bounders, signal, helpers } = this.options;
    const all: T[] = [];
    for (const [before, group] of grouped(asked)) {
      const root = await bounders.tightening.tightened(before, { rounds, signal, helpers });
      all.push(...group.map((each) => ({ ...each, root })));
    }
    return all;
  }
}

function grouped<T extends Asked>(asked: readonly T[]): Map<Root, T[]> {
  const groups = new Map<Root, T[]>();
  for (const each of asked) {
    const group = groups.get(each.root) ?? [];
    groups.set(each.root, group);
    group.push(each);
  }
  return groups;
}
