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
  /** Of the longest way to where a chord begins, in radii, and of one that goes anywhere. */
  readonly spread: number;
  /**
   * Where chords go, [rows × features], each of the norm's length 1 or 0; absent: anywhere. A random move hardly
   * changes what deep layers see, and a chord of it is short beside a ripple there; one along the way is not.
   */
  readonly ways?: Float32Array;
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
  { draws, first, spread, ways }: Neighbourhood,
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
      const way = ways?.subarray(row * size, end * size);
      const length = (rows.radii[row] ?? 0) * stride(chord.uniform(-1));
      if (way?.some((value) => value !== 0)) ahead(here, way, length, there);
      else displaced(threat, here, chord, reach, there);
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

/** From half a radius to a whole one, to either side: a short chord is mostly ripple. */
function stride(uniform: number): number {
  return uniform < 0.5 ? -0.5 - uniform : uniform;
}

function ahead(from: Float32Array, way: Float32Array, length: number, out: Float32Array): void {
  from.forEach((value, k) => {
    out[k] = value + length * (way[k] ?? 0);
  });
}
