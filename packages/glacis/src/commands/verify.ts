/** `glacis verify`: decides a VNN-LIB query and says so in the standard's words. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  type AssignedTensor,
  assignmentOf,
  OutOfTime,
  printOutcome,
  type Query,
  serialiseAssignment,
  tickUntil,
  type Decision,
  verify,
  VnnlibError,
  withDeadline,
  writeResult,
} from '@glacis/core';
import type { OptionValues } from '../cli/options.ts';
import type { Outcome, Surroundings } from '../cli/outcome.ts';
import { readQuery } from '../data/query.ts';
import { messageOf, UsageError } from '../errors.ts';
import { HelperProcesses } from '../parallel/helper-processes.ts';
import { namingModel, type NetworkFile, openNetworks } from '../run/query-networks.ts';
import { mostVerifiers } from '../run/workers.ts';
import { openRuntime } from '../runtime/node.ts';
import type { CommandRequest } from './carry-out.ts';

/** What `--json` prints. */
export interface VerifyDocument {
  readonly result: Decision['outcome'];
  /** Since the process began. */
  readonly seconds: number;
  readonly method: string | null;
  readonly branches: number;
  readonly lower: number | null;
  readonly assignment: readonly AssignedTensor[] | null;
  readonly reason: string | null;
}

/** What is left of the time for closing, in milliseconds. */
const CLOSING = 200;

export async function verifyCommand(
  { model, property, values }: CommandRequest,
  { terminal }: Surroundings,
): Promise<Outcome> {
  const { queryPath, files } = operands(model, property, values);
  // The clock of `performance` starts with the process.
  const until = values.timeout === undefined ? Infinity : values.timeout * 1000 - CLOSING;
  const isLate = (): boolean => performance.now() > until;
  const device = values.device ?? 'cpu';
  const { runtime, notes } = await openRuntime({ device });
  notes.forEach((note) => terminal.note(note));
  const limited = withDeadline(runtime, isLate);
  const engine = engineOptions(values);
  const tick = tickUntil(isLate);
  const verdict = await inTime(async (): Promise<Verdict> => {
    const { query, sha256: querySha256 } = await readQuery(queryPath, tick);
    const networks = await openNetworks(queryPath, query, files, limited);
    const bytes = [...networks.values()].reduce((sum, { model }) => sum + model.bytes.length, 0);
    const helpers = new HelperProcesses({
      setup: { queryPath, querySha256, files, device, ...engine },
      count: mostVerifiers(values, bytes) - 1,
      until,
      onLost: ({ message }) => terminal.note(`A worker was lost (${message}); its work is redone.`),
    });
    try {
      const decision = await namingModel(files.map(([, file]) => file).join(', '), () =>
        asked(queryPath, () => verify({ query, networks, ...engine, tick, helpers })),
      );
      return { query, ...decision };
    } finally {
      await helpers.release();
    }
  });
  if (verdict.reason !== null) terminal.note(`${verdict.outcome}: ${verdict.reason}.`);
  await write(verdict, values);
  const isDecided = verdict.outcome === 'sat' || verdict.outcome === 'unsat';
  const stdout = values.json
    ? `${JSON.stringify(documentOf(verdict), null, 2)}\n`
    : printed(verdict, values);
  return { stdout, exitCode: isDecided ? 0 : 3 };
}

function operands(
  first: string | null,
  second: string | null,
  { network = [] }: OptionValues,
): { queryPath: string; files: readonly NetworkFile[] } {
  if (first === null) {
    throw new UsageError(
      'Which query? glacis verify MODEL PROPERTY.vnnlib, or QUERY --network FILE.',
    );
  }
  if (second === null && network.length > 0) return { queryPath: first, files: network };
  if (second === null) {
    throw new UsageError(`${first} needs a network: --network FILE, or the model in front of it.`);
  }
  if (network.length === 0) return { queryPath: second, files: [[null, first]] };
  throw new UsageError('With --network the query is the only other word: QUERY --network FILE.');
}

function engineOptions({ semantics, seed, memory }: OptionValues) {
  return {
    ...(semantics === undefined ? {} : { semantics }),
    ...(seed === undefined ? {} : { seed }),
    ...(memory === undefined ? {} : { memory }),
  };
}

/** The query is null where reading it took all the time. */
interface Verdict extends Decision {
  readonly query: Query | null;
}

/** The time may be up before the engine begins. */
async function inTime(body: () => Promise<Verdict>): Promise<Verdict> {
  try {
    return await body();
  } catch (error) {
    if (!(error instanceof OutOfTime)) throw error;
    const nothing = { witness: null, method: null, branches: 0, lower: null };
    return { query: null, outcome: 'timeout', ...nothing, reason: 'the time is up' };
  }
}

/** What the query asks beyond Glacis, with its file, line and column. */
async function asked<T>(queryPath: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (!(error instanceof VnnlibError)) throw error;
    throw new UsageError(`${queryPath}: ${error.message}.`, { cause: error });
  }
}

function documentOf(verdict: Verdict): VerifyDocument {
  const { query, outcome, witness, method, branches, lower, reason } = verdict;
  const assignment = query && witness ? assignmentOf(query, witness) : null;
  const seconds = performance.now() / 1000;
  return { result: outcome, seconds, method, branches, lower, assignment, reason };
}

/** A witness is printed unless it is serialised. */
function printed({ query, outcome, witness }: Verdict, { assignments }: OptionValues): string {
  return printOutcome(query, outcome, assignments === undefined ? witness : null);
}

async function write(
  { query, outcome, witness }: Verdict,
  { result, assignments }: OptionValues,
): Promise<void> {
  try {
    if (result !== undefined) await writeFile(result, writeResult(query, outcome, witness));
    if (assignments === undefined || !witness || !query) return;
    await mkdir(assignments, { recursive: true });
    for (const [name, bytes] of serialiseAssignment(query, witness)) {
      await writeFile(path.join(assignments, name), bytes);
    }
  } catch (error) {
    throw new UsageError(`The result cannot be written: ${messageOf(error)}.`, { cause: error });
  }
}
