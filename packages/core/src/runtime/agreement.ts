/** Whether a model, as it was read, computes what the original file does. */
import { holdsNonFinite } from '../graph/graph.ts';
import type { Precision } from '../onnx/precision.ts';
import { RandomBlock } from '../tensor/random.ts';
import type { Classifier } from './classifier.ts';
import type { Original } from './original.ts';
import { runRows } from './rows.ts';
import { sideRows } from './side-inputs.ts';

/** What is compared: an output of the original file. */
export interface Compared {
  readonly original: Original;
  readonly output: string;
}

const CHECKED_ROWS = 3;
/** Relative to the largest score; a float16 file rounds every value to 11 bits. */
const AGREEMENT: Readonly<Record<Precision, number>> = {
  float16: 3e-2,
  float32: 1e-4,
  float64: 1e-4,
};

/** Whether the lowered graph on several different rows equals the original file row by row. */
export async function agrees(
  classifier: Classifier,
  { original, output }: Compared,
): Promise<boolean> {
  const { model, sampleSize, sampleShape, input, sides } = classifier;
  // What a runtime makes of NaN weights depends on its kernels; nothing is proven about them anyway.
  if (model.graph.nodes.some(holdsNonFinite)) return true;
  const rows = new Float32Array(CHECKED_ROWS * sampleSize);
  for (let row = 0; row < CHECKED_ROWS; row++) {
    const random = new RandomBlock(0, row, 0);
    for (let i = 0; i < sampleSize; i++) rows[row * sampleSize + i] = random.uniform(i);
  }
  const fewest = Math.min(...sides.map((side) => side.rows));
  const streams = Array.from({ length: CHECKED_ROWS }, (_, row) => row % fewest);
  const program = await classifier.programs.named('as read', () => model.graph);
  const beside = sides.map((side) => [
    side.port.name,
    { data: sideRows(side, streams, 0), shape: side.shape },
  ]);
  const feeds = { ...Object.fromEntries(beside), [input]: { data: rows, shape: sampleShape } };
  const found = (await runRows(classifier, program, feeds, CHECKED_ROWS))[output];
  for (let row = 0; row < CHECKED_ROWS; row++) {
    const alone = rows.slice(row * sampleSize, (row + 1) * sampleSize);
    const own = await original.run(alone, [streams[row] ?? 0], 0);
    const size = Math.max(...own.map(Math.abs));
    const differs = own.some((value, k) => {
      const error = Math.abs(value - (found?.[row * own.length + k] ?? 0));
      // A model that is not finite at these points cannot be compared there.
      return Number.isFinite(value) && !(error <= AGREEMENT[model.precision] * size + 1e-6);
    });
    if (differs) return false;
  }
  return true;
}
