/**
 * Bounds on every margin of a classifier over a threat's set, as one compiled program that serves every
 * radius (the radius is an input).
 */
import type { Semantics } from '../audit/run.ts';
import { Builder } from '../graph/builder.ts';
import type { Graph } from '../graph/graph.ts';
import { batchOf, type Classifier, networkInputs } from '../runtime/classifier.ts';
import { BATCH_ROWS, runRows } from '../runtime/rows.ts';
import { nextUp, roundUp } from '../tensor/float32.ts';
import { ballFeeds, ballInputs, type Rows, type SetContext, threatKey } from '../threats/ball.ts';
import { inputSet } from '../threats/set-graph.ts';
import type { Threat } from '../threats/threat.ts';
import { oneHotRows } from '../transforms/margin.ts';
import { propagateIntervals } from '../transforms/interval.ts';
import { replayLowered } from '../transforms/lowering.ts';
import { roundingModel } from '../transforms/rounding.ts';
import type { Bound } from './bound.ts';
import { interval } from './interval.ts';
import { requireProvable } from './provable.ts';

/** Stands for "no bound needed" in the row of the label itself. */
const OWN_ROW = 1e30;

/** ball, labels → `marginLower` [batch]: bound on min_j (z_label − z_j), and `finite` [batch] (1 or 0). */
export function marginBoundGraph(
  classifier: Classifier,
  threat: Threat,
  semantics: Semantics,
  bound: Bound = interval,
): Graph {
  requireProvable(classifier.model, semantics);
  const b = new Builder();
  const { classes, graph } = classifier;
  const batch = batchOf(classifier);
  const ball = ballInputs(b, classifier);
  const given = networkInputs(b, classifier, ball.centre);
  const { id } = classifier.proven;
  const copies = replayLowered(b, graph, given, ['range'], [id]);
  const logits = copies.get(id);
  if (!logits) throw new RangeError('the logits were not copied');
  const sets = new Map([[ball.centre.id, inputSet(b, threat, ball)]]);
  const rounding = roundingModel(semantics);
  const propagation = propagateIntervals(b, b.graph({}), sets, rounding, bound.inside);
  const labels = b.input('labels', [batch], 'int32');
  const oneHot = oneHotRows(b, labels, classes);
  const own = b.reshape(oneHot, [batch, 1, classes]);
  const identity = new Float32Array(classes * classes);
  for (let k = 0; k < classes; k++) identity[k * (classes + 1)] = 1;
  const rows = b.sub(own, b.floats(identity, [1, classes, classes]));
  const bounds = bound.lowerBound(propagation, logits, rows);
  const others = b.add(bounds, b.mul(oneHot, OWN_ROW));
  const least = b.neg(b.maximum(b.neg(others), [1]));
  return b.graph({ marginLower: least, finite: propagation.finite() });
}

/** Numbers that the coefficients of a layer may take at once. */
const MOST_COEFFICIENTS = 2 ** 22;

/** How many inputs are bounded together: their coefficient rows have to fit. */
function rowsAtOnce({ graph, classes }: Classifier, { inside }: Bound): number {
  const sizes = graph.nodes
    .filter(({ op, shape }) => op !== 'constant' && shape.slice(1).every(isNumber))
    .map(({ shape }) => shape.slice(1).reduce<number>((size, dim) => size * Number(dim), 1));
  const most = Math.max(1, ...sizes);
  const rows = Math.max(classes, 2 * Math.min(most, inside.linearUpTo ?? 0));
  return Math.max(1, Math.min(BATCH_ROWS, Math.floor(MOST_COEFFICIENTS / (most * rows))));
}

const isNumber = (dim: number | string): dim is number => typeof dim === 'number';

export interface MarginBounds {
  /** Proven lower bound of the margin over each row's set; NaN where nothing is known. */
  readonly lower: Float64Array;
}

/** Bounds the margins of rows over their balls. A row whose bound is not finite inside gets NaN. */
export async function boundMargins(
  context: SetContext,
  rows: Rows,
  semantics: Semantics,
  bound: Bound = interval,
): Promise<MarginBounds> {
  const { classifier, threat, signal } = context;
  const name = `${bound.id}/${semantics}/${threatKey(threat)}`;
  const program = await classifier.programs.named(name, () =>
    marginBoundGraph(classifier, threat, semantics, bound),
  );
  const radii = rows.radii.map((value) => threat.proofRadius(value, classifier.sampleSize));
  const ball = ballFeeds(context, { ...rows, radii }, 'outward');
  const radius = Float32Array.from(radii, (value) => nextUp(roundUp(value)));
  const feeds = { ...ball, radius: { data: radius, shape: [] } };
  const atOnce = rowsAtOnce(classifier, bound);
  const results = await runRows(classifier, program, feeds, rows.count, signal, atOnce);
  const lower = Float64Array.from({ length: rows.count }, (_, row) => {
    const finite = results['finite']?.[row] === 1;
    return finite ? (results['marginLower']?.[row] ?? Number.NaN) : Number.NaN;
  });
  return { lower };
}
