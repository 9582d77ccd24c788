/**
 * Sub-pixels put in their places: from one tensor for each phase of a block, the image. Phases are
 * joined on a trailing axis, rows after columns (contiguous copies, where DepthToSpace moves single
 * elements).
 */
import { integers } from '../../tensor/tensor.ts';
import type { Emitter } from './emitter.ts';

/** One spatial axis: blocks of `block` pixels at `positions`, cropped to `output` pixels. */
export interface Interleaved {
  readonly block: number;
  readonly positions: number;
  readonly output: number;
}

/** Parts [batch, C, Q, P], the phases of columns innermost → [batch, C, H, W]. */
export function interleave(
  e: Emitter,
  parts: readonly string[],
  channels: number,
  [rows, columns]: readonly [Interleaved, Interleaved],
): string {
  const reshape = (name: string, shape: readonly number[]): string =>
    e.node('Reshape', [name, e.constant(integers(shape))]);
  const joined = (names: readonly string[], axis: number): string =>
    names.length === 1 ? (names[0] ?? '') : e.node('Concat', names, { axis });
  const [height, width] = [rows.positions * rows.block, columns.positions * columns.block];
  const whole = (): string => {
    if (parts.length === 1) return parts[0] ?? '';
    const lines = Array.from({ length: rows.block }, (_, r) => {
      const line = parts.slice(r * columns.block, (r + 1) * columns.block);
      const columnsApart =
        line.length === 1
          ? line
          : line.map((name) => reshape(name, [-1, channels, rows.positions, columns.positions, 1]));
      return reshape(joined(columnsApart, 4), [-1, channels, rows.positions, 1, width]);
    });
    return reshape(joined(lines, 3), [-1, channels, height, width]);
  };
  const image = whole();
  if (height === rows.output && width === columns.output) return image;
  return e.node('Slice', [
    image,
    e.constant(integers([0, 0])),
    e.constant(integers([rows.output, columns.output])),
    e.constant(integers([2, 3])),
  ]);
}
