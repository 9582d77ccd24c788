/**
 * What a model's gradient is worth near its inputs: whether there is one, whether finite differences agree,
 * and whether one step goes as it says. Slopes are those of the margin z_y − max z_k, and of softmax
 * cross-entropy as float32 has it; nothing is passed straight through.
 */
import type { AttackContext } from '../attacks/attack.ts';
import { crossEntropy } from '../attacks/losses.ts';
import { marginProgram, networkOver } from '../attacks/programs.ts';
import { Builder } from '../graph/builder.ts';
import type { Graph } from '../graph/graph.ts';
import type { Classifier } from '../runtime/classifier.ts';
import { batchOf } from '../runtime/network.ts';
import { type RowResults, runRows } from '../runtime/rows.ts';
import { networkFeeds, type Rows } from '../threats/ball.ts';
import { gradientWith } from '../transforms/gradient.ts';
import { marginOf } from '../transforms/margin.ts';
import { moved, moves } from './directions.ts';

export interface SlopeProbe {
  /** Largest |∂margin/∂x|, and that of cross-entropy; NaN where one is no number. */
  readonly margin: Float64Array;
  readonly loss: Float64Array;
  /** Cosine of the gradient's slopes along random directions with finite differences; 0 where one is flat. */
  readonly cosine: Float64Array;
  /** Whether finite differences see any change. */
  readonly changes: readonly boolean[];
  /** |m(x+δ) − m(x) − ∇m·δ| over |m(x+δ) − m(x)| + |∇m·δ|, summed over random δ: 0 linear, 1 unrelated. */
  readonly bend: Float64Array;
}

/** Share of ε that a difference spans: near enough to be linear, far enough to step over a ripple. */
const REACH = 1 / 16;
const DIRECTIONS = 12;

/** x, labels → margin, and the gradients of the margin and of cross-entropy. */
function slopeGraph(classifier: Classifier): Graph {
  const b = new Builder();
  const x = b.input('x', [batchOf(classifier), ...classifier.sampleShape]);
  const { logits, oneHot } = networkOver(b, classifier, x);
  const margin = marginOf(b, logits, oneHot);
  const [rise = x] = gradientWith(b, margin, [x]);
  const [loss = x] = gradientWith(b, crossEntropy(b, logits, oneHot), [x]);
  return b.graph({ margin, rise, loss });
}

/** The margin's gradient at each row's input: [rows × features]. */
export async function slopesAt(context: AttackContext, rows: Rows): Promise<Float32Array> {
  const { rise } = await runSlopes(context, rows);
  return rise ?? new Float32Array(rows.x.length);
}

async function runSlopes(context: AttackContext, rows: Rows): Promise<RowResults> {
  const { classifier, signal } = context;
  const program = await classifier.searchPrograms.named('slopes', () => slopeGraph(classifier));
  const x = { data: rows.x, shape: classifier.sampleShape };
  return runRows(classifier, program, { ...networkFeeds(context, rows), x }, rows.count, signal);
}

export async function probeSlopes(context: AttackContext, rows: Rows): Promise<SlopeProbe> {
  const { classifier, threat, seed, signal } = context;
  const { sampleSize: size, sampleShape: shape } = classifier;
  const network = networkFeeds(context, rows);
  const at = await runSlopes(context, rows);
  const { rise = new Float32Array(rows.x.length), loss = rise, margin = rise } = at;
  const ends = await marginProgram(classifier);
  const marginsAt = async (x: Float32Array): Promise<Float32Array> => {
    const moved = { ...network, x: { data: x, shape } };
    const results = await runRows(classifier, ends, moved, rows.count, signal);
    return results['margin'] ?? new Float32Array(rows.count);
  };
  const sums = rows.streams.map(() => ({ dot: 0, own: 0, found: 0, off: 0, size: 0 }));
  for (let draw = 0; draw < DIRECTIONS; draw++) {
    const by = moves(threat, rows, { seed, share: REACH, draw });
    const low = await marginsAt(moved(rows.x, by, -1));
    const high = await marginsAt(moved(rows.x, by));
    const predicted = rows.streams.map((_, row) => {
      let sum = 0;
      for (let k = row * size; k < (row + 1) * size; k++) sum += (by[k] ?? 0) * (rise[k] ?? 0);
      return sum;
    });
    sums.forEach((sum, row) => {
      const slope = predicted[row] ?? 0;
      const found = ((high[row] ?? 0) - (low[row] ?? 0)) / 2;
      const change = (high[row] ?? 0) - (margin[row] ?? 0);
      sum.dot += slope * found;
      sum.own += slope * slope;
      sum.found += found * found;
      sum.off += Math.abs(change - slope);
      sum.size += Math.abs(change) + Math.abs(slope);
    });
  }
  const ratio = (part: number, whole: number): number => (whole > 0 ? part / whole : 0);
  return {
    margin: largest(rise, size),
    loss: largest(loss, size),
    cosine: Float64Array.from(sums, ({ dot, own, found }) => ratio(dot, Math.sqrt(own * found))),
    changes: sums.map(({ found }) => found > 0),
    bend: Float64Array.from(sums, ({ off, size: whole }) => ratio(off, whole)),
  };
}

/** The largest |value| of each row. */
function largest(values: Float32Array, size: number): Float64Array {
  return Float64Array.from({ length: values.length / size }, (_, row) => {
    let most = 0;
    for (let k = row * size; k < (row + 1) * size; k++) {
      const value = Math.abs(values[k] ?? 0);
      if (!(value <= most)) most = value;
    }
    return most;
  });
}
