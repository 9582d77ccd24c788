/**
 * Whether scores move when an input moves a little: a network answers nearly every tiny move with other
 * scores, one whose input is rounded, or whose output is an answer, with the same ones.
 */
import type { AttackContext } from '../attacks/attack.ts';
import { RandomBlock } from '../tensor/random.ts';
import type { Rows } from '../threats/ball.ts';
import { moved, moves } from './directions.ts';

export interface StepProbe {
  /** Share of tiny moves that change no score of the file, by input. */
  readonly flat: Float64Array;
}

/** Half of the moves begin at the input, half at a random point of its set. */
const MOVES = 8;
/** Of the radius: thousands of moves to its end, and still far above what float32 rounds off. */
const TINY = 2 ** -12;
const FIRST_MOVE = 0x1000;
const START_DRAW = 0x52000;

export async function probeSteps(context: AttackContext, rows: Rows): Promise<StepProbe> {
  const { classifier, threat, seed, signal } = context;
  const flat = new Float64Array(rows.count);
  const scoresAt = async (x: Float32Array): Promise<Float64Array> =>
    (await classifier.judge(x, rows.streams)).scores;
  for (let move = 0; move < MOVES; move++) {
    signal?.throwIfAborted();
    const from = move % 2 === 0 ? rows.x : randomPoints(context, rows, move);
    const by = moves(threat, rows, { seed, share: TINY, draw: FIRST_MOVE + move });
    const [here, there] = [await scoresAt(from), await scoresAt(moved(from, by))];
    const width = here.length / Math.max(1, rows.count);
    for (let row = 0; row < rows.count; row++) {
      const [start, end] = [row * width, (row + 1) * width];
      const other = there.subarray(start, end);
      const isFlat = here.subarray(start, end).every((score, k) => score === other[k]);
      if (isFlat) flat[row] = (flat[row] ?? 0) + 1 / MOVES;
    }
  }
  return { flat };
}

function randomPoints({ threat, seed }: AttackContext, rows: Rows, move: number): Float32Array {
  const size = rows.x.length / Math.max(1, rows.count);
  const out = rows.x.slice();
  rows.streams.forEach((stream, row) => {
    const random = new RandomBlock(seed, stream, START_DRAW + move);
    const centre = rows.x.subarray(row * size, (row + 1) * size);
    const place = out.subarray(row * size, (row + 1) * size);
    threat.sample(centre, rows.radii[row] ?? 0, random, place);
  });
  return out;
}
