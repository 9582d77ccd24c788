/**
 * The box of inputs of one disjunct, and its narrowing by bounds and by linear rows over inputs. Ends are
 * rounded outward: no point that the constraints allow is lost.
 */
import { addDown, addUp, overDown, overUp, timesDown } from '../tensor/float64.ts';
import type { Bound, Row } from './constraint.ts';

/** Bits of `open`: the end itself is excluded. */
export const [LOWER_OPEN, UPPER_OPEN] = [1, 2];

export interface Box {
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  /** Per input, which ends a strict comparison excludes. */
  readonly open: Uint8Array;
}

export function everything(count: number): Box {
  return {
    lower: new Float64Array(count).fill(-Infinity),
    upper: new Float64Array(count).fill(Infinity),
    open: new Uint8Array(count),
  };
}

/** Rounds of narrowing by rows: enough for chains of equalities, and an end for slow convergence. */
const ROUNDS = 10;

/** A box being narrowed; the one it began from is copied before the first change. */
export class Narrowing {
  box: Box;
  /** The first input that was left without a value; −1 while there is none. */
  emptyAt = -1;
  private changes = 0;

  constructor(box: Box) {
    this.box = box;
  }

  bound({ variable, side, value, isStrict }: Omit<Bound, 'at'>): void {
    const { lower, upper, open } = this.box;
    const bit = side === 'lower' ? LOWER_OPEN : UPPER_OPEN;
    const before = (side === 'lower' ? lower : upper)[variable] ?? 0;
    const isTighter = side === 'lower' ? value > before : value < before;
    const isClosing = value === before && isStrict && ((open[variable] ?? 0) & bit) === 0;
    if (!isTighter && !isClosing) return;
    const box = this.changes === 0 ? this.copy() : this.box;
    this.changes++;
    (side === 'lower' ? box.lower : box.upper)[variable] = value;
    const others = (box.open[variable] ?? 0) & ~bit;
    box.open[variable] = isStrict ? others | bit : others;
    const [low, high] = [box.lower[variable] ?? 0, box.upper[variable] ?? 0];
    if (low > high || (low === high && box.open[variable] !== 0)) this.emptyAt = variable;
  }

  private copy(): Box {
    const { lower, upper, open } = this.box;
    this.box = { lower: lower.slice(), upper: upper.slice(), open: open.slice() };
    return this.box;
  }

  /** Narrows every input of the rows to what they allow, until nothing changes. */
  propagate(rows: readonly Row[]): void {
    const own = rows.filter(({ isOfInputs }) => isOfInputs);
    for (let round = 0; round < ROUNDS && this.emptyAt < 0; round++) {
      const before = this.changes;
      for (const row of own) this.row(row);
      if (this.changes === before) return;
    }
  }

  /** x_i ≤ (bound − Σ_{j≠i} min c_j·x_j) / c_i, for every i of the row. */
  private row(row: Row): void {
    const least = Array.from(row.variables, (_, i) => this.least(row, i));
    const infinite = least.filter((value) => value === -Infinity).length;
    if (infinite > 1) return;
    const sum = least.reduce(
      (total, value) => (value > -Infinity ? addDown(total, value) : total),
      0,
    );
    for (const [i, variable] of row.variables.entries()) {
      const own = least[i] ?? 0;
      if (infinite === 1 && own > -Infinity) continue;
      // Of two variables the other's end is taken as it is: equalities stay exact.
      const others =
        least.length === 2 ? (least[1 - i] ?? 0) : own > -Infinity ? addDown(sum, -own) : sum;
      this.solve(row, i, variable, addUp(row.bound, -others));
      if (this.emptyAt >= 0) return;
    }
  }

  /** c·x ≤ d for the i-th variable of a row. */
  private solve(row: Row, i: number, variable: number, d: number): void {
    const { lower, upper } = coefficientOf(row, i);
    if (lower > 0) {
      const value = overUp(d, d >= 0 ? lower : upper);
      this.bound({ variable, side: 'upper', value, isStrict: false });
    } else if (upper < 0) {
      const value = overDown(d, d >= 0 ? upper : lower);
      this.bound({ variable, side: 'lower', value, isStrict: false });
    } else if (lower === 0 && upper === 0 && d < 0) this.emptyAt = variable;
  }

  /** The least value of the i-th term over the box. */
  private least(row: Row, i: number): number {
    const { lower, upper } = coefficientOf(row, i);
    const variable = row.variables[i] ?? 0;
    const [low, high] = [this.box.lower[variable] ?? 0, this.box.upper[variable] ?? 0];
    return Math.min(
      timesDown(lower, low),
      timesDown(lower, high),
      timesDown(upper, low),
      timesDown(upper, high),
    );
  }
}

function coefficientOf({ coefficients, spread }: Row, i: number): { lower: number; upper: number } {
  const lower = coefficients[i] ?? 0;
  const width = spread?.[i] ?? 0;
  return { lower: addDown(lower, -width), upper: addUp(lower, width) };
}
