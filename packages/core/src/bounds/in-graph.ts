/** Bounds that are one compiled program over many rows at once: for small layers, or intervals inside. */
import { widest } from '../graph/widest.ts';
import type { Classifier } from '../runtime/classifier.ts';
import { BATCH_ROWS, runRows } from '../runtime/rows.ts';
import { ballFeeds, threatKey } from '../threats/ball.ts';
import type { Bound } from './bound.ts';
import { marginBoundGraph, type MarginGraphOptions } from './margin-graph.ts';

/** Numbers that the coefficients of a layer may take at once. */
const MOST_COEFFICIENTS = 2 ** 22;

/** How many inputs are bounded together: their coefficient rows have to fit. */
function rowsAtOnce(
  { graph, classes }: Classifier,
  { linearUpTo = 0 }: MarginGraphOptions,
): number {
  const most = widest(graph.nodes);
  const rows = Math.max(classes, 2 * Math.min(most, linearUpTo));
  return Math.max(1, Math.min(BATCH_ROWS, Math.floor(MOST_COEFFICIENTS / (most * rows))));
}

export function inGraph(id: string, options: MarginGraphOptions): Bound {
  return {
    id,
    isDear: () => false,
    margins: async (context, rows, semantics) => {
      const { classifier, threat, signal } = context;
      const name = `${id}/${options.linearUpTo ?? 0}/${semantics}/${threatKey(threat)}`;
      const program = await classifier.programs.named(name, () =>
        marginBoundGraph(classifier, threat, semantics, options),
      );
      const feeds = ballFeeds(context, rows, 'outward');
      const atOnce = rowsAtOnce(classifier, options);
      const results = await runRows(classifier, program, feeds, rows.count, signal, atOnce);
      return Float64Array.from({ length: rows.count }, (_, row) => {
        const finite = results['finite']?.[row] === 1;
        return finite ? (results['marginLower']?.[row] ?? Number.NaN) : Number.NaN;
      });
    },
  };
}
