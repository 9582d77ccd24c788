/** Alternatives decided by branches inside: one search after another, over each box that they share. */
import type { Semantics } from '../audit/run.ts';
import type { OpenNetwork } from '../runtime/network.ts';
import { ActivationSplitting } from './activation-splitting.ts';
import type { Question } from './domain.ts';
import { DomainBounder, type Root } from './domain-bounder.ts';
import { type LeftOpen, subjectOf } from './layered.ts';
import type { Search } from './search.ts';
import { startAt } from './starts.ts';
import { Tightening } from './tightening.ts';

/** Of the search from where a domain's bound is least. */
const SEARCH = { steps: 5, stepSize: 0.25 };
/** Domains that a run takes at once: their values stay in cache. */
const AT_ONCE = 32;
/** Bytes of a domain, at least. */
const BYTES_OF_DOMAIN = 2 ** 14;

export interface BranchedOver {
  readonly witness: Float64Array | null;
  readonly left: readonly LeftOpen[];
}

export class Branching {
  /** Domains that were bounded. */
  branches = 0;
  /** Whether the last domains that were left open could not be cut. */
  isStuck = false;
  private readonly bounder: DomainBounder;
  private readonly tightening: Tightening;
  private readonly search: Search;
  private readonly mostDomains: number;

  constructor(network: OpenNetwork, semantics: Semantics, search: Search, memory: number) {
    const subject = subjectOf(network, semantics);
    this.bounder = new DomainBounder(subject, `branches/${semantics}`, AT_ONCE);
    this.tightening = new Tightening(subject, `tightening/${semantics}`);
    this.search = search;
    this.mostDomains = Math.floor(memory / BYTES_OF_DOMAIN);
  }

  /** Bounds so many domains of each box at most, and says which alternatives are open then. */
  async over(open: readonly LeftOpen[], most: (root: Root) => number): Promise<BranchedOver> {
    const left: LeftOpen[] = [];
    for (const [root, group] of grouped(open)) {
      const byQuestion = new Map(group.map((each) => [each.question, each]));
      const splitting = new ActivationSplitting({
        bounder: this.bounder,
        root,
        mostDomains: this.mostDomains,
        search: (from) => this.searched(from, byQuestion),
        onBounded: (count) => (this.branches += count),
      });
      const questions = group.flatMap(({ question }) => question ?? []);
      const found = await splitting.run(questions, most(root));
      this.isStuck = found.isStuck;
      if (found.witness) return { witness: found.witness, left: [] };
      left.push(...group.filter(({ question }) => question && found.left.has(question)));
    }
    return { witness: null, left };
  }

  /** The same alternatives over tighter bounds inside: as many rounds. */
  async tightened(open: readonly LeftOpen[], rounds: number): Promise<LeftOpen[]> {
    const all: LeftOpen[] = [];
    for (const [root, group] of grouped(open)) {
      const tight = await this.tightening.tightened(root, rounds);
      all.push(...group.map((each) => ({ ...each, root: tight })));
    }
    return all;
  }

  /** What that takes, in passes back and forth through the network. */
  passesOf(root: Root, rounds: number): number {
    return this.tightening.passesOf(root, rounds);
  }

  private searched(
    from: readonly { readonly x: Float32Array; readonly question: Question }[],
    byQuestion: ReadonlyMap<Question | null, LeftOpen>,
  ): Promise<Float64Array | null> {
    const starts = from.map(({ x, question }) => {
      const alternative = byQuestion.get(question)?.alternative;
      return alternative ? startAt(alternative, alternative, x) : null;
    });
    return this.search.from(
      starts.filter((start) => start !== null),
      SEARCH,
    );
  }
}

function grouped(open: readonly LeftOpen[]): Map<Root, LeftOpen[]> {
  const groups = new Map<Root, LeftOpen[]>();
  for (const each of open) {
    const { root } = each;
    if (root) groups.set(root, [...(groups.get(root) ?? []), each]);
  }
  return groups;
}
