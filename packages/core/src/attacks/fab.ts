/**
 * Fast adaptive boundary (Croce & Hein 2020): the boundary towards a rival is linearised where a walker
 * stands; the walker steps onto that plane ∩ valid box, a little past it and biased towards the plane's
 * point nearest to the input. `fab` takes the nearest of all rivals' planes at each step, `fab-t` sends a
 * walker towards each rival and leaves those that fall behind.
 */
import { RandomBlock } from '../tensor/random.ts';
import type { Rows } from '../threats/ball.ts';
import type { Attack, AttackContext } from './attack.ts';
import {
  keepWalkers,
  NearestBreaks,
  refuseWithoutMoves,
  type Slopes,
  type Walkers,
  walkersFor,
} from './nearest.ts';
import { rankedRivals } from './rank.ts';

export interface FabOptions {
  readonly id: string;
  /** A walker for each rival class, or one that minds all of them. */
  readonly targeted: boolean;
  /** At most this many rivals, strongest first. */
  readonly rivals: number;
  readonly steps: number;
  readonly restarts: number;
}

/** Past the plane by this factor (η), at most this share towards the input's own point (α), back by this (β). */
const PAST = 1.05;
const MOST_BIAS = 0.1;
const BACK = 0.9;
const FAB_DRAWS = 0x20000;

export function fab(options: FabOptions): Attack {
  const { rivals, steps, restarts } = options;
  const looks = rivals * steps * restarts;
  return {
    id: options.id,
    side: 'attack',
    aim: 'nearest',
    cost: { forwards: looks + 12, gradients: looks },
    refusal: refuseWithoutMoves,
    run: async (context, rows) => {
      const breaks = new NearestBreaks(context, rows);
      const order = await rankedRivals(context, rows);
      const width = Math.min(rivals, context.classifier.classes - 1);
      const places = order.flatMap((ranked, row) =>
        ranked.slice(0, width).map((target) => ({ row, target })),
      );
      for (let restart = 0; restart < restarts; restart++) {
        const walkers = walkersFor(context, rows, places);
        if (restart > 0) scatter(context, rows, breaks, walkers, restart);
        await walk(context, rows, options, breaks, walkers, options.targeted ? 1 : width);
      }
      return breaks.tighten();
    },
  };
}
const env = (k: string, d: number): number => Number((globalThis as any).process.env[k] ?? d);

/** Starts of a later run: random points within half the distance of what is known. */
function scatter(
  { classifier, threat, seed }: AttackContext,
  rows: Rows,
  breaks: NearestBreaks,
  { row, x }: Walkers,
  restart: number,
): void {
  const size = classifier.sampleSize;
  row.forEach((r, i) => {
    if (!breaks.found(r)) return;
    const random = new RandomBlock(seed, rows.streams[r] ?? r, FAB_DRAWS + restart);
    const length = ((breaks.distances[r] ?? 0) * random.uniform(-1)) / 2;
    threat.sample(breaks.centre(r), length, random, x.subarray(i * size, (i + 1) * size));
  });
}

async function walk(
  context: AttackContext,
  rows: Rows,
  { steps }: FabOptions,
  breaks: NearestBreaks,
  from: Walkers,
  width: number,
): Promise<void> {
  const size = context.classifier.sampleSize;
  const scratch = {
    own: new Float64Array(size),
    move: new Float64Array(size),
    home: new Float64Array(size),
  };
  let walkers = from;
  let nearest = new Float64Array(walkers.row.length).fill(Infinity);
  const cut = env('CUT', 0);
  for (let step = 0; step < steps; step++) {
    const slopes = await breaks.look(walkers);
    for (let first = 0; first < walkers.row.length; first += width) {
      const x = walkers.x.subarray(first * size, (first + 1) * size);
      const centre = breaks.centre(walkers.row[first] ?? 0);
      if ((slopes.margin[first] ?? 1) <= 0) {
        nearest[first] = Math.min(nearest[first]!, breaks.moves.distance(centre, x));
        if (env('NOBACK', 0) === 0) {
        for (let i = 0; i < size; i++) {
          const c = centre[i] ?? 0;
          x[i] = c + BACK * ((x[i] ?? 0) - c);
        }
        spread(walkers.x, first, width, size);
        continue;
        }
      }
      stepFrom(breaks, slopes, first, width, x, centre, scratch);
      spread(walkers.x, first, width, size);
    }
    if (cut > 0 && width === 1 && step > 0 && step % cut === 0) {
      const kept: number[] = [];
      walkers.row.forEach((r, i) => { if (nearest[i]! <= breaks.distances[r]! * env('SLACK', 1.2) || !breaks.found(r)) kept.push(i); });
      walkers = keepWalkers(context, rows, walkers, kept);
      nearest = Float64Array.from(kept, (i) => nearest[i]!);
    }
  }
}

interface Scratch {
  own: Float64Array;
  move: Float64Array;
  home: Float64Array;
}

function stepFrom(
  breaks: NearestBreaks,
  { lead, gradient }: Slopes,
  first: number,
  width: number,
  x: Float32Array,
  centre: Float32Array,
  scratch: Scratch,
): void {
  const { moves } = breaks;
  const size = x.length;
  let [least, chosen] = [Infinity, first];
  for (let i = first; i < first + width; i++) {
    const slope = gradient.subarray(i * size, (i + 1) * size);
    const length = moves.cross(x, slope, -(lead[i] ?? 0), scratch.own);
    if (length < least) {
      [least, chosen] = [length, i];
      [scratch.own, scratch.move] = [scratch.move, scratch.own];
    }
  }
  if (least === Infinity) return;
  const { move, home } = scratch;
  const slope = gradient.subarray(chosen * size, (chosen + 1) * size);
  let need = -(lead[chosen] ?? 0);
  for (let i = 0; i < size; i++) need += (slope[i] ?? 0) * ((x[i] ?? 0) - (centre[i] ?? 0));
  const fromHome = moves.cross(centre, slope, need, home);
  const bias = Math.min(env('BIAS', MOST_BIAS), least / Math.max(least + fromHome, 1e-30));
  const past = env('PAST', PAST);
  for (let i = 0; i < size; i++) {
    const c = centre[i] ?? 0;
    const near = (x[i] ?? 0) + past * (move[i] ?? 0);
    x[i] = (1 - bias) * near + bias * (c + past * (home[i] ?? 0));
  }
  moves.clip(x);
}

/** The walkers of one group stand together. */
function spread(x: Float32Array, first: number, width: number, size: number): void {
  for (let i = 1; i < width; i++) {
    x.copyWithin((first + i) * size, first * size, (first + 1) * size);
  }
}
