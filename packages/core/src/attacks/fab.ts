/**
 * Fast adaptive boundary (Croce & Hein 2020): the boundary towards a rival is linearised where a walker
 * stands; the walker steps onto that plane ∩ valid box, a little past it and biased towards the plane's
 * point nearest to the input. `fab` takes the nearest of all rivals' planes at each step, `fab-t` sends a
 * walker towards each rival. None is left that falls behind: where gradients mislead, one that was far
 * behind for most of its steps is often the nearest in the end.
 */
import { RandomBlock } from '../tensor/random.ts';
import type { Rows } from '../threats/ball.ts';
import type { Moves } from '../threats/moves.ts';
import { type Attack, type AttackContext, servesOnly } from './attack.ts';
import { NearestBreaks, type Slopes } from './nearest.ts';
import { type Walkers, walkersFor } from './walkers.ts';
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
    refusal: servesOnly('linf', 'l2', 'l1'),
    run: async (context, rows, outcome) => {
      const breaks = new NearestBreaks(context, rows, outcome);
      const order = await rankedRivals(context, rows);
      const width = Math.min(rivals, context.classifier.classes - 1);
      const places = order.flatMap((ranked, row) =>
        ranked.slice(0, width).map((target) => ({ row, target })),
      );
      for (let restart = 0; restart < restarts; restart++) {
        const walkers = walkersFor(context, rows, places);
        if (restart > 0) scatter(context, rows, breaks, walkers, restart);
        await walk(context, options, breaks, walkers, options.targeted ? 1 : width);
      }
      return breaks.tighten();
    },
  };
}
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
  { steps }: FabOptions,
  breaks: NearestBreaks,
  walkers: Walkers,
  width: number,
): Promise<void> {
  const size = context.classifier.sampleSize;
  const scratch: Scratch = {
    moves: [new Float64Array(size), new Float64Array(size)],
    home: new Float64Array(size),
  };
  for (let step = 0; step < steps; step++) {
    const slopes = await breaks.look(walkers);
    for (let first = 0; first < walkers.row.length; first += width) {
      const x = walkers.x.subarray(first * size, (first + 1) * size);
      const centre = breaks.centre(walkers.row[first] ?? 0);
      if (slopes.broken[first]) {
        breaks.moves.stretch(centre, x, BACK * breaks.moves.distance(centre, x));
      } else {
        stepFrom(breaks.moves, slopes, first, width, x, centre, scratch);
      }
      for (let i = 1; i < width; i++) {
        walkers.x.copyWithin((first + i) * size, first * size, (first + 1) * size);
      }
    }
  }
}

interface Scratch {
  readonly moves: readonly [Float64Array, Float64Array];
  readonly home: Float64Array;
}

export interface Plane {
  /** Which walker's boundary. */
  readonly walker: number;
  /** The shortest move onto it, and its length. */
  readonly move: Float64Array;
  readonly length: number;
}

/** The nearest linearised boundary of the `width` walkers that stand together at x. */
export function nearestPlane(
  moves: Moves,
  { lead, gradient }: Slopes,
  first: number,
  width: number,
  x: Float32Array,
  scratch: readonly [Float64Array, Float64Array],
): Plane {
  let [spare, move] = scratch;
  let [length, walker] = [Infinity, first];
  for (let i = first; i < first + width; i++) {
    const slope = gradient.subarray(i * x.length, (i + 1) * x.length);
    const own = moves.cross(x, slope, -(lead[i] ?? 0), spare);
    if (i > first && !(own < length)) continue;
    [length, walker] = [own, i];
    [spare, move] = [move, spare];
  }
  return { walker, move, length };
}

function stepFrom(
  moves: Moves,
  slopes: Slopes,
  first: number,
  width: number,
  x: Float32Array,
  centre: Float32Array,
  scratch: Scratch,
): void {
  const size = x.length;
  const { walker, move, length } = nearestPlane(moves, slopes, first, width, x, scratch.moves);
  const slope = slopes.gradient.subarray(walker * size, (walker + 1) * size);
  let need = -(slopes.lead[walker] ?? 0);
  for (let i = 0; i < size; i++) need += (slope[i] ?? 0) * ((x[i] ?? 0) - (centre[i] ?? 0));
  const { home } = scratch;
  const fromHome = moves.cross(centre, slope, need, home);
  const bias = Math.min(MOST_BIAS, length / Math.max(length + fromHome, Number.MIN_VALUE));
  for (let i = 0; i < size; i++) {
    const near = (x[i] ?? 0) + PAST * (move[i] ?? 0);
    x[i] = (1 - bias) * near + bias * ((centre[i] ?? 0) + PAST * (home[i] ?? 0));
  }
  moves.clip(x);
}
