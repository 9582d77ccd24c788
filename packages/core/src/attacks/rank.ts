/** The other classes of each row by falling score at its input. */
import { runRows } from '../runtime/rows.ts';
import { networkFeeds, type Rows, type SetContext } from '../threats/ball.ts';
import { marginProgram } from './programs.ts';

export async function rankedRivals(context: SetContext, rows: Rows): Promise<number[][]> {
  const { classifier, signal } = context;
  const feeds = {
    x: { data: rows.x, shape: classifier.sampleShape },
    ...networkFeeds(context, rows),
  };
  const program = await marginProgram(classifier);
  const { scores } = await runRows(classifier, program, feeds, rows.count, signal);
  const { classes } = classifier;
  return Array.from({ length: rows.count }, (_, row) => {
    const score = (k: number): number => scores?.[row * classes + k] ?? -Infinity;
    return Array.from({ length: classes }, (_unused, k) => k)
      .filter((k) => k !== rows.labels[row])
      .sort((p, q) => score(q) - score(p));
  });
}
