/**
 * DeepFool (Moosavi-Dezfooli et al. 2016): from the input, steps onto the nearest of the rivals'
 * linearised boundaries within the valid box, until something breaks. Unlike as published, the first
 * steps go half of the way: whole ones that mind the box overshoot curved boundaries.
 */
import { type Attack, servesOnly } from './attack.ts';
import { nearestPlane } from './fab.ts';
import { NearestBreaks } from './nearest.ts';
import { keepWalkers, walkersFor } from './walkers.ts';
import { rankedRivals } from './rank.ts';

export interface DeepFoolOptions {
  readonly steps: number;
  /** At most this many rivals, strongest first. */
  readonly rivals: number;
}

/** Of the way to the linearised boundary, more each time; in the end a little past it. */
const FIRST_SHARE = 0.5;
const GROWTH = 1.3;
const PAST = 1.02;

export function deepfool({ steps, rivals }: DeepFoolOptions): Attack {
  return {
    id: 'deepfool',
    side: 'attack',
    aim: 'nearest',
    cost: { forwards: steps * rivals + 12, gradients: steps * rivals },
    refusal: servesOnly('linf', 'l2'),
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
          breaks.moves.go(x, move, Math.min(PAST, FIRST_SHARE * GROWTH ** step));
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
