/**
 * Random operators: what they draw becomes an input of the graph and of the judged file, fed from
 * counted streams, so that a randomised model gives the same answers again.
 */
import type { Lowering } from '../lowering.ts';

export const random: Readonly<Record<string, Lowering>> = {
  RandomNormalLike: (c) => {
    const [location, scale] = [c.float('mean', 0), c.float('scale', 1)];
    return c.random({ kind: 'normal', location, scale }, c.operand().shape);
  },
  RandomUniformLike: (c) => {
    const [low, high] = [c.float('low', 0), c.float('high', 1)];
    return c.random({ kind: 'uniform', location: low, scale: high - low }, c.operand().shape);
  },
  RandomNormal: (c) => {
    const [location, scale] = [c.float('mean', 0), c.float('scale', 1)];
    return c.random({ kind: 'normal', location, scale }, c.ints('shape') ?? []);
  },
  RandomUniform: (c) => {
    const [low, high] = [c.float('low', 0), c.float('high', 1)];
    return c.random({ kind: 'uniform', location: low, scale: high - low }, c.ints('shape') ?? []);
  },
};
