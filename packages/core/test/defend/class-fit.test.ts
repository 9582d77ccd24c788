/**
 * The best linear classifier of several classes of a Lipschitz constant: against HiGHS's quadratic programs, the
 * closed form of a triangle, regression where L does not bind, and the classifier of two classes.
 */
import { describe, expect, test } from 'vitest';
import { type ClassFit, fitClasses } from '../../src/defend/lipschitz/class-fit.ts';
import { type ClassData, pairsOf } from '../../src/defend/lipschitz/class-certificate.ts';
import { fitLinear } from '../../src/defend/lipschitz/linear-fit.ts';
import { loadHighs } from '../../src/lp/highs.ts';
import { RandomBlock } from '../../src/tensor/random.ts';

const [ROWS, WIDTH, CLASSES] = [60, 4, 3];
const random = new RandomBlock(11, 0, 0);

/** Columns of different scales and means; the class whose noisy linear score is the greatest. */
function samples(classes: number): ClassData {
  const x = Float64Array.from(
    { length: ROWS * WIDTH },
    (_, i) => (1 + (i % WIDTH)) * random.normal(i) + (i % WIDTH),
  );
  const y = Int32Array.from({ length: ROWS }, (_, row) => {
    const scores = Array.from({ length: classes }, (_c, k) => {
      let score = random.normal(1000 + row * classes + k);
      for (let j = 0; j < WIDTH; j++) {
        score += (random.normal(5000 + k * WIDTH + j) * (x[row * WIDTH + j] ?? 0)) / 2;
      }
      return score;
    });
    return scores.indexOf(Math.max(...scores));
  });
  return { x, y, classes };
}

const data = samples(CLASSES);

function expectCertified({ certificate }: ClassFit, limit: number): void {
  expect(certificate.gap).toBeGreaterThan(-1e-12);
  expect(certificate.gap).toBeLessThan(1e-6);
  expect(certificate.length).toBeLessThanOrEqual(limit * (1 + 1e-12));
  expect(Math.abs(certificate.slackness)).toBeLessThan(1e-6);
  for (const { multiplier, length } of certificate.pairs) {
    expect(multiplier).toBeGreaterThanOrEqual(0);
    expect(length).toBeLessThanOrEqual(limit * (1 + 1e-12));
  }
}

/** Second moments S of centred columns, and c_k = the mean of their rows of class k. */
function moments({ x, y, classes }: ClassData): {
  readonly s: (i: number, j: number) => number;
  readonly c: (k: number, j: number) => number;
} {
  const means = Array.from({ length: WIDTH }, (_, j) =>
    y.reduce((sum, _label, row) => sum + (x[row * WIDTH + j] ?? 0) / ROWS, 0),
  );
  const at = (row: number, j: number): number => (x[row * WIDTH + j] ?? 0) - (means[j] ?? 0);
  const mean = (of: (row: number) => number): number =>
    y.reduce((sum, _label, row) => sum + of(row) / ROWS, 0);
  const second = Array.from({ length: WIDTH * WIDTH }, (_, i) =>
    mean((row) => at(row, Math.floor(i / WIDTH)) * at(row, i % WIDTH)),
  );
  const first = Array.from({ length: classes * WIDTH }, (_, i) =>
    mean((row) => (y[row] === Math.floor(i / WIDTH) ? at(row, i % WIDTH) : 0)),
  );
  return {
    s: (i, j) => second[i * WIDTH + j] ?? 0,
    c: (k, j) => first[k * WIDTH + j] ?? 0,
  };
}

describe('squares', () => {
  test.each([
    ['linf', 0.1],
    ['linf', 0.3],
    ['l1', 0.05],
    ['l1', 0.15],
  ] as const)('in %s are the quadratic program of HiGHS, L = %d', async (norm, limit) => {
    const fit = await fitClasses(data, { loss: 'squared', norm, limit });
    expectCertified(fit, limit);
    const { s, c } = moments(data);
    const pairs = pairsOf(CLASSES);
    const [own, parts] = [CLASSES * WIDTH, 2 * pairs.length * WIDTH];
    // Columns: weights, then both parts of each difference, as far as each may go alone.
    const rows = pairs.flatMap(([from, to], pair) =>
      Array.from({ length: WIDTH }, (_, j) => {
        const part = own + 2 * (pair * WIDTH + j);
        return {
          terms: [
            [from * WIDTH + j, 1],
            [to * WIDTH + j, -1],
            [part, -1],
            [part + 1, 1],
          ] as const,
          ends: [0, 0],
        };
      }),
    );
    const sums = pairs.map((_, pair) => ({
      terms: Array.from({ length: 2 * WIDTH }, (_p, i) => [own + 2 * pair * WIDTH + i, 1] as const),
      ends: [-Infinity, limit],
    }));
    const all = [...rows, ...(norm === 'linf' ? sums : [])];
    const terms = all.flatMap((row) => [...row.terms]);
    const starts = all.reduce<number[]>(
      (found, row) => [...found, (found.at(-1) ?? 0) + row.terms.length],
      [0],
    );
    const size = own + parts;
    const hessian = Array.from({ length: size * size }, (_, i) => {
      const [a, b] = [Math.floor(i / size), i % size];
      if (a >= own || b >= own) return a === b ? 1e-10 : 0;
      const [k, l] = [Math.floor(a / WIDTH), Math.floor(b / WIDTH)];
      const centring = (k === l ? 1 : 0) - 1 / CLASSES;
      return 2 * centring * s(a % WIDTH, b % WIDTH) + (a === b ? 1e-10 : 0);
    });
    const highs = await loadHighs();
    const model = highs.createModel({
      numCols: size,
      numRows: all.length,
      colCost: Float64Array.from({ length: size }, (_, i) =>
        i < own ? -2 * c(Math.floor(i / WIDTH), i % WIDTH) : 0,
      ),
      colLower: Float64Array.from({ length: size }, (_, i) => (i < own ? -Infinity : 0)),
      colUpper: Float64Array.from({ length: size }, (_, i) => (i < own ? Infinity : limit)),
      rowLower: Float64Array.from(all, ({ ends }) => ends[0] ?? 0),
      rowUpper: Float64Array.from(all, ({ ends }) => ends[1] ?? 0),
      matrix: {
        format: 'csr',
        numRows: all.length,
        numCols: size,
        starts: Int32Array.from(starts),
        indices: Int32Array.from(terms, ([column]) => column),
        values: Float64Array.from(terms, ([, value]) => value),
      },
      hessian: {
        format: 'square',
        dimension: size,
        starts: Int32Array.from({ length: size + 1 }, (_, k) => k * size),
        indices: Int32Array.from(hessian, (_, k) => k % size),
        values: Float64Array.from(hessian),
      },
    });
    model.options.set({ output_flag: false });
    model.run();
    const { colValue } = model.getSolution();
    model.dispose();
    for (let i = 0; i < own; i++) {
      let centre = 0;
      for (let k = 0; k < CLASSES; k++)
        centre += (colValue[k * WIDTH + (i % WIDTH)] ?? 0) / CLASSES;
      expect(fit.weights[i]).toBeCloseTo((colValue[i] ?? 0) - centre, 6);
    }
  });

  test('in ℓ2, of a triangle whose corners are alike, are the means shortened to L', async () => {
    const turned = ([a, b]: readonly [number, number], times: number): [number, number] => {
      const [cos, sin] = [Math.cos((times * 2 * Math.PI) / 3), Math.sin((times * 2 * Math.PI) / 3)];
      return [cos * a - sin * b, sin * a + cos * b];
    };
    const corners = Array.from({ length: 10 }, (_, i): [number, number] => [
      1 + random.normal(9000 + i),
      random.normal(9100 + i),
    ]);
    const points = [0, 1, 2].flatMap((k) => corners.map((corner) => turned(corner, k)));
    const triangle = {
      x: Float64Array.from(points.flat()),
      y: Int32Array.from(points, (_, i) => Math.floor(i / corners.length)),
      classes: 3,
    };
    const limit = 0.2;
    const fit = await fitClasses(triangle, { loss: 'squared', norm: 'l2', limit });
    expectCertified(fit, limit);
    // All multipliers are alike: ridge regression of isotropic moments s, (s + ν)·w_k = c_k.
    const mean = (of: (corner: readonly [number, number]) => number): number =>
      corners.reduce((sum, corner) => sum + of(corner) / corners.length, 0);
    const c0 = [mean(([a]) => a) / 3, mean(([, b]) => b) / 3] as const;
    const s = mean(([a, b]) => a * a + b * b) / 2;
    const share = limit / (Math.sqrt(3) * Math.hypot(...c0));
    expect(share * s).toBeLessThan(1);
    [0, 1, 2].forEach((k) => {
      turned(c0, k).forEach((value, j) => {
        expect(fit.weights[2 * k + j]).toBeCloseTo(share * value, 6);
      });
    });
    const ridge = 1 / share - s;
    expect(fit.certificate.multiplier).toBeCloseTo(2 * ridge * limit, 6);
    for (const { multiplier } of fit.certificate.pairs) {
      expect(multiplier).toBeCloseTo((2 * ridge * limit) / 3, 6);
    }
  });

  test('where L is more than is needed all multipliers are 0', async () => {
    const fit = await fitClasses(data, { loss: 'squared', norm: 'l2', limit: 100 });
    expectCertified(fit, 100);
    expect(fit.certificate.multiplier).toBeLessThan(1e-8);
    const { s, c } = moments(data);
    for (let k = 0; k < CLASSES; k++) {
      for (let i = 0; i < WIDTH; i++) {
        let sum = 0;
        for (let j = 0; j < WIDTH; j++) sum += s(i, j) * (fit.weights[k * WIDTH + j] ?? 0);
        expect(sum).toBeCloseTo(c(k, i), 6);
      }
    }
  });
});

describe('other losses are certified by their duals', () => {
  test.each([
    ['logistic', 'linf'],
    ['logistic', 'l2'],
    ['logistic', 'l1'],
    ['hinge', 'linf'],
    ['hinge', 'l1'],
  ] as const)('%s in %s', async (loss, norm) => {
    for (const limit of [0.05, 0.5]) {
      expectCertified(await fitClasses(data, { loss, norm, limit }), limit);
    }
  });

  test.each(['linf', 'l2', 'l1'] as const)(
    'where L lets the loss all but vanish too: logistic in %s',
    async (norm) => {
      // Three clusters that a line keeps apart.
      const apart = {
        ...data,
        x: data.x.map((value, i) => value / 4 + 6 * Number(i % 4 === data.y[i >> 2])),
      };
      const limit = 4;
      const fit = await fitClasses(apart, { loss: 'logistic', norm, limit });
      expectCertified(fit, limit);
      expect(fit.certificate.primal).toBeLessThan(0.05);
    },
  );

  test.each([
    ['squared', 'l2'],
    ['squared', 'linf'],
    ['logistic', 'l2'],
    ['logistic', 'l1'],
    ['hinge', 'linf'],
  ] as const)('two classes are the classifier of a margin: %s in %s', async (loss, norm) => {
    const two = samples(2);
    const options = { loss, norm, limit: 0.3 };
    const fit = await fitClasses(two, options);
    const y = Float64Array.from(two.y, (label) => (label === 1 ? 1 : -1));
    const pair = await fitLinear({ x: two.x, y }, options);
    expect(fit.certificate.primal).toBeCloseTo(pair.certificate.primal, 8);
    expect(fit.certificate.multiplier).toBeCloseTo(pair.certificate.multiplier, 6);
    pair.weights.forEach((weight, j) => {
      expect((fit.weights[WIDTH + j] ?? 0) - (fit.weights[j] ?? 0)).toBeCloseTo(weight, 6);
    });
  });

  test('the least loss falls with L at the rate of the multipliers', async () => {
    const limit = 0.2;
    const options = { loss: 'logistic', norm: 'l2', limit } as const;
    const { certificate } = await fitClasses(data, options);
    const tighter = await fitClasses(data, { ...options, limit: limit / 2 });
    // The least loss is convex in L, with slope −Σ λ.
    const fall = (tighter.certificate.primal - certificate.primal) / (limit / 2);
    expect(fall).toBeGreaterThan(certificate.multiplier);
    expect(fall).toBeLessThan(tighter.certificate.multiplier);
  });

  test('a class without samples, no constant, or the hinge in ℓ2 are refused', async () => {
    const options = { loss: 'logistic', norm: 'l2', limit: 1 } as const;
    const absent = { ...data, classes: 4 };
    await expect(fitClasses(absent, options)).rejects.toThrow('class 3 has no samples');
    await expect(fitClasses(data, { ...options, limit: 0 })).rejects.toThrow(
      'is positive and finite, not 0',
    );
    await expect(fitClasses(data, { ...options, loss: 'hinge' })).rejects.toThrow(
      'no linear program',
    );
  });
});
