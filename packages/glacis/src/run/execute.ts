/**
 * Runs what was prepared: over the lanes, with progress, saving finished blocks as it goes, until all
 * is done, the time is over, or somebody presses Ctrl-C.
 */
import type { Run, SampleRecord } from '@glacis/core';
import type { OptionValues } from '../cli/options.ts';
import { roughly, type Terminal } from '../cli/terminal.ts';
import { laneOver } from '../parallel/setup.ts';
import { count, counted } from '../report/numbers.ts';
import { openProcessLane } from '../parallel/process-lane.ts';
import { runBlocks } from '../parallel/schedule.ts';
import { Collected } from './collected.ts';
import { diagnoseRun } from './diagnosis.ts';
import { estimateRun } from './estimate.ts';
import type { Prepared } from './prepare.ts';
import { claimFolder, writeFileWhole, writeRun } from './store.ts';
import { unbegunRecords } from './unfinished.ts';
import { chooseWorkers, secondsWith } from './workers.ts';

export interface Execution {
  readonly prepared: Prepared;
  readonly values: OptionValues;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  /** Where the run is kept; null: nowhere. */
  readonly folder: string | null;
  /** Blocks finished earlier. */
  readonly collected?: Collected;
  /** Seconds spent earlier. */
  readonly spent?: number;
}

/** Saving may take this share of the time, and happens at most every so often. */
const [SAVING_SHARE, SAVING_MS] = [0.05, 2000];

export async function executeRun(execution: Execution): Promise<Run> {
  const { prepared, values, terminal, signal, folder, spent = 0 } = execution;
  const { classifier, surrogates, inputs, threat, setup, blocks, deadline } = prepared;
  const begun = Date.now();
  const collected = execution.collected ?? new Collected(prepared);
  if (folder !== null) await claimFolder(folder);
  for (const note of prepared.facts.notes) {
    if (note === prepared.warning) terminal.warn(note);
    else terminal.note(note);
  }
  const total = inputs.indices.length;
  const open = blocks.filter((block) => !collected.has(block));
  const estimate = await estimateRun(classifier, threat, inputs, setup, surrogates);
  const share = (prepared.correct / Math.max(1, total)) * (1 - collected.done / Math.max(1, total));
  const own = { work: estimate.work * share, start: estimate.start };
  const workers = Math.min(
    Math.max(1, open.length),
    chooseWorkers(values, own, classifier.model.bytes.length),
  );
  const expected = secondsWith(workers, own);
  const already = collected.done;
  if (open.length > 0) terminal.say(announcement(total, already, expected, workers));
  terminal.start(expected, already / Math.max(1, total));
  const saver = new Saver(folder, () => collected.files(collected.run(spent + since(begun))));
  await runBlocks({
    blocks: open,
    lanes: workers,
    openLane: () =>
      workers > 1
        ? openProcessLane(setup, signal)
        : Promise.resolve(laneOver({ classifier, surrogates }, setup, signal)),
    signal,
    deadline,
    onPart: (block, part) => {
      collected.add(block, part);
      // The last block is saved with the report.
      if (!collected.isWhole) saver.offer();
    },
    onProgress: ({ stage, done, fraction }) => {
      const overall = (already + fraction * (total - already)) / Math.max(1, total);
      terminal.progress({ stage, done: already + done, total, fraction: overall });
    },
    onLost: ({ message }) => terminal.warn(`${message}; its inputs are done again.`),
  });
  await diagnoseRun({ prepared, collected, terminal, signal });
  terminal.clear();
  await saver.settled();
  // A second Ctrl-C ends the process: what was found is kept before the others are answered.
  if (signal.aborted && folder !== null) {
    await writeRun(folder, collected.files(collected.run(spent + since(begun))));
  }
  const unbegun: SampleRecord[] = [];
  for (const block of blocks) {
    if (!collected.has(block)) unbegun.push(...(await unbegunRecords(classifier, block)));
  }
  const run = collected.run(spent + since(begun), unbegun);
  if (folder !== null) {
    await writeRun(
      folder,
      signal.aborted && !collected.isWhole
        ? collected.files(run)
        : await collected.filesWithReport(run),
    );
  }
  if (values.trace !== undefined) await writeFileWhole(values.trace, collected.traces(run));
  return run;
}

/** What there is to do: "300 inputs, about 5 s", or what an earlier run left of them. */
export function announcement(
  total: number,
  already: number,
  seconds: number,
  workers: number,
): string {
  const left = total - already;
  const inputs = counted(total, 'input');
  const what =
    already === 0 ? inputs : `${count(left)} of ${inputs} ${left === 1 ? 'remains' : 'remain'}`;
  return `${what}, ${roughly(seconds)}${workers > 1 ? `, ${workers} processes` : ''}`;
}

function since(begun: number): number {
  return (Date.now() - begun) / 1000;
}

/** Saves now and then, one save at a time; a save that fails ends the run. */
class Saver {
  private readonly folder: string | null;
  private readonly files: () => ReturnType<Collected['files']>;
  private saving: Promise<void> = Promise.resolve();
  private busy = false;
  private failure: Error | null = null;
  private next = 0;

  constructor(folder: string | null, files: () => ReturnType<Collected['files']>) {
    this.folder = folder;
    this.files = files;
  }

  offer(): void {
    if (this.failure) throw this.failure;
    if (this.folder === null || this.busy || Date.now() < this.next) return;
    const folder = this.folder;
    const begun = Date.now();
    this.busy = true;
    this.saving = writeRun(folder, this.files())
      .catch((error: unknown) => {
        this.failure = error instanceof Error ? error : new Error(String(error));
      })
      .finally(() => {
        this.busy = false;
        this.next = Date.now() + Math.max(SAVING_MS, (Date.now() - begun) / SAVING_SHARE);
      });
  }

  async settled(): Promise<void> {
    await this.saving;
    if (this.failure) throw this.failure;
  }
}
