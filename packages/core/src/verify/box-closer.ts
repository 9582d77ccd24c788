/** The other end of a shared search (sharing.ts): boxes in, what is left of them out. */
import { InputSplitting } from './input-splitting.ts';
import type { BoxList } from './box-store.ts';
import { JointNetwork } from './joint.ts';
import { posedBy } from './posed.ts';
import { Search } from './search.ts';
import type { Closed } from './sharing.ts';
import { splittingOptions, type VerifyOptions } from './verify.ts';
import { WitnessJudge } from './witness.ts';

/** How long boxes stay away, in milliseconds: others may be waiting for what comes of them. */
const AWAY = 250;

export class BoxCloser {
  private readonly joint: JointNetwork;
  private readonly splitting: InputSplitting;

  /** Of the same query and networks as the search it helps. */
  constructor(options: Omit<VerifyOptions, 'helpers'>) {
    const { query, networks } = options;
    const { alternatives, ties } = posedBy(query);
    this.joint = new JointNetwork(query, networks, ties);
    const search = new Search(this.joint, new WitnessJudge(query, this.joint));
    const own = splittingOptions(options, this.joint, search);
    this.splitting = new InputSplitting(alternatives, own);
  }

  async close(boxes: BoxList): Promise<Closed> {
    const before = this.splitting.branches;
    const { witness, stuck, open } = await this.splitting.advance(boxes, AWAY);
    const inputs = witness && Float32Array.from(witness.subarray(0, this.joint.inputCount));
    return { witness: inputs, stuck, branches: this.splitting.branches - before, open };
  }

  release(): Promise<void> {
    return this.joint.release();
  }
}
