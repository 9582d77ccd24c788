/** What all runs share: prepare, run, say how to go on after Ctrl-C, and show what came out. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Run } from '@glacis/core';
import { catchInterrupts } from '../cli/interrupt.ts';
import type { OptionValues } from '../cli/options.ts';
import type { Outcome, Surroundings } from '../cli/outcome.ts';
import { shellCommand } from '../report/shell.ts';
import { renderSummary } from '../report/terminal.ts';
import type { Collected } from '../run/collected.ts';
import { executeRun } from '../run/execute.ts';
import { type Prepared, prepareRun, type RunRequest } from '../run/prepare.ts';
import type { Job } from '../run/plans.ts';
import { isSingleFile, reportFile } from '../run/store.ts';

export interface CommandRequest {
  readonly words: readonly string[];
  readonly model: string | null;
  /** A second operand, of commands that take one. */
  readonly property: string | null;
  readonly values: OptionValues;
}

export interface Earlier {
  readonly collected: Collected;
  readonly spent: number;
}

/** `earlier`: the blocks that are done already. */
export async function carryOut(
  request: RunRequest,
  folder: string | null,
  surroundings: Surroundings,
  earlier?: (prepared: Prepared) => Promise<Earlier>,
): Promise<Outcome> {
  const { terminal } = surroundings;
  const prepared = await prepareRun(request);
  // Until here there is nothing to keep.
  const interruption = catchInterrupts(() => terminal.say('Stopping …'));
  const { signal } = interruption;
  try {
    const { values } = request;
    const before = await earlier?.(prepared);
    const run = await executeRun({ prepared, values, terminal, signal, folder, ...before });
    const failure = signal.aborted ? null : errorOfAll(run);
    if (failure !== null) terminal.warn(`Nothing was decided: ${failure}.`);
    if (signal.aborted) terminal.say(howToGoOn(run, folder, request.job));
    terminal.gap();
    return {
      stdout: shown(run, signal.aborted ? null : folder, request.values, surroundings),
      exitCode: signal.aborted ? interruption.exitCode() : exitCodeOf(run),
    };
  } finally {
    // A second delivery of the signal that has come may be on its way.
    if (!signal.aborted) interruption.end();
    await prepared.release();
  }
}

/** Of a run that was not interrupted. */
export function exitCodeOf(run: Run): number {
  return errorOfAll(run) === null ? 0 : 3;
}

/** What went wrong where every input is an error; null where one is not. */
function errorOfAll({ samples }: Run): string | null {
  const [first] = samples;
  return first && samples.every(({ verdict }) => verdict === 'error') ? first.error : null;
}

function howToGoOn(run: Run, folder: string | null, job: Job): string {
  const finished = run.samples.filter(({ verdict }) => verdict !== 'timeout').length;
  const done = `${finished} of ${run.data.samples} inputs are finished`;
  if (folder === null) return `Stopped: ${done}. With --out an interrupted run is kept.`;
  const kept = `Stopped: ${done} and kept in ${folder}.`;
  if (job !== 'audit') return kept;
  return `${kept} Go on with: ${shellCommand(['glacis', 'audit', '--resume', folder])}`;
}

export function shown(
  run: Run,
  folder: string | null,
  values: OptionValues,
  { color, width }: Surroundings,
): string {
  if (values.json) return `${JSON.stringify(run, null, 2)}\n`;
  const stopped = run.partial && run.samples.length < run.data.samples;
  const report =
    folder === null || stopped || isSingleFile(folder)
      ? null
      : pathToFileURL(resolve(folder, reportFile)).href;
  return `${renderSummary(run, { color, width, report })}\n`;
}
