/** `glacis audit`: brackets every input's margin, prints the summary, keeps the run folder. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Run } from '@glacis/core';
import { Interrupted } from '../cli/interrupt.ts';
import type { OptionValues } from '../cli/options.ts';
import type { Outcome, Surroundings } from '../cli/outcome.ts';
import { UsageError } from '../errors.ts';
import { renderSummary } from '../report/terminal.ts';
import { shellCommand } from '../report/shell.ts';
import type { Collected } from '../run/collected.ts';
import { exampleFolder } from '../run/example.ts';
import { executeRun } from '../run/execute.ts';
import { prepareRun, type RunRequest } from '../run/prepare.ts';
import { claimFolder, reportFile } from '../run/store.ts';

export interface CommandRequest {
  readonly words: readonly string[];
  readonly model: string | null;
  readonly values: OptionValues;
}

export async function auditCommand(
  request: CommandRequest,
  surroundings: Surroundings,
): Promise<Outcome> {
  if (request.values.resume !== undefined) {
    const { resumeRun } = await import('../run/resume.ts');
    return resumeRun(request, request.values.resume, surroundings);
  }
  const folder = await folderFor(request.values, surroundings);
  return runAndShow({ ...request, job: 'audit' }, folder, surroundings);
}

/** The folder is claimed before anything slow happens. */
async function folderFor(
  { out, example }: OptionValues,
  { terminal }: Surroundings,
): Promise<string | null> {
  if (out !== undefined) await claimFolder(out);
  if (out !== undefined || example === undefined) return out ?? null;
  try {
    await claimFolder(exampleFolder);
    return exampleFolder;
  } catch (error) {
    // Nobody asked for this folder, so the example goes on without it.
    if (!(error instanceof UsageError)) throw error;
    terminal.note(`No report is written: ${error.message}`);
    return null;
  }
}

export interface Earlier {
  readonly collected: Collected;
  readonly spent: number;
}

/** Prepares, runs, and says what came out. */
export async function runAndShow(
  request: RunRequest,
  folder: string | null,
  surroundings: Surroundings,
  earlier?: (prepared: Awaited<ReturnType<typeof prepareRun>>) => Promise<Earlier>,
): Promise<Outcome> {
  const { terminal, interruption } = surroundings;
  const { signal } = interruption;
  const prepared = await prepareRun(request);
  try {
    if (signal.aborted) throw new Interrupted();
    const { values } = request;
    const before = await earlier?.(prepared);
    const run = await executeRun({ prepared, values, terminal, signal, folder, ...before });
    const exitCode = signal.aborted ? interruption.exitCode() : 0;
    if (signal.aborted) sayHowToGoOn(run, folder, surroundings);
    return { stdout: shown(run, folder, request.values, surroundings), exitCode };
  } finally {
    await prepared.classifier.release();
  }
}

function sayHowToGoOn(run: Run, folder: string | null, { terminal }: Surroundings): void {
  const done = `${run.samples.length} of ${run.data.samples} inputs are finished`;
  terminal.say(
    folder === null
      ? `Stopped: ${done}. With --out DIR an interrupted run is kept and can go on.`
      : `Stopped: ${done} and kept in ${folder}. Go on with: ${shellCommand(['glacis', 'audit', '--resume', folder])}`,
  );
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
    folder === null || stopped ? null : pathToFileURL(resolve(folder, reportFile)).href;
  return `${renderSummary(run, { color, width, report })}\n`;
}
