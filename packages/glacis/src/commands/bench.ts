/** `glacis bench`: verifies every instance of a folder in VNN-COMP's layout, each in its own process. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { type Instance, readInstances } from '../bench/instances.ts';
import { addResult, earlierResults, isOf, isWrong, type Result } from '../bench/results.ts';
import { catchInterrupts } from '../cli/interrupt.ts';
import type { Outcome, Surroundings } from '../cli/outcome.ts';
import { UsageError } from '../errors.ts';
import { ascending, quantile } from '../report/quantile.ts';
import type { CommandRequest } from './carry-out.ts';

/** Seconds after its timeout at which a process is ended. */
const GRACE = 10;

export async function benchCommand(
  { model: folder, values }: CommandRequest,
  { terminal }: Surroundings,
): Promise<Outcome> {
  if (folder === null)
    throw new UsageError('Which benchmark? Name a folder with an instances.csv.');
  const instances = (await readInstances(folder)).slice(0, values.first);
  const earlier = values.table === undefined ? [] : earlierResults(values.table);
  const results: Result[] = [];
  // What is finished is printed, and kept in the table.
  const interruption = catchInterrupts(() => terminal.say('Stopping …'));
  for (const [i, instance] of instances.entries()) {
    if (interruption.signal.aborted) break;
    const known = earlier.find((each) => isOf(each, instance));
    if (known) {
      results.push(known);
      continue;
    }
    const result = await run(instance, values.timeout ?? Infinity, interruption.signal);
    if (interruption.signal.aborted) break;
    results.push(result);
    if (values.table !== undefined) addResult(values.table, result);
    const verdict = isWrong(result) ? `${result.result}, but ${result.expected}` : result.result;
    const name = `${path.basename(instance.networks)} ${path.basename(instance.query)}`;
    if (!values.quiet) {
      terminal.say(
        `${i + 1}/${instances.length} ${name}: ${verdict}, ${result.seconds.toFixed(2)} s`,
      );
    }
  }
  const summary = summarise(results);
  const stdout = values.json
    ? `${JSON.stringify({ ...summary, instances: instances.length, results }, null, 2)}\n`
    : table(summary, instances.length);
  if (interruption.signal.aborted) return { stdout, exitCode: interruption.exitCode() };
  return { stdout, exitCode: summary.wrong > 0 ? 1 : 0 };
}

interface Printed {
  readonly result?: string;
  readonly method?: string | null;
  readonly branches?: number;
}

/** One cold process. */
function run(instance: Instance, most: number, signal: AbortSignal): Promise<Result> {
  const { networks, query, expected, operands } = instance;
  const timeout = Math.min(instance.seconds, most);
  const words = ['verify', ...operands, '--timeout', String(timeout), '--json', '--quiet'];
  const begun = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [process.argv[1] ?? '', ...words], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const end = (): void => void child.kill('SIGKILL');
    const timer = setTimeout(end, (timeout + GRACE) * 1000);
    signal.addEventListener('abort', end, { once: true });
    let stdout = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.on('error', reject);
    child.on('close', (_, killed) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      const seconds = (performance.now() - begun) / 1000;
      const missing: Printed = { result: killed === null ? 'error' : 'timeout' };
      const printed = stdout === '' ? missing : (JSON.parse(stdout) as Printed);
      const { result = 'error', method, branches = 0 } = printed;
      const known = { networks, query, expected: expected ?? '' };
      resolve({ ...known, result, seconds, method: method ?? '', branches });
    });
  });
}

interface Summary {
  readonly solved: number;
  readonly sat: number;
  readonly unsat: number;
  readonly unknown: number;
  readonly timeout: number;
  readonly error: number;
  readonly wrong: number;
  readonly seconds: { readonly median: number; readonly mean: number; readonly total: number };
}

function summarise(results: readonly Result[]): Summary {
  const count = (name: string): number => results.filter(({ result }) => result === name).length;
  const wrong = results.filter(isWrong).length;
  const times = ascending(results.map(({ seconds }) => seconds));
  const total = times.reduce((sum, time) => sum + time, 0);
  const [sat, unsat] = [count('sat'), count('unsat')];
  return {
    solved: sat + unsat - wrong,
    sat,
    unsat,
    unknown: count('unknown'),
    timeout: count('timeout'),
    error: count('error'),
    wrong,
    seconds: { median: quantile(times, 0.5) ?? 0, mean: total / (times.length || 1), total },
  };
}

function table(summary: Summary, instances: number): string {
  const { seconds, ...counts } = summary;
  const lines = Object.entries({ instances, ...counts }).map(
    ([name, count]) => `${name.padEnd(10)}${String(count).padStart(9)}`,
  );
  const times = Object.entries(seconds).map(
    ([name, value]) => `${name.padEnd(10)}${value.toFixed(2).padStart(9)} s`,
  );
  return `${[...lines, ...times].join('\n')}\n`;
}
