/**
 * Linear programs, minimise cost·x with rowLower ≤ A·x ≤ rowUpper and lower ≤ x ≤ upper, and what any
 * vector of multipliers proves about one (weak duality): whatever a solver's tolerances, the value that is
 * computed here from its duals in outward-rounded float64 is below the optimum.
 */
import { addDown, addUp, timesDown, timesUp } from '../tensor/float64.ts';

/** What may change from solve to solve: ends of the columns and of the rows, infinite where there is none. */
export interface Limits {
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly rowLower: Float64Array;
  readonly rowUpper: Float64Array;
}

export interface LinearProgram {
  readonly cost: Float64Array;
  /** A by rows: entries starts[i] … starts[i + 1] are row i's, at columns `indices`. */
  readonly starts: Int32Array;
  readonly indices: Int32Array;
  readonly values: Float64Array;
  readonly limits: Limits;
}

/** A coefficient of a row. */
export type Term = readonly [column: number, coefficient: number];

/** Collects a program column by column and row by row. */
export class ProgramBuilder {
  private readonly cost: number[] = [];
  private readonly ends: [number[], number[]] = [[], []];
  private readonly rowEnds: [number[], number[]] = [[], []];
  private readonly starts: number[] = [0];
  private readonly indices: number[] = [];
  private readonly values: number[] = [];

  /** Returns the column's index. */
  column(lower: number, upper: number, cost = 0): number {
    this.ends[0].push(lower);
    this.ends[1].push(upper);
    return this.cost.push(cost) - 1;
  }

  /** Returns the row's index. Terms of the same column must be added up before. */
  row(terms: Iterable<Term>, lower: number, upper: number): number {
    for (const [column, coefficient] of terms) {
      if (coefficient === 0) continue;
      this.indices.push(column);
      this.values.push(coefficient);
    }
    this.starts.push(this.indices.length);
    this.rowEnds[1].push(upper);
    return this.rowEnds[0].push(lower) - 1;
  }

  program(): LinearProgram {
    return {
      cost: Float64Array.from(this.cost),
      starts: Int32Array.from(this.starts),
      indices: Int32Array.from(this.indices),
      values: Float64Array.from(this.values),
      limits: {
        lower: Float64Array.from(this.ends[0]),
        upper: Float64Array.from(this.ends[1]),
        rowLower: Float64Array.from(this.rowEnds[0]),
        rowUpper: Float64Array.from(this.rowEnds[1]),
      },
    };
  }
}

export function copyOf({ lower, upper, rowLower, rowUpper }: Limits): Limits {
  return {
    lower: lower.slice(),
    upper: upper.slice(),
    rowLower: rowLower.slice(),
    rowUpper: rowUpper.slice(),
  };
}

/**
 * A lower bound of the program's optimum from any multipliers of its rows: Σ y·(the row's end that y pulls
 * at) + Σ min over each column's interval of (cost − Aᵀy)·x, rounded down throughout. A multiplier that
 * pulls at an infinite end counts as 0; −Infinity where a column without end is pulled.
 */
export function dualBound(
  program: LinearProgram,
  limits: Limits,
  duals: ArrayLike<number>,
): number {
  return weakDual(program, program.cost, limits, duals);
}

/** Whether multipliers (a dual ray, of either sign) prove that no point meets the limits (Farkas). */
export function provesEmpty(
  program: LinearProgram,
  limits: Limits,
  ray: ArrayLike<number>,
): boolean {
  const free = new Float64Array(program.cost.length);
  const opposite = Float64Array.from(ray, (value) => -value);
  return [ray, opposite].some((each) => weakDual(program, free, limits, each) > 0);
}

function weakDual(
  { starts, indices, values }: LinearProgram,
  cost: Float64Array,
  { lower, upper, rowLower, rowUpper }: Limits,
  duals: ArrayLike<number>,
): number {
  const [least, most] = [cost.slice(), cost.slice()];
  let bound = 0;
  for (let row = 0; row < rowLower.length; row++) {
    const dual = duals[row] ?? 0;
    const end = (dual > 0 ? rowLower : rowUpper)[row] ?? 0;
    if (dual === 0 || !Number.isFinite(dual) || !Number.isFinite(end)) continue;
    bound = addDown(bound, timesDown(dual, end));
    for (let k = starts[row] ?? 0; k < (starts[row + 1] ?? 0); k++) {
      const [column, value] = [indices[k] ?? 0, values[k] ?? 0];
      least[column] = addDown(least[column] ?? 0, timesDown(-dual, value));
      most[column] = addUp(most[column] ?? 0, timesUp(-dual, value));
    }
  }
  for (let column = 0; column < lower.length; column++) {
    const [low, high] = [lower[column] ?? 0, upper[column] ?? 0];
    const slopes = [least[column] ?? 0, most[column] ?? 0];
    const ends = slopes.flatMap((slope) => [timesDown(slope, low), timesDown(slope, high)]);
    bound = addDown(bound, Math.min(...ends));
  }
  return Number.isNaN(bound) ? -Infinity : bound;
}
