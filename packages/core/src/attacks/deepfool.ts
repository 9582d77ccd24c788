/**
 * DeepFool (Moosavi-Dezfooli et al. 2016): from the input, steps onto the nearest of the rivals'
 * linearised boundaries within the valid box, a little past it, until something breaks.
 */
import type { Attack } from './attack.ts';
import { nearestPlane } from './fab.ts';
import { keepWalkers, NearestBreaks, refuseWithoutMoves, walkersFor } from './nearest.ts';
import { rankedRivals } from './rank.ts';

export interface DeepFoolOptions {
  readonly steps: number;
  /** At most this many rivals, strongest first. */
  readonly rivals: number;
}

const PAST = 1.02;

export function deepfool({ steps, rivals }: DeepFoolOptions): Attack {
  return {
    id: 'deepfool',
    side: 'attack',
    aim: 'nearest',
    cost: { forwards: steps * rivals + 12, gradients: steps * rivals },
    refusal: (context) =>
      context.threat.norm.name === 'l1' ? 'serves ℓ∞ and ℓ2, not l1' : refuseWithoutMoves(context),
    run: async (context, rows, outcome) => {
      const breaks = new NearestBreaks(context, rows, outcome);
      const size = context.classifier.sampleSize;
      const order = await rankedRivals(context, rows);
      const width = Math.min(rivals, context.classifier.classes - 1);
      const places = order.flatMap((ranked, row) =>
        ranked.slice(0, width).map((target) => ({ row, target })),
      );
      let walkers = walkersFor(context, rows, places);
      const moves = [new Float64Array(size), new Float64Array(size)] as const;
      for (let step = 0; step < steps && walkers.row.length > 0; step++) {
        const slopes = await breaks.look(walkers);
        const open: number[] = [];
        for (let first = 0; first < walkers.row.length; first += width) {
          if (slopes.broken[first]) continue;
          const x = walkers.x.subarray(first * size, (first + 1) * size);
          const { move } = nearestPlane(breaks.moves, slopes, first, width, x, moves);
          breaks.moves.go(x, move, PAST);
          for (let i = 0; i < width; i++) {
            walkers.x.copyWithin((first + i) * size, first * size, (first + 1) * size);
            open.push(first + i);
          }
        }
        walkers = keepWalkers(context, rows, walkers, open);
      }
      return breaks.tighten();
    },
  };
}
