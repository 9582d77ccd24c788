/** How large a linear function gets on a box: corner by corner, however its rows are given. */
import { expect, test } from 'vitest';
import { Builder } from '../../src/graph/builder.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { inputSet } from '../../src/threats/set-support.ts';
import { linf } from '../../src/threats/threat.ts';
import { evaluateOutputs } from '../oracle/evaluate.ts';
import { Draw } from '../generators/draw.ts';

const [SAMPLES, ROWS] = [2, 3];

test.each([6, 130])('on a box of %i features the support is the sum of the better ends', (size) => {
  const draw = new Draw(size);
  const drawn = (count: number, low: number, high: number): Float32Array =>
    Float32Array.from(draw.list(count, () => draw.real(low, high)));
  const centre = drawn(SAMPLES * size, -1, 1);
  const [down, up] = [drawn(SAMPLES * size, 0, 1), drawn(SAMPLES * size, 0, 1)];
  const own = drawn(SAMPLES * ROWS * size, -2, 2);
  const feeds = {
    centre: floats(centre, [SAMPLES, size]),
    lower: floats(
      centre.map((value, i) => value - (down[i] ?? 0)),
      [SAMPLES, size],
    ),
    upper: floats(
      centre.map((value, i) => value + (up[i] ?? 0)),
      [SAMPLES, size],
    ),
    radius: floats([0, 0], [SAMPLES]),
  };
  const b = new Builder();
  const shape = ['batch', size];
  const ball = {
    centre: b.input('centre', shape),
    lower: b.input('lower', shape),
    upper: b.input('upper', shape),
    radius: b.input('radius', ['batch']),
  };
  const shared = b.constant(floats(own.slice(0, ROWS * size), [ROWS, size]));
  const apart = b.input('rows', [`${ROWS}*batch`, size]);
  for (const rounds of [false, true]) {
    const set = inputSet(b, linf({ eps: 0 }), ball, rounds);
    for (const sign of [1, -1]) {
      const signed = sign === 1 ? [shared, apart] : [b.neg(shared), b.neg(apart)];
      signed.forEach((rows, i) => {
        const graph = b.graph({ support: set.support(rows, i === 0) });
        const given = { ...feeds, rows: floats(own, [SAMPLES * ROWS, size]) };
        const { support } = evaluateOutputs(graph, given);
        expect(support?.shape).toEqual([SAMPLES, ROWS]);
        for (let k = 0; k < SAMPLES * ROWS; k++) {
          const [sample, row] = [Math.floor(k / ROWS), i === 0 ? k % ROWS : k];
          let exact = 0;
          for (let j = 0; j < size; j++) {
            const a = sign * (own[row * size + j] ?? 0);
            const at = sample * size + j;
            const low = (feeds.lower.data[at] ?? 0) - (centre[at] ?? 0);
            const high = (feeds.upper.data[at] ?? 0) - (centre[at] ?? 0);
            exact += Math.max(a * low, a * high);
          }
          const found = Number(support?.data[k]);
          expect(Math.abs(found / exact - 1)).toBeLessThan(1e-4);
          if (rounds) expect(found).toBeGreaterThanOrEqual(exact);
        }
      });
    }
  }
});
