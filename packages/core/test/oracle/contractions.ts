/** Matrix products: a sum over the inner axis for each element, leading axes broadcast. */
import type { Family } from './evaluator.ts';
import { build, operandOf, readBroadcast } from './value.ts';

export const contractions: Family<'matMul'> = {
  matMul: ({ transA, transB }, operands, shape) => {
    const [a, b] = [operandOf(operands, 0), operandOf(operands, 1)];
    const inner = a.shape.at(transA ? -2 : -1) ?? 0;
    return build(shape, (index) => {
      const lead = index.slice(0, -2);
      const [i = 0, j = 0] = index.slice(-2);
      let sum = 0;
      for (let k = 0; k < inner; k++) {
        const x = readBroadcast(a, [...lead, ...(transA ? [k, i] : [i, k])]);
        const y = readBroadcast(b, [...lead, ...(transB ? [j, k] : [k, j])]);
        sum += x * y;
      }
      return sum;
    });
  },
};
