/**
 * The search for a witness: points of boxes pushed down the greatest excess of their disjunct's rows, in
 * signs' steps; what comes near is shown to the judge. Where numerals are no floats, the box of a search is
 * the one of the rounded query, not the wider one that proofs are over.
 */
import type { CancelSignal } from '../runtime/cancel.ts';
import type { Program } from '../runtime/programs.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { BoxFunction, Judge } from './box-function.ts';
import type { Specification } from './specification.ts';
import { violationGraph } from './violation-graph.ts';

/** A point to start from, and the box it may move in. */
export interface Start {
  readonly x: Float32Array;
  readonly lower: Float32Array;
  readonly upper: Float32Array;
  readonly specification: Specification;
}

export interface SearchOptions {
  readonly steps: number;
  /** First step in units of the box's width; it falls geometrically to a hundredth of that. */
  readonly stepSize: number;
}

/** Relative to the bound: what rounding may make of a row that holds. */
const NEAR = 1e-6;
const MOST_AT_ONCE = 256;
const LAST_SHARE = 0.01;
/** Points of one descent that the judge sees. */
const MOST_SHOWN = 4;

export class Search {
  /** Points whose outputs were computed. */
  evaluations = 0;
  private readonly joint: BoxFunction;
  private readonly judge: Judge;

  constructor(joint: BoxFunction, judge: Judge) {
    this.joint = joint;
    this.judge = judge;
  }

  /** A witness's joint vector, or null. */
  async from(
    starts: readonly Start[],
    options: SearchOptions,
    signal?: CancelSignal,
  ): Promise<Float64Array | null> {
    const atOnce = this.joint.batched ? MOST_AT_ONCE : 1;
    for (let start = 0; start < starts.length; start += atOnce) {
      signal?.throwIfAborted();
      const found = await this.descend(starts.slice(start, start + atOnce), options);
      if (found) return found;
    }
    return null;
  }

  /** The joint vector of a point that somebody else found, if it is a witness. */
  judged(x: Float32Array): Promise<Float64Array | null> {
    return this.judge.witness(x);
  }

  private async descend(
    starts: readonly Start[],
    { steps, stepSize }: SearchOptions,
  ): Promise<Float64Array | null> {
    const program = await this.program();
    const { inputCount, variableCount } = this.joint;
    const count = starts.length;
    const rows = Math.max(1, ...starts.map(({ specification }) => specification.rows.length));
    const joined = (
      part: (start: Start) => ArrayLike<number>,
      shape: readonly number[],
    ): Tensor => {
      const width = shape.reduce((size, dim) => size * dim, 1);
      const data = new Float32Array(count * width);
      starts.forEach((start, i) => data.set(part(start), i * width));
      return { type: 'float32', shape: [count, ...shape], data };
    };
    // Rows that a shorter specification lacks are below every bound.
    const bounds = joined(
      ({ specification }) =>
        Array.from({ length: rows }, (_, k) => specification.rows[k]?.bound ?? 3e38),
      [rows],
    );
    const feeds = {
      lower: joined(({ lower }) => lower, [inputCount]),
      upper: joined(({ upper }) => upper, [inputCount]),
      rows: joined(({ specification }) => specification.coefficients, [rows, variableCount]),
      bounds,
    };
    let x = joined((start) => start.x, [inputCount]);
    const near = Float32Array.from(starts, ({ specification }) =>
      specification.rows.reduce((most, { bound }) => Math.max(most, NEAR * Math.abs(bound)), NEAR),
    );
    const shown = new Map<number, number>();
    for (let step = 0; step <= steps; step++) {
      const length = stepSize * LAST_SHARE ** (step / Math.max(1, steps));
      const sizes = new Float32Array(count).fill(length);
      const results = await program.run({
        ...feeds,
        x,
        step: { type: 'float32', shape: [count], data: sizes },
      });
      this.evaluations += count;
      const found = await this.shown(x, results['excess'], near, shown);
      if (found) return found;
      const { next } = results;
      if (!next) break;
      x = next;
    }
    return null;
  }

  /** Shows the judge the points that may satisfy their disjunct; each start a few times at most. */
  private async shown(
    x: Tensor,
    excess: Tensor | undefined,
    near: Float32Array,
    shown: Map<number, number>,
  ): Promise<Float64Array | null> {
    const { inputCount } = this.joint;
    if (!(excess?.data instanceof Float32Array) || !(x.data instanceof Float32Array)) return null;
    for (const [i, value] of excess.data.entries()) {
      // An excess that is no number is for the judge as well.
      const times = shown.get(i) ?? 0;
      if (value > (near[i] ?? 0) || times >= MOST_SHOWN) continue;
      shown.set(i, times + 1);
      const own = x.data.slice(i * inputCount, (i + 1) * inputCount);
      const found = await this.judge.witness(own);
      if (found) return found;
    }
    return null;
  }

  private program(): Promise<Program> {
    return this.joint.programs.named('violation', () => violationGraph(this.joint));
  }
}
