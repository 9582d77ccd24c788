/**
 * Long randomised runs: `soak({ name, total, step })` checks cases 0 … total − 1, each from a seed of
 * its own, so that any case can be repeated alone. What is done is kept in .glacis/soak/NAME.log (JSON
 * lines, one per case, each a single append); started again, a run goes on after the last one.
 *
 *     npm run soak -- NAME [--seed N] [--first N] [--fresh] [--case K]
 *
 * --seed   the run's seed (default: that of the log, else 1); another seed starts a new log
 * --first  stop after the first N cases
 * --fresh  forget the log and begin again
 * --case   run case K alone, log nothing, and let its error through
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

export interface Soak {
  /** The program's name: soak/NAME.ts. */
  readonly name: string;
  /** How many cases make a full run. */
  readonly total: number;
  /** Checks one case and throws when it does not hold. What it returns is kept in the log. */
  readonly step: (seed: number, index: number) => unknown;
  /** A sentence on what the steps returned, printed at the end. */
  readonly report?: (notes: readonly unknown[]) => string;
}

interface Header {
  readonly soak: string;
  readonly seed: number;
}

interface Case {
  readonly case: number;
  readonly seed: number;
  readonly ok: boolean;
  readonly seconds: number;
  readonly note?: unknown;
  readonly error?: string;
}

/** Seed of case `index`: a 32-bit mix (lowbias32) of the run's seed and the index. */
export function seedOf(seed: number, index: number): number {
  let h = (Math.imul(seed, 0x9e3779b9) ^ index) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d) >>> 0;
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b) >>> 0;
  return (h ^ (h >>> 16)) >>> 0;
}

/** Runs the cases that the log does not have yet. Exit code 1 when any case of the log failed. */
export async function soak({ name, total, step, report }: Soak): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      first: { type: 'string' },
      fresh: { type: 'boolean', default: false },
      case: { type: 'string' },
    },
  });
  const asked = whole('seed', values.seed);
  const log = values.fresh ? null : readLog(name);
  const seed = asked ?? log?.header.seed ?? 1;
  const only = whole('case', values.case);
  if (only !== null) {
    await step(seedOf(seed, only), only);
    console.log(`${name}: case ${only} of seed ${seed} holds`);
    return;
  }

  const goesOn = log !== null && log.header.seed === seed;
  if (!goesOn) startLog({ soak: name, seed });
  const cases = goesOn ? log.cases : [];
  const done = new Set(cases.map((entry) => entry.case));
  const end = Math.min(total, whole('first', values.first) ?? total);
  console.log(`${name}: seed ${seed}, ${end} cases, ${done.size} done (${logPath(name)})`);

  const started = performance.now();
  for (let index = 0; index < end; index++) {
    if (done.has(index)) continue;
    const entry = await runCase(step, seedOf(seed, index), index);
    append(name, entry);
    cases.push(entry);
    if (!entry.ok) console.log(describe(name, seed, entry));
    else if (cases.length % 100 === 0) console.log(`${name}: ${cases.length} of ${end}`);
  }

  const failures = cases.filter((entry) => !entry.ok);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${name}: ${cases.length} cases, ${failures.length} failed (${seconds} s now)`);
  for (const entry of failures) console.log(describe(name, seed, entry));
  if (report) console.log(`${name}: ${report(cases.map((entry) => entry.note))}`);
  if (failures.length > 0) process.exitCode = 1;
}

async function runCase(step: Soak['step'], seed: number, index: number): Promise<Case> {
  const start = performance.now();
  const seconds = (): number => Math.round(performance.now() - start) / 1000;
  try {
    const note = await step(seed, index);
    return {
      case: index,
      seed,
      ok: true,
      seconds: seconds(),
      ...(note === undefined ? {} : { note }),
    };
  } catch (error) {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { case: index, seed, ok: false, seconds: seconds(), error: message };
  }
}

/** One line on what went wrong, one on how to see it again. */
function describe(name: string, seed: number, entry: Case): string {
  const what = (entry.error ?? '').split('\n', 1)[0];
  return `case ${entry.case}: ${what}\n  npm run soak -- ${name} --seed ${seed} --case ${entry.case}`;
}

const logPath = (name: string): string => `.glacis/soak/${name}.log`;

function startLog(header: Header): void {
  mkdirSync('.glacis/soak', { recursive: true });
  writeFileSync(logPath(header.soak), `${JSON.stringify(header)}\n`);
}

function append(name: string, entry: Case): void {
  appendFileSync(logPath(name), `${JSON.stringify(entry)}\n`);
}

/** The log so far; null when there is none. A line cut short by a crash is removed and run again. */
function readLog(name: string): { header: Header; cases: Case[] } | null {
  if (!existsSync(logPath(name))) return null;
  const text = readFileSync(logPath(name), 'utf8');
  const kept = text.slice(0, text.lastIndexOf('\n') + 1);
  if (kept !== text) writeFileSync(logPath(name), kept);
  const [first, ...rest] = kept.split('\n').filter((line) => line !== '');
  if (first === undefined) return null;
  return {
    header: JSON.parse(first) as Header,
    cases: rest.map((line) => JSON.parse(line) as Case),
  };
}

function whole(option: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  if (!/^\d+$/.test(text)) throw new RangeError(`--${option} takes a whole number, not ${text}`);
  return Number(text);
}
