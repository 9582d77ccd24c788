/** One measurement of the reading benchmark, in a process of its own: child.js memory|time FILE. */
import { nodeRuntime, openModelFile, readModel, writeModel } from 'glacis';

export interface Answer {
  /** Bytes of the model itself. */
  readonly size: number;
  readonly parameters: number;
  /** Bytes above what the process took before. */
  readonly peak: number;
  /** Milliseconds, the least of a few. */
  readonly reading: number;
  readonly writing: number;
  readonly session: number;
}

const ROUNDS = 5;

async function timed(body: () => unknown): Promise<number> {
  const begun = performance.now();
  await body();
  return performance.now() - begun;
}

const [, , task, file = ''] = process.argv;
const before = process.memoryUsage.rss();
const { model } = await openModelFile(file, {});
// Given in KiB.
const peak = process.resourceUsage().maxRSS * 1024 - before;
const runtime = nodeRuntime({ threads: 1 });
const wanted = task === 'time' ? ROUNDS : 0;
const rounds: { reading: number; writing: number; session: number }[] = [];
for (let round = 0; round < wanted; round++) {
  rounds.push({
    reading: await timed(() => readModel(model.bytes)),
    session: await timed(async () => (await runtime.session(model.bytes)).release()),
    writing: await timed(() => writeModel(model.graph)),
  });
}
const least = (of: 'reading' | 'writing' | 'session'): number =>
  Math.min(...rounds.map((round) => round[of]));
const answer: Answer = {
  size: model.bytes.length,
  parameters: model.parameters,
  peak,
  reading: least('reading'),
  writing: least('writing'),
  session: least('session'),
};
process.send?.(answer);
