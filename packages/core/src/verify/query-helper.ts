/** The other end of a shared search (sharing.ts): boxes, domains or values in, what becomes of them out. */
import type { Semantics } from '../audit/run.ts';
import type { Alternative } from './alternatives.ts';
import { ActivationSplitting } from './activation-splitting.ts';
import type { BoxList } from './box-store.ts';
import { InsideBounders } from './branching-inside.ts';
import type { Domain } from './domain.ts';
import { InputSplitting } from './input-splitting.ts';
import { JointNetwork } from './joint.ts';
import { subjectOf } from './layered.ts';
import { posedBy } from './posed.ts';
import { posedNetworks } from './posed-networks.ts';
import { Search } from './search.ts';
import { semanticsOf } from './semantics.ts';
import type { Closed, DomainsOf, Help } from './sharing.ts';
import type { Refinement } from './tightening.ts';
import { insideKey, splittingOptions, startsFrom, type VerifyOptions } from './verify.ts';
import { WitnessJudge } from './witness.ts';

/** How long work stays away, in milliseconds: others may be waiting for what comes of it. */
const AWAY = 250;

export class QueryHelper implements Help {
  private readonly joint: JointNetwork;
  private readonly search: Search;
  private readonly splitting: InputSplitting;
  private readonly alternatives: ReadonlyMap<number, Alternative>;
  private readonly semantics: Semantics;
  private inside: InsideBounders | null = null;

  /** Of the same query and networks as the search it helps. */
  constructor(options: Omit<VerifyOptions, 'helpers'>) {
    const { query, networks } = options;
    const { alternatives, ties } = posedBy(query);
    this.alternatives = new Map(alternatives.map((each) => [each.index, each]));
    this.semantics = options.semantics ?? semanticsOf(query);
    this.joint = new JointNetwork(query, posedNetworks(networks, this.semantics), ties);
    this.search = new Search(this.joint, new WitnessJudge(query, this.joint));
    const own = splittingOptions(options, this.joint, this.search);
    this.splitting = new InputSplitting(alternatives, own);
  }

  async close(boxes: BoxList): Promise<Closed<BoxList>> {
    const before = this.splitting.branches;
    const { witness, ...rest } = await this.splitting.advance(boxes, AWAY);
    const branches = this.splitting.branches - before;
    return { ...rest, witness: this.inputsOf(witness), branches };
  }

  async cut({ root, open }: DomainsOf): Promise<Closed<readonly Domain[]>> {
    const splitting = new ActivationSplitting({
      bounder: this.bounders.domains,
      root,
      mostDomains: Infinity,
      search: (from) =>
        startsFrom(
          this.search,
          from.flatMap(({ x, question }) => {
            const alternative = this.alternatives.get(question.index);
            return alternative ? [{ x, alternative }] : [];
          }),
        ),
    });
    const { witness, ...rest } = await splitting.advance(open, AWAY);
    return { ...rest, witness: this.inputsOf(witness), branches: splitting.branches };
  }

  least(refinement: Refinement): Promise<Float64Array> {
    return this.bounders.tightening.least(refinement);
  }

  private get bounders(): InsideBounders {
    const [network] = this.joint.networks;
    if (!network) throw new RangeError('the query has no network');
    const { semantics } = this;
    this.inside ??= new InsideBounders(subjectOf(network, semantics), insideKey(semantics));
    return this.inside;
  }

  private inputsOf(witness: Float64Array | null): Float32Array | null {
    return witness && Float32Array.from(witness.subarray(0, this.joint.inputCount));
  }

  release(): Promise<void> {
    return this.joint.release();
  }
}
