/**
 * The best linear classifier of a Lipschitz constant, against other solvers: the secular equation for squares
 * in ℓ2, HiGHS's quadratic programs for squares in ℓ∞ and ℓ1, its linear programs for the hinge.
 */
import { describe, expect, test } from 'vitest';
import { fitLinear, type LinearFit } from '../../src/defend/lipschitz/linear-fit.ts';
import type { LinearData } from '../../src/defend/lipschitz/linear-certificate.ts';
import { loadHighs } from '../../src/lp/highs.ts';
import { RandomBlock } from '../../src/tensor/random.ts';

const [ROWS, WIDTH] = [60, 4];
const random = new RandomBlock(11, 0, 0);
const directions = [2, -1, 0.5, 0];

/** Columns of different scales and means; a class that a noisy linear score tells. */
const data: LinearData = (() => {
  const x = Float64Array.from(
    { length: ROWS * WIDTH },
    (_, i) => (1 + (i % WIDTH)) * random.normal(i) + (i % WIDTH),
  );
  const y = Float64Array.from({ length: ROWS }, (_, row) => {
    const score = directions.reduce((sum, d, j) => sum + d * (x[row * WIDTH + j] ?? 0), -1);
    return score + random.normal(1000 + row) > 0 ? 1 : -1;
  });
  return { x, y };
})();

const at = (row: number, j: number): number => data.x[row * WIDTH + j] ?? 0;

function expectCertified({ certificate, weights }: LinearFit, limit: number): void {
  expect(certificate.gap).toBeGreaterThan(-1e-12);
  expect(certificate.gap).toBeLessThan(1e-6);
  expect(certificate.length).toBeLessThanOrEqual(limit * (1 + 1e-12));
  expect(certificate.multiplier).toBeGreaterThanOrEqual(0);
  expect(Math.abs(certificate.slackness)).toBeLessThan(1e-6);
  expect(weights).toHaveLength(WIDTH);
}

/** A·z = r by elimination with pivots. */
function solved(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i] ?? 0]);
  const size = rows.length;
  for (let k = 0; k < size; k++) {
    const below = rows.slice(k).map((row) => Math.abs(row[k] ?? 0));
    const pivot = k + below.indexOf(Math.max(...below));
    const [a, b] = [rows[k] ?? [], rows[pivot] ?? []];
    [rows[k], rows[pivot]] = [b, a];
    for (let i = 0; i < size; i++) {
      if (i === k) continue;
      const factor = (rows[i]?.[k] ?? 0) / (b[k] ?? 1);
      rows[i] = (rows[i] ?? []).map((value, j) => value - factor * (b[j] ?? 0));
    }
  }
  return rows.map((row, k) => (row[size] ?? 0) / (row[k] ?? 1));
}

/** Second moments of centred columns, and of them with the labels. */
function moments(): { readonly a: number[][]; readonly c: number[] } {
  const mean = (of: (row: number) => number): number =>
    Array.from({ length: ROWS }, (_, row) => of(row)).reduce((sum, v) => sum + v, 0) / ROWS;
  const columns = directions.map((_, j) => mean((row) => at(row, j)));
  const label = mean((row) => data.y[row] ?? 0);
  const centred = (row: number, j: number): number => at(row, j) - (columns[j] ?? 0);
  const a = directions.map((_d, i) =>
    directions.map((_e, j) => mean((row) => centred(row, i) * centred(row, j))),
  );
  const c = directions.map((_, j) => mean((row) => centred(row, j) * ((data.y[row] ?? 0) - label)));
  return { a, c };
}

describe('squares', () => {
  test('in ℓ2 are the ridge regression whose length is L (the secular equation)', async () => {
    const limit = 0.2;
    const { a, c } = moments();
    const ridge = (lambda: number): number[] =>
      solved(
        a.map((row, i) => row.map((value, j) => value + (i === j ? lambda : 0))),
        c,
      );
    let [low, high] = [0, 1e6];
    for (let round = 0; round < 200; round++) {
      const middle = (low + high) / 2;
      if (Math.hypot(...ridge(middle)) > limit) low = middle;
      else high = middle;
    }
    const expected = ridge(high);
    const fit = await fitLinear(data, { loss: 'squared', norm: 'l2', limit });
    expectCertified(fit, limit);
    fit.weights.forEach((value, j) => expect(value).toBeCloseTo(expected[j] ?? 0, 6));
    expect(fit.certificate.multiplier).toBeCloseTo(high * limit, 5);
  });

  test.each([
    ['linf', 0.3],
    ['l1', 0.1],
  ] as const)('in %s are the quadratic program of HiGHS', async (norm, limit) => {
    const fit = await fitLinear(data, { loss: 'squared', norm, limit });
    expectCertified(fit, limit);
    const { a, c } = moments();
    const highs = await loadHighs();
    // Weights are differences of two parts, as far as each may go alone.
    const signs = [...directions.map(() => 1), ...directions.map(() => -1)];
    const size = signs.length;
    const values = signs.flatMap((s, i) =>
      signs.map((t, j) => s * t * (a[i % WIDTH]?.[j % WIDTH] ?? 0) + (i === j ? 1e-12 : 0)),
    );
    const rowsOfParts =
      norm === 'linf'
        ? { starts: [0, size], indices: [...signs.keys()], values: signs.map(() => 1) }
        : { starts: [0, 1], indices: [0], values: [1] };
    const model = highs.createModel({
      numCols: size,
      numRows: 1,
      colCost: Float64Array.from(signs, (s, i) => -s * (c[i % WIDTH] ?? 0)),
      colLower: new Float64Array(size),
      colUpper: new Float64Array(size).fill(limit),
      rowLower: Float64Array.of(-Infinity),
      rowUpper: Float64Array.of(limit),
      matrix: {
        format: 'csr',
        numRows: 1,
        numCols: size,
        starts: Int32Array.from(rowsOfParts.starts),
        indices: Int32Array.from(rowsOfParts.indices),
        values: Float64Array.from(rowsOfParts.values),
      },
      hessian: {
        format: 'square',
        dimension: size,
        starts: Int32Array.from({ length: size + 1 }, (_, k) => k * size),
        indices: Int32Array.from(values, (_, k) => k % size),
        values: Float64Array.from(values),
      },
    });
    model.options.set({ output_flag: false });
    model.run();
    const { colValue } = model.getSolution();
    model.dispose();
    fit.weights.forEach((value, j) =>
      expect(value).toBeCloseTo((colValue[j] ?? 0) - (colValue[j + WIDTH] ?? 0), 6),
    );
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
    for (const limit of [0.05, 0.5, 2]) {
      expectCertified(await fitLinear(data, { loss, norm, limit }), limit);
    }
  });

  test('a hinge in one dimension: the steepest score that is allowed', async () => {
    const line = { x: Float64Array.of(-1, 1), y: Float64Array.of(-1, 1) };
    const options = { loss: 'hinge', norm: 'linf', limit: 0.25 } as const;
    const { weights, certificate } = await fitLinear(line, options);
    expect([...weights]).toEqual([0.25]);
    expect(certificate.primal).toBeCloseTo(0.75, 9);
  });

  test('where L is more than is needed the multiplier is 0', async () => {
    const fit = await fitLinear(data, { loss: 'squared', norm: 'l2', limit: 100 });
    expect(fit.certificate.multiplier).toBeLessThan(1e-8);
    const { a, c } = moments();
    const expected = solved(a, c);
    fit.weights.forEach((value, j) => expect(value).toBeCloseTo(expected[j] ?? 0, 6));
  });

  test('one class, no constant, or the hinge in ℓ2 are refused', async () => {
    const options = { loss: 'logistic', norm: 'l2', limit: 1 } as const;
    const one = { x: data.x, y: new Float64Array(ROWS).fill(1) };
    await expect(fitLinear(one, options)).rejects.toThrow('one class has no samples');
    await expect(fitLinear(data, { ...options, limit: 0 })).rejects.toThrow(
      'is positive and finite, not 0',
    );
    await expect(fitLinear(data, { ...options, loss: 'hinge' })).rejects.toThrow(
      'no linear program',
    );
  });
});
