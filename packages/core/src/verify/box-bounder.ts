/** A bounder: boxes in, for every row of each box's disjunct a proven lower bound and its slopes. */
import type { Program } from '../runtime/programs.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type BoxGraphOptions, boxGraph } from './box-graph.ts';
import type { BoxFunction } from './box-function.ts';
import type { Specification } from './specification.ts';

/** Boxes that are bounded together; each has its own specification. */
export interface BoxBatch {
  readonly count: number;
  /** [count × inputs] */
  readonly lower: Float32Array;
  readonly upper: Float32Array;
  readonly specifications: readonly Specification[];
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

export class BoxBounder {
  /** Boxes a run takes at once. */
  readonly atOnce: number;
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

  async bound({ count, lower, upper, specifications }: BoxBatch): Promise<BatchBounds> {
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
    const program = await this.program(spread);
    const { least, slopes, finite } = await program.run({
      centre: ends(middles(lower, upper)),
      lower: ends(lower),
      upper: ends(upper),
      rows: matrix(({ coefficients }) => coefficients),
      ...(spread ? { spread: matrix((each) => each.spread) } : {}),
    });
    const known = floats(least);
    floats(finite).forEach((flag, box) => {
      if (flag !== 1) known.fill(NaN, box * rows, (box + 1) * rows);
    });
    return { rows, least: known, slopes: floats(slopes) };
  }

  private program(spread: boolean): Promise<Program> {
    const { linearUpTo, rounding } = this.options;
    return this.joint.programs.named(`boxes/${linearUpTo}/${spread}/${rounding.gamma(1)}`, () =>
      boxGraph(this.joint, { ...this.options, spread }),
    );
  }
}

function floats(tensor: Tensor | undefined): Float32Array {
  if (!(tensor?.data instanceof Float32Array)) throw new TypeError('a bound is not float32');
  return tensor.data;
}

/** A point between the ends: the ends may be far apart, or one number. */
function middles(lower: Float32Array, upper: Float32Array): Float32Array {
  return lower.map((low, i) => middleOf(low, upper[i] ?? low));
}

/** The float32 nearest to the middle, never outside. */
export function middleOf(low: number, high: number): number {
  return Math.min(Math.max(Math.fround(low / 2 + high / 2), low), high);
}
