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
  const { query, sha256: querySha256 } = await readQuery(queryPath);
  const device = values.device ?? 'cpu';
  const { runtime, notes } = await openRuntime({ device });
  notes.forEach((note) => terminal.note(note));
  const limited = withDeadline(runtime, isLate);
  const engine = engineOptions(values);
  const verdict = await inTime(async () => {
    const networks = await openNetworks(queryPath, query, files, limited);
    const bytes = [...networks.values()].reduce((sum, { model }) => sum + model.bytes.length, 0);
    const helpers = new HelperProcesses({
      setup: { queryPath, querySha256, files, device, ...engine },
      count: mostVerifiers(values, bytes) - 1,
      until,
      onLost: ({ message }) =>
        terminal.note(`A worker was lost (${message}); its boxes are redone.`),
    });
    try {
      return await namingModel(files.map(([, file]) => file).join(', '), () =>
        asked(queryPath, () => verify({ query, networks, ...engine, helpers })),
      );
    } finally {
      await helpers.release();
    }
  });
  if (verdict.reason !== null) terminal.note(`${verdict.outcome}: ${verdict.reason}.`);
  await write(query, verdict, values);
  const isDecided = verdict.outcome === 'sat' || verdict.outcome === 'unsat';
  const stdout = values.json
    ? `${JSON.stringify(documentOf(query, verdict), null, 2)}\n`
    : printOutcome(
        query,
        verdict.outcome,
        values.assignments === undefined ? verdict.witness : null,
      );
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

/** The time may be up before the engine begins. */
async function inTime(body: () => Promise<Decision>): Promise<Decision> {
  try {
    return await body();
  } catch (error) {
    if (!(error instanceof OutOfTime)) throw error;
    const nothing = { witness: null, method: null, branches: 0, lower: null };
    return { outcome: 'timeout', ...nothing, reason: 'the time is up' };
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

function documentOf(query: Query, verdict: Decision): VerifyDocument {
  const { outcome, witness, method, branches, lower, reason } = verdict;
  const assignment = witness ? assignmentOf(query, witness) : null;
  const seconds = performance.now() / 1000;
  return { result: outcome, seconds, method, branches, lower, assignment, reason };
}

async function write(
  query: Query,
  { outcome, witness }: Decision,
  { result, assignments }: OptionValues,
): Promise<void> {
  try {
    if (result !== undefined) await writeFile(result, writeResult(query, outcome, witness));
    if (assignments === undefined || !witness) return;
    await mkdir(assignments, { recursive: true });
    for (const [name, bytes] of serialiseAssignment(query, witness)) {
      await writeFile(path.join(assignments, name), bytes);
    }
  } catch (error) {
    throw new UsageError(`The result cannot be written: ${messageOf(error)}.`, { cause: error });
  }
}
