/** Whether a point is a witness: the query holds, exactly, of what the files themselves compute from it. */
import type { Query } from '../vnnlib/query.ts';
import { holds } from '../vnnlib/holds.ts';
import type { Judge } from './box-function.ts';
import type { JointNetwork } from './joint.ts';

export class WitnessJudge implements Judge {
  private readonly query: Query;
  private readonly joint: JointNetwork;

  constructor(query: Query, joint: JointNetwork) {
    this.query = query;
    this.joint = joint;
  }

  /** The joint vector if x [inputs] satisfies the query. */
  async witness(x: Float32Array): Promise<Float64Array | null> {
    const values = await this.joint.evaluate(x);
    return holds(this.query, values) ? values : null;
  }
}
