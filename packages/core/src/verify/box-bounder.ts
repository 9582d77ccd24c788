/** A bounder: boxes in, for every row of each box's disjunct a proven lower bound and its slopes. */
import { adamFeeds } from '../bounds/adam.ts';
import { numbers, scalar } from '../bounds/numbers.ts';
import { firstState, nextState } from '../bounds/slope-state.ts';
import type { Program } from '../runtime/programs.ts';
import { roundDown } from '../tensor/float32.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type BoxGraphOptions, boxGraph } from './box-graph.ts';
import type { BoxFunction } from './box-function.ts';
import { type SlopeGraph, slopeGraph } from './slope-graph.ts';
import { isAbove, isRefuted, leastOfOne, type Specification } from './specification.ts';

/** Boxes that are bounded together; each has its own specification. */
export interface BoxBatch {
  readonly count: number;
  /** [count × inputs] */
  readonly lower: Float32Array;
  readonly upper: Float32Array;
  readonly specifications: readonly Specification[];
  /** Whether slopes are optimised for boxes that stay open (α-CROWN). */
  readonly climbs: boolean;
}

export interface BatchBounds {
  /** Rows of the longest specification: the stride of what follows. */
  readonly rows: number;
  /** [count × rows]; NaN where nothing is known. */
  readonly least: Float32Array;
  /** [count × rows × inputs], as boxGraph says. */
  readonly slopes: Float32Array;
}

/** Numbers that the coefficients of a layer may take at once. */
const MOST_COEFFICIENTS = 2 ** 22;
const MOST_BOXES = 256;
/** Of Adam, each of so much: of several tried on ACAS Xu, the fewest seconds. */
const [STEPS, RATE] = [4, 0.3];

export class BoxBounder {
  /** Boxes a run takes at once. */
  readonly atOnce: number;
  private climbing: SlopeGraph | null = null;
  private readonly joint: BoxFunction;
  private readonly options: Omit<BoxGraphOptions, 'spread'>;

  constructor(joint: BoxFunction, options: Omit<BoxGraphOptions, 'spread'>) {
    this.joint = joint;
    this.options = options;
    const { widest } = joint;
    const coefficients = widest * 2 * Math.min(widest, Math.max(options.linearUpTo, 1));
    const fitting = Math.max(1, Math.floor(MOST_COEFFICIENTS / coefficients));
    this.atOnce = joint.batched ? Math.min(MOST_BOXES, fitting) : 1;
  }

  async bound({ count, lower, upper, specifications, climbs }: BoxBatch): Promise<BatchBounds> {
    const { inputCount, variableCount } = this.joint;
    const rows = Math.max(...specifications.map((each) => each.rows.length));
    const spread = specifications.some((each) => each.spread !== null);
    const matrix = (part: (each: Specification) => Float32Array | null): Tensor => {
      const data = new Float32Array(count * rows * variableCount);
      specifications.forEach((each, box) => {
        const own = part(each);
        if (own) data.set(own, box * rows * variableCount);
      });
      return { type: 'float32', shape: [count, rows, variableCount], data };
    };
    const ends = (data: Float32Array): Tensor => {
      return { type: 'float32', shape: [count, inputCount], data };
    };
    const feeds = {
      centre: ends(middles(lower, upper)),
      lower: ends(lower),
      upper: ends(upper),
      rows: matrix(({ coefficients }) => coefficients),
    };
    const program = await this.program(spread);
    const { least, slopes, finite, low, high, ...stops } = await program.run({
      ...feeds,
      ...(spread ? { spread: matrix((each) => each.spread) } : {}),
    });
    const bounds = { rows, least: numbers(least), slopes: numbers(slopes) };
    numbers(finite).forEach((flag, box) => {
      if (flag !== 1) bounds.least.fill(NaN, box * rows, (box + 1) * rows);
    });
    attained({ specifications, variableCount }, { low: numbers(low), high: numbers(high) }, bounds);
    const isOpen = specifications.some((each, box) => !isRefuted(each, bounds.least, box * rows));
    if (climbs && isOpen && !spread) await this.climb({ ...feeds, ...stops }, count, bounds);
    return bounds;
  }

  /** Raises bounds by slopes that are chosen for each row of each box. */
  private async climb(
    feeds: Readonly<Record<string, Tensor>>,
    count: number,
    { rows, least, slopes }: BatchBounds,
  ): Promise<void> {
    this.climbing ??= slopeGraph(this.joint, this.options.rounding);
    const { graph, widths } = this.climbing;
    if (widths.length === 0) return;
    const { inputCount, programs } = this.joint;
    const name = `slopes/${this.options.rounding.gamma(1)}`;
    const program = await programs.named(name, () => graph);
    let state = firstState(widths, count, rows);
    for (let step = 1; step <= STEPS; step++) {
      const { rate, scale } = adamFeeds(step, RATE);
      const results = await program.run({
        ...feeds,
        ...state,
        rate: scalar(rate),
        scale: scalar(scale),
      });
      const [found, along] = [numbers(results['least']), numbers(results['slopes'])];
      const finite = numbers(results['finite']);
      found.forEach((value, row) => {
        if (finite[Math.floor(row / rows)] !== 1 || !(value > (least[row] ?? NaN))) return;
        least[row] = value;
        const [from, to] = [row * inputCount, (row + 1) * inputCount];
        slopes.set(along.subarray(from, to), from);
      });
      state = nextState(state, results);
    }
  }

  private program(spread: boolean): Promise<Program> {
    const { linearUpTo, rounding } = this.options;
    return this.joint.programs.named(
      `boxes/${linearUpTo}/${spread}/${rounding.gamma(1)}`,
      () => boxGraph(this.joint, { ...this.options, spread }),
      // On ACAS Xu it takes twice as long to open otherwise, and as long to run.
      { optimised: false },
    );
  }
}

/** Rows of one variable that its ends refute, exactly: a linear bound that rounding lowers may never reach them. */
function attained(
  {
    specifications,
    variableCount: width,
  }: Pick<BoxBatch, 'specifications'> & { readonly variableCount: number },
  { low, high }: { readonly low: Float32Array; readonly high: Float32Array },
  { rows: stride, least, slopes }: BatchBounds,
): void {
  const inputs = slopes.length / Math.max(1, least.length);
  specifications.forEach(({ rows, coefficients, spread }, box) => {
    const [lower, upper] = [low, high].map((all) => all.subarray(box * width, (box + 1) * width));
    if (spread || !lower || !upper) return;
    rows.forEach((row, k) => {
      const at = box * stride + k;
      const own = coefficients.subarray(k * width, (k + 1) * width);
      const value = roundDown(leastOfOne(own, { lower, upper }));
      // NaN stays: something inside was not finite.
      if (!isAbove(row, value) || !(value > (least[at] ?? NaN))) return;
      least[at] = value;
      slopes.fill(0, at * inputs, (at + 1) * inputs);
    });
  });
}

/** A point between the ends: the ends may be far apart, or one number. */
function middles(lower: Float32Array, upper: Float32Array): Float32Array {
  return lower.map((low, i) => middleOf(low, upper[i] ?? low));
}

/** The float32 nearest to the middle, never outside. */
export function middleOf(low: number, high: number): number {
  return Math.min(Math.max(Math.fround(low / 2 + high / 2), low), high);
}
