/** Inputs that go through the plan together. Blocks depend on the data alone, not on the workers. */
import { type AuditPart, rowSize, type Tensor } from '@glacis/core';
import type { Labels } from '../data/labels.ts';

export interface Block {
  readonly id: number;
  readonly x: Tensor<'float32'>;
  readonly y: Labels | null;
  /** Positions in the file: names in the result and streams of random numbers. */
  readonly indices: readonly number[];
  /** How hard branch and bound tries, and what a lesser effort found; see audit. */
  readonly effort: number;
  readonly before?: AuditPart;
}

/** Small runs are cut finer, so that several workers share them and progress is seen. */
const LARGE_RUN = 256;
const [SMALL_BLOCK, LARGE_BLOCK] = [32, 64];

export function cutIntoBlocks(
  x: Tensor<'float32'>,
  y: Labels | null,
  indices: readonly number[],
): Block[] {
  const size = rowSize(x);
  const length = indices.length > LARGE_RUN ? LARGE_BLOCK : SMALL_BLOCK;
  return Array.from({ length: Math.ceil(indices.length / length) }, (_, id) => {
    const [start, end] = [id * length, Math.min(indices.length, (id + 1) * length)];
    const shape = [end - start, ...x.shape.slice(1)];
    return {
      id,
      x: { type: 'float32', shape, data: x.data.slice(start * size, end * size) },
      y: y && y.slice(start, end),
      indices: indices.slice(start, end),
      effort: 0,
    };
  });
}
