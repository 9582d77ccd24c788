/** TopK: the values. Positions of what was chosen depend on the input and are not read. */
import type { Lowering } from '../lowering.ts';

export const selection: Readonly<Record<string, Lowering>> = {
  TopK: (c) => {
    const { b } = c;
    const x = c.operand();
    const axis = c.axis(c.int('axis', -1), x.shape.length);
    const k = c.opset < 10 ? c.int('k') : c.wholes(1)?.[0];
    if (k === undefined) throw c.invalid('it needs k');
    if (k > 1 && !c.flag('sorted', true)) throw c.unsupported('only sorted results are supported');
    return c.flag('largest', true)
      ? b.push('topK', [x], { axis, k })
      : b.neg(b.push('topK', [b.neg(x)], { axis, k }));
  },
};
