/**
 * Asking the original file during an attack. Its answer may differ from the derived program's at the
 * steps of a quantised model, or by rounding at a tie: a row that only seems broken should go on.
 */
import { answerFor } from '../runtime/judgement.ts';
import type { Rows } from '../threats/ball.ts';
import type { AttackContext, AttackOutcome } from './attack.ts';

/**
 * Which of the rows the original file answers wrong at their best candidate, moved into the set
 * exactly. The others' margins become positive again, as small as can be: any step back is one too many.
 */
export async function confirmed(
  { classifier, threat }: AttackContext,
  rows: Rows,
  outcome: AttackOutcome,
  asked: readonly number[],
): Promise<ReadonlySet<number>> {
  if (asked.length === 0) return new Set();
  const size = classifier.sampleSize;
  const candidates = new Float32Array(asked.length * size);
  asked.forEach((row, i) => {
    const x = candidates.subarray(i * size, (i + 1) * size);
    x.set(outcome.best.subarray(row * size, (row + 1) * size));
    threat.legalise(rows.x.subarray(row * size, (row + 1) * size), x, rows.radii[row] ?? 0);
  });
  const streams = asked.map((row) => rows.streams[row] ?? row);
  const judgement = await classifier.judge(candidates, streams);
  const broken = new Set<number>();
  asked.forEach((row, i) => {
    const label = rows.labels[row] ?? 0;
    outcome.forwards[row] = (outcome.forwards[row] ?? 0) + 1;
    if (answerFor(judgement, i, label) !== label) broken.add(row);
    else outcome.margins[row] = Number.MIN_VALUE;
  });
  return broken;
}
