/**
 * How the strongest rival's lead rises on the mean around points: gradients by chords (chords.ts) from random
 * points of a neighbourhood, each of a pass of its own where the model is randomised.
 */
import type { Classifier } from '../runtime/classifier.ts';
import { type RowFeed, runRows } from '../runtime/rows.ts';
import { FRESH_PASS, sideFeeds } from '../runtime/side-inputs.ts';
import { RandomBlock } from '../tensor/random.ts';
import { networkFeeds, type Rows } from '../threats/ball.ts';
import type { Threat } from '../threats/threat.ts';
import type { AttackContext } from './attack.ts';
import { chordProgram } from './chords.ts';

export interface Neighbourhood {
  /** Gradients that the mean is of. */
  readonly draws: number;
  /** Numbers the first of them, over the whole attack. */
  readonly first: number;
  /** Length of the chords and of the longest way to where one begins, in radii. */
  readonly spread: number;
}

/** Streams of draws that no other attack uses: two of each gradient. */
const AVERAGED_DRAW = 0x70000;

/** Random numbers of the model itself for the rows, others than any other draw's, attack's or judge's. */
export function freshDraws(
  { sides }: Classifier,
  { streams }: Rows,
  draw: number,
): Record<string, RowFeed> {
  const random = sides.filter(({ isRandom }) => isRandom);
  return sideFeeds(random, streams, FRESH_PASS + draw);
}

/** The mean at the points x of the rows, [rows × features]. */
export async function meanSlopes(
  context: AttackContext,
  rows: Rows,
  x: Float32Array,
  { draws, first, spread }: Neighbourhood,
): Promise<Float32Array> {
  const { classifier, threat, seed, signal } = context;
  const { sampleSize: size, sampleShape: shape } = classifier;
  const mean = new Float32Array(x.length);
  const network = networkFeeds(context, rows);
  const program = await chordProgram(classifier);
  const [points, ends] = [new Float32Array(x.length), new Float32Array(x.length)];
  for (let draw = first; draw < first + draws; draw++) {
    rows.streams.forEach((stream, row) => {
      const [out, end] = [new RandomBlock(seed, stream, AVERAGED_DRAW + 2 * draw), row + 1];
      const chord = new RandomBlock(seed, stream, AVERAGED_DRAW + 2 * draw + 1);
      const [here, there] = [points, ends].map((all) => all.subarray(row * size, end * size));
      if (!here || !there) return;
      const reach = spread * (rows.radii[row] ?? 0);
      displaced(threat, x.subarray(row * size, end * size), out, reach * out.uniform(-1), here);
      displaced(threat, here, chord, reach, there);
    });
    const fresh = freshDraws(classifier, rows, draw);
    const feeds = { ...network, ...fresh, x: { data: points, shape }, near: { data: ends, shape } };
    const { gradient } = await runRows(classifier, program, feeds, rows.count, signal);
    gradient?.forEach((value, k) => (mean[k] = (mean[k] ?? 0) + value / draws));
  }
  return mean;
}

/** A random move of a length away from a point, not clipped: a probe asks what the function does. */
function displaced(
  threat: Threat,
  from: Float32Array,
  random: RandomBlock,
  length: number,
  out: Float32Array,
): void {
  const direction = new Float64Array(from.length);
  threat.norm.sample(random, direction);
  from.forEach((value, k) => {
    const weight = threat.fixed.has(k) ? 0 : (threat.weights?.[k] ?? 1);
    out[k] = value + length * weight * (direction[k] ?? 0);
  });
}
