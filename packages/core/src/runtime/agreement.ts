/** Whether a model, as it was read, computes what the original file does, and the file the same each time. */
import { holdsNonFinite, inputNodes } from '../graph/graph.ts';
import { definitionOf } from '../graph/ops/table.ts';
import type { Precision } from '../onnx/precision.ts';
import { RandomBlock } from '../tensor/random.ts';
import type { Network } from './network.ts';
import type { Original } from './original.ts';
import { type RowFeed, runRows } from './rows.ts';
import { sideRows } from './side-inputs.ts';

/** What is compared: an output of the original file, or several joined. */
export interface Compared {
  readonly original: Original;
  readonly output: string;
  /** Elements of each of those that are joined: sizes of errors are each one's own. By default it is one. */
  readonly widths?: readonly number[];
}

const CHECKED_ROWS = 3;
/**
 * A runtime computes quantised layers in whole numbers: where a value lies on the edge between two, the
 * last place may fall either way, and scores with it.
 */
export const STEPPED_AGREEMENT = 5e-2;

/** Relative to the largest score; a float16 file rounds every value to 11 bits. */
export const AGREEMENT: Readonly<Record<Precision, number>> = {
  float16: 3e-2,
  float32: 1e-4,
  float64: 1e-4,
};

/** Whether the file answers the same row twice alike; random numbers that are not seen differ. */
export async function repeats({ sampleSize }: Network, { original }: Compared): Promise<boolean> {
  const random = new RandomBlock(0, 0, 0);
  const row = Float32Array.from({ length: sampleSize }, (_, i) => random.uniform(i));
  const [first, second] = [await original.run(row, [0], 0), await original.run(row, [0], 0)];
  return first.every((value, k) => Object.is(value, second[k]));
}

/** Whether the lowered graph on several different rows equals the original file row by row. */
export async function agrees(
  network: Network,
  { original, output, widths }: Compared,
): Promise<boolean> {
  const { model, sampleSize, sampleShape, input } = network;
  // A criterion may have given the network an input that the file has not.
  const known = new Set(inputNodes(model.graph).map(({ attributes }) => attributes.name));
  const sides = network.sides.filter(({ port }) => known.has(port.name));
  // What a runtime makes of NaN weights depends on its kernels; nothing is proven about them anyway.
  if (model.graph.nodes.some(holdsNonFinite)) return true;
  const stepped = model.graph.nodes.some(({ op }) => 'surrogate' in definitionOf(op));
  const allowed = Math.max(AGREEMENT[model.precision], stepped ? STEPPED_AGREEMENT : 0);
  const rows = new Float32Array(CHECKED_ROWS * sampleSize);
  for (let row = 0; row < CHECKED_ROWS; row++) {
    const random = new RandomBlock(0, row, 0);
    for (let i = 0; i < sampleSize; i++) rows[row * sampleSize + i] = random.uniform(i);
  }
  const fewest = Math.min(...sides.map((side) => side.rows));
  const streams = Array.from({ length: CHECKED_ROWS }, (_, row) => row % fewest);
  const program = await network.programs.named('as read', () => model.graph);
  const feeds: Record<string, RowFeed> = { [input]: { data: rows, shape: sampleShape } };
  for (const side of sides) {
    feeds[side.port.name] = { data: sideRows(side, streams, 0), shape: side.shape };
  }
  const found = (await runRows(network, program, feeds, CHECKED_ROWS))[output];
  for (let row = 0; row < CHECKED_ROWS; row++) {
    const alone = rows.slice(row * sampleSize, (row + 1) * sampleSize);
    const own = await original.run(alone, [streams[row] ?? 0], 0);
    let from = 0;
    for (const width of widths ?? [own.length]) {
      const part = own.subarray(from, from + width);
      const size = Math.max(...part.map(Math.abs));
      const start = row * own.length + from;
      const differs = part.some((value, k) => {
        const error = Math.abs(value - (found?.[start + k] ?? 0));
        // A model that is not finite at these points cannot be compared there.
        return Number.isFinite(value) && !(error <= allowed * size + 1e-6);
      });
      if (differs) return false;
      from += width;
    }
  }
  return true;
}
