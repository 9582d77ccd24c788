/** How many processes share a run. */
import { availableParallelism } from 'node:os';
import type { OptionValues } from '../cli/options.ts';
import type { Estimate } from './estimate.ts';

/** Below this many seconds of work, starting more processes costs more than it gains. */
const WORTHWHILE = 4;
/** Node.js with a runtime and small programs. */
const PROCESS_BYTES = 200 * 2 ** 20;
/** A model in a process: the file, its sessions, and derived programs with the same weights. */
const COPIES = 8;

/** How many processes fit into the memory. */
function fittingInto(memory: number | undefined, modelBytes: number): number {
  if (memory === undefined) return Infinity;
  return Math.max(1, Math.floor(memory / (PROCESS_BYTES + COPIES * modelBytes)));
}

/** Processes that may share a query: whether it is worth that, the search finds out. */
export function mostVerifiers(
  { workers = availableParallelism(), memory, device = 'cpu' }: OptionValues,
  modelBytes: number,
): number {
  return device === 'cpu' || device === 'wasm'
    ? Math.min(workers, fittingInto(memory, modelBytes))
    : 1;
}

export function chooseWorkers(
  { workers, memory, device }: OptionValues,
  estimate: Estimate,
  modelBytes: number,
): number {
  const fitting = fittingInto(memory, modelBytes);
  if (workers !== undefined) return Math.min(workers, fitting);
  // Processes would only queue for an accelerator.
  if (device === 'cuda' || device === 'webgpu') return 1;
  const cores = availableParallelism();
  const useful = estimate.work < Math.max(WORTHWHILE, 2 * estimate.start) ? 1 : cores;
  return Math.min(useful, fitting);
}

/** Seconds until so many processes are done. */
export function secondsWith(workers: number, { work, start }: Estimate): number {
  return workers === 1 ? work : start + work / Math.min(workers, availableParallelism());
}
