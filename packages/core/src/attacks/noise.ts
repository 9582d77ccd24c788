/**
 * Random perturbations of the norm's full length, the worst of k draws: on the sphere (random signs in
 * ℓ∞), or with coordinates that are uniform or normal before they are scaled to that length. In ℓ0
 * random features change, to an end of their range or by the largest of those coordinates. Not an attack
 * but the yardstick beside it: what chance does with the same budget.
 */
import { RandomBlock } from '../tensor/random.ts';
import { runRows } from '../runtime/rows.ts';
import { networkFeeds } from '../threats/ball.ts';
import type { Threat } from '../threats/threat.ts';
import { type Attack, emptyOutcome } from './attack.ts';
import { marginProgram } from './programs.ts';

/** Streams of draws must not meet those of the other attacks. */
const NOISE_DRAWS = 0x10000;

export type NoiseForm = 'sphere' | 'uniform' | 'gaussian';

export interface NoiseOptions {
  readonly draws: number;
  readonly form?: NoiseForm;
}

/** Coordinates of each form; those of the sphere are the norm's own. */
const coordinates = {
  uniform: (random: RandomBlock, i: number) => 2 * random.uniform(i) - 1,
  gaussian: (random: RandomBlock, i: number) => random.normal(i),
};
const ownDraws: Readonly<Record<NoiseForm, number>> = {
  sphere: 0,
  uniform: 0x1000,
  gaussian: 0x2000,
};

export function noise(options: NoiseOptions): Attack {
  const { form = 'sphere' } = options;
  return {
    id: form === 'sphere' ? 'noise' : `noise-${form}`,
    side: 'noise',
    aim: 'ball',
    cost: { forwards: options.draws, gradients: 0 },
    run: async (context, rows, outcome = emptyOutcome(rows, context)) => {
      const { classifier, threat, seed, signal } = context;
      const size = classifier.sampleSize;
      const program = await marginProgram(classifier);
      const x = new Float32Array(rows.x.length);
      for (let draw = 0; draw < options.draws; draw++) {
        for (let row = 0; row < rows.count; row++) {
          const own = NOISE_DRAWS + ownDraws[form] + draw;
          const random = new RandomBlock(seed, rows.streams[row] ?? row, own);
          const centre = rows.x.subarray(row * size, (row + 1) * size);
          const out = x.subarray(row * size, (row + 1) * size);
          const radius = rows.radii[row] ?? 0;
          if (form === 'sphere') threat.sample(centre, radius, random, out);
          else perturb(threat, centre, radius, (i) => coordinates[form](random, i), out);
        }
        const feeds = {
          x: { data: x, shape: classifier.sampleShape },
          ...networkFeeds(context, rows),
        };
        const { margin } = await runRows(classifier, program, feeds, rows.count, signal);
        for (let row = 0; row < rows.count; row++) {
          outcome.forwards[row] = (outcome.forwards[row] ?? 0) + 1;
          const value = margin?.[row] ?? Infinity;
          outcome.trace?.note(row, value);
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

/** A perturbation with these coordinates, scaled to the radius and then clipped. */
function perturb(
  threat: Threat,
  centre: Float32Array,
  radius: number,
  coordinate: (i: number) => number,
  out: Float32Array,
): void {
  const { norm, fixed, clip, weights } = threat;
  const delta = Float64Array.from(centre, (_, i) => (fixed.has(i) ? 0 : coordinate(i)));
  // Where features are counted the largest coordinates stay, in units of the valid range.
  const unit = norm.counts ? (clip ? clip[1] - clip[0] : 1) : radius / (norm.length(delta) || 1);
  for (let i = 0; i < out.length; i++) {
    const weight = norm.counts ? 1 : (weights?.[i] ?? 1);
    out[i] = (centre[i] ?? 0) + (delta[i] ?? 0) * unit * weight;
  }
  threat.legalise(centre, out, radius);
}
