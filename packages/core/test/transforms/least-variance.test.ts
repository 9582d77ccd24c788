/** The least and the greatest variance of numbers in intervals, against all centres of a grid, and against draws. */
import { expect, test } from 'vitest';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import { varianceEnds } from '../../src/graph/ops/least-variance.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { roundingModel } from '../../src/transforms/rounding.ts';
import { Draw } from '../generators/draw.ts';
import { load } from '../onnxruntime.ts';

const COUNT = 12;

function varianceOf(x: readonly number[]): number {
  const mean = x.reduce((sum, each) => sum + each, 0) / x.length;
  return x.reduce((sum, each) => sum + (each - mean) ** 2, 0) / x.length;
}

/** min over c of the mean square distance of c to the intervals, by a grid: a little too large. */
function leastOf(lower: Float32Array, upper: Float32Array): number {
  const [from, to] = [Math.min(...lower), Math.max(...upper)];
  let best = Infinity;
  for (let k = 0; k <= 4000; k++) {
    const c = from + ((to - from) * k) / 4000;
    let sum = 0;
    lower.forEach((low, i) => (sum += Math.max(low - c, c - (upper[i] ?? 0), 0) ** 2));
    best = Math.min(best, sum / lower.length);
  }
  return best;
}

const b = new Builder();
const shape = [BATCH, COUNT];
const box = { lower: b.input('lower', shape), upper: b.input('upper', shape) };
const ends = varianceEnds(b, box, [1], COUNT, roundingModel('float32'));
const bytes = writeModel(b.graph({ least: ends.lower, most: ends.upper }));

test.each([0, 1e-30, 1e-6, 0.01, 0.3, 1, 3, 1e6, 1e15])(
  'for radii up to %s no draw is outside, and the least is nearly the best of all centres',
  async (radius) => {
    const draw = new Draw(7);
    const program = await load(bytes);
    for (let round = 0; round < 30; round++) {
      const far = draw.pick([0, 0, 3, 1000]);
      const lower = new Float32Array(COUNT);
      const upper = new Float32Array(COUNT);
      for (let i = 0; i < COUNT; i++) {
        const centre = far + draw.real(-1, 1);
        lower[i] = centre - draw.real(0, radius);
        upper[i] = Math.max(centre + draw.real(0, radius), lower[i] ?? 0);
      }
      const feeds = { lower: floats(lower, [1, COUNT]), upper: floats(upper, [1, COUNT]) };
      const found = await program.run(feeds);
      const [least, most] = [Number(found['least']?.data[0]), Number(found['most']?.data[0])];
      for (let k = 0; k < 40; k++) {
        const side = k % 4;
        const x = Array.from(lower, (low, i) => {
          const high = upper[i] ?? low;
          return side === 0 ? low : side === 1 ? high : low + draw.next() * (high - low);
        });
        const middle = draw.pick(x);
        // As close together as they can be.
        const near = x.map((_, i) => Math.min(Math.max(middle, lower[i] ?? 0), upper[i] ?? 0));
        for (const variance of [varianceOf(x), varianceOf(near)]) {
          expect(variance).toBeGreaterThanOrEqual(least);
          expect(variance).toBeLessThanOrEqual(most);
        }
      }
      const best = leastOf(lower, upper);
      expect(least).toBeLessThanOrEqual(best);
      const width = Math.max(...upper) - Math.min(...lower);
      expect(least).toBeGreaterThan(0.98 * best - 1e-3 * width ** 2 - 1e-29);
    }
  },
);
