/** Control flow whose way is known when reading. */
import { hostOf } from '../host-value.ts';
import type { Lowering } from '../lowering.ts';

export const control: Readonly<Record<string, Lowering>> = {
  If: (c) => {
    const condition = c.read(0);
    const [taken] = (condition && hostOf(condition)?.elements) ?? [];
    if (typeof taken !== 'number') {
      throw c.unsupported(
        'its condition depends on the input: export the model without the branch',
      );
    }
    return c.branch(taken === 0 ? 'else_branch' : 'then_branch');
  },
};
