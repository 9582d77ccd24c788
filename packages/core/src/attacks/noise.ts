/**
 * Random perturbations of the norm's full length (random signs in ℓ∞, the sphere in ℓ2 and ℓ1), the
 * worst of k draws. Not an attack but the yardstick beside it: what chance does with the same budget.
 */
import { RandomBlock } from '../tensor/random.ts';
import { runRows } from '../runtime/rows.ts';
import { networkFeeds } from '../threats/ball.ts';
import { type Attack, emptyOutcome } from './attack.ts';
import { marginProgram } from './programs.ts';

/** Streams of draws must not meet those of the other attacks. */
const NOISE_DRAWS = 0x10000;

export function noise(options: { readonly draws: number }): Attack {
  return {
    id: 'noise',
    side: 'noise',
    aim: 'ball',
    cost: { forwards: options.draws, gradients: 0 },
    run: async (context, rows, outcome = emptyOutcome(rows)) => {
      const { classifier, threat, seed, signal } = context;
      const size = classifier.sampleSize;
      const program = await marginProgram(classifier);
      const x = new Float32Array(rows.x.length);
      for (let draw = 0; draw < options.draws; draw++) {
        for (let row = 0; row < rows.count; row++) {
          const random = new RandomBlock(seed, rows.streams[row] ?? row, NOISE_DRAWS + draw);
          const centre = rows.x.subarray(row * size, (row + 1) * size);
          threat.sample(
            centre,
            rows.radii[row] ?? 0,
            random,
            x.subarray(row * size, (row + 1) * size),
          );
        }
        const feeds = {
          x: { data: x, shape: classifier.sampleShape },
          ...networkFeeds(context, rows),
        };
        const { margin } = await runRows(classifier, program, feeds, rows.count, signal);
        for (let row = 0; row < rows.count; row++) {
          outcome.forwards[row] = (outcome.forwards[row] ?? 0) + 1;
          const value = margin?.[row] ?? Infinity;
          if (!(value >= (outcome.margins[row] ?? Infinity))) {
            outcome.margins[row] = value;
            outcome.best.set(x.subarray(row * size, (row + 1) * size), row * size);
          }
        }
      }
      return outcome;
    },
  };
}
