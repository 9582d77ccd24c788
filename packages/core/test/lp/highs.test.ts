/**
 * What a linear program's multipliers prove: held to closed forms (a box, a knapsack) and to the enumeration of
 * vertices of random programs in the plane, and never above them.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OpenProgram } from '../../src/lp/highs.ts';
import { dualBound, type LinearProgram, ProgramBuilder, type Term } from '../../src/lp/program.ts';
import { Draw } from '../generators/draw.ts';

interface HalfPlane {
  readonly a: readonly [number, number];
  readonly most: number;
}

/** min cost·x over half-planes in the square [−1, 1]², at its vertices; Infinity where it is empty. */
function leastOverVertices(cost: readonly [number, number], planes: readonly HalfPlane[]): number {
  const all = [...planes, ...SQUARE];
  let least = Infinity;
  all.forEach((p, i) => {
    for (const q of all.slice(i + 1)) {
      const det = p.a[0] * q.a[1] - p.a[1] * q.a[0];
      if (det === 0) continue;
      const x = (p.most * q.a[1] - q.most * p.a[1]) / det;
      const y = (p.a[0] * q.most - q.a[0] * p.most) / det;
      const meets = all.every(({ a, most }) => a[0] * x + a[1] * y <= most + 1e-9);
      if (meets) least = Math.min(least, cost[0] * x + cost[1] * y);
    }
  });
  return least;
}

const SQUARE: readonly HalfPlane[] = [
  { a: [1, 0], most: 1 },
  { a: [-1, 0], most: 1 },
  { a: [0, 1], most: 1 },
  { a: [0, -1], most: 1 },
];

function inSquare(cost: readonly number[], planes: readonly HalfPlane[]): LinearProgram {
  const p = new ProgramBuilder();
  const columns = cost.map((each) => p.column(-1, 1, each));
  for (const { a, most } of planes) {
    p.row(
      columns.map((column, i): Term => [column, a[i] ?? 0]),
      -Infinity,
      most,
    );
  }
  return p.program();
}

async function opened(program: LinearProgram): Promise<OpenProgram> {
  const open = await OpenProgram.open(program);
  if (!open) throw new RangeError('the solver refused the program');
  return open;
}

describe('a linear program', () => {
  test('without rows has its optimum at a corner of its box, proven exactly', async () => {
    const open = await opened(inSquare([3, -2], []));
    expect(open.solve().bound).toBe(-5);
    open.dispose();
  });

  test('is bounded by its duals at the optimum of a knapsack, and changes with its limits', async () => {
    const p = new ProgramBuilder();
    const values = [6, 5, 3];
    const weights = [3, 4, 1];
    const columns = values.map((value) => p.column(0, 1, -value));
    p.row(
      columns.map((column, i): Term => [column, weights[i] ?? 0]),
      -Infinity,
      5,
    );
    const program = p.program();
    const open = await opened(program);
    // All of the third and the first, a quarter of the second.
    expect(open.solve().bound).toBeCloseTo(-10.25, 9);
    const { limits } = program;
    const without = { ...limits, upper: Float64Array.of(0, 1, 1) };
    expect(open.solve(without).bound).toBeCloseTo(-8, 9);
    expect(open.solve().bound).toBeCloseTo(-10.25, 9);
    expect(open.solve().bound).toBeLessThanOrEqual(-10.25);
    open.dispose();
  });

  test('that no point meets is proven empty by the solver’s ray', async () => {
    const open = await opened(inSquare([1, 1], [{ a: [-1, -1], most: -3 }]));
    expect(open.solve().bound).toBe(Infinity);
    open.dispose();
  });

  test('with a coefficient that the solver calls too large is refused, not an error', async () => {
    expect(await OpenProgram.open(inSquare([1, 1], [{ a: [1e20, 1], most: 1 }]))).toBeNull();
  });

  test('with an end that the solver calls infinite proves nothing, and what it is asked next is solved', async () => {
    const program = inSquare([3, -2], []);
    const open = await opened(program);
    const { limits } = program;
    const vast = { ...limits, lower: Float64Array.of(1e25, -1), upper: Float64Array.of(2e25, 1) };
    expect(open.solve(vast)).toEqual({ bound: -Infinity, point: null, duals: null });
    expect(open.solve().bound).toBe(-5);
    open.dispose();
  });

  test('in the plane is bounded by its duals at its best vertex, and by any multipliers below it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        const draw = new Draw(seed);
        const cost = [draw.real(-1, 1), draw.real(-1, 1)] as const;
        const planes = Array.from({ length: draw.integer(1, 6) }, (): HalfPlane => {
          const a = [draw.real(-1, 1), draw.real(-1, 1)] as const;
          return { a, most: draw.real(-0.5, 1) };
        });
        const least = leastOverVertices(cost, planes);
        const program = inSquare(cost, planes);
        const open = await opened(program);
        const { bound } = open.solve();
        open.dispose();
        if (least === Infinity) expect(bound).toBe(Infinity);
        else {
          expect(bound).toBeCloseTo(least, 8);
          const duals = draw.list(planes.length, () => draw.real(-2, 0.5));
          expect(dualBound(program, program.limits, duals)).toBeLessThanOrEqual(least + 1e-9);
        }
      }),
      { seed: 3, numRuns: 200 },
    );
  });
});
