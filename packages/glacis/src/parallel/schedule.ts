/**
 * Blocks over lanes: each lane takes the next block when it is free, so all end at about the same
 * time. A lane that is lost is replaced and its block done again.
 */
import type { AuditPart } from '@glacis/core';
import { UsageError } from '../errors.ts';
import type { Block } from './block.ts';
import { type Lane, LaneLost } from './lane.ts';

export interface ScheduleProgress {
  readonly stage: string;
  /** Inputs finished. */
  readonly done: number;
  /** Share of the scheduled work that is done. */
  readonly fraction: number;
}

export interface ScheduleOptions {
  readonly blocks: readonly Block[];
  readonly lanes: number;
  readonly openLane: () => Promise<Lane>;
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch after which no block is begun. */
  readonly deadline: number | undefined;
  readonly onPart: (block: Block, part: AuditPart) => void;
  readonly onProgress: (progress: ScheduleProgress) => void;
  readonly onLost: (error: LaneLost) => void;
}

/** How often one block may take its process with it. */
const MOST_LOSSES = 2;

/** Runs all blocks, or until the signal or the deadline. Every lane is closed at the end. */
export async function runBlocks(options: ScheduleOptions): Promise<void> {
  const schedule = new Schedule(options);
  const lanes = Math.max(1, Math.min(options.lanes, options.blocks.length));
  const ended = await Promise.allSettled(Array.from({ length: lanes }, () => schedule.work()));
  const failed = ended.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
}

class Schedule {
  private readonly options: ScheduleOptions;
  private readonly queue: Block[];
  private readonly losses = new Map<number, number>();
  private readonly running = new Map<number, number>();
  private readonly total: number;
  private done = 0;
  private failed = false;

  constructor(options: ScheduleOptions) {
    this.options = options;
    this.queue = [...options.blocks];
    this.total = options.blocks.reduce((sum, { indices }) => sum + indices.length, 0);
  }

  /** One lane's life. */
  async work(): Promise<void> {
    let lane: Lane | null = null;
    try {
      for (;;) {
        const block = this.next();
        if (!block) return;
        try {
          lane ??= await this.options.openLane();
          await this.audit(lane, block);
        } catch (error) {
          if (!(error instanceof LaneLost)) throw error;
          this.lost(block, error);
          await lane?.close();
          lane = null;
        }
      }
    } catch (error) {
      this.failed = true;
      throw error;
    } finally {
      await lane?.close();
    }
  }

  private next(): Block | undefined {
    const { signal, deadline } = this.options;
    const over = signal.aborted || this.failed || (deadline !== undefined && Date.now() > deadline);
    return over ? undefined : this.queue.shift();
  }

  private async audit(lane: Lane, block: Block): Promise<void> {
    const part = await lane.run(block, ({ stage, fraction }) => {
      this.running.set(block.id, fraction * block.indices.length);
      this.report(stage);
    });
    this.running.delete(block.id);
    if (part.samples.length < block.indices.length) return;
    this.done += block.indices.length;
    this.options.onPart(block, part);
    this.report('done');
  }

  private report(stage: string): void {
    const begun = [...this.running.values()].reduce((sum, rows) => sum + rows, 0);
    const fraction = (this.done + begun) / Math.max(1, this.total);
    this.options.onProgress({ stage, done: this.done, fraction });
  }

  private lost(block: Block, error: LaneLost): void {
    if (this.options.signal.aborted) return;
    const losses = (this.losses.get(block.id) ?? 0) + 1;
    this.losses.set(block.id, losses);
    this.running.delete(block.id);
    if (losses >= MOST_LOSSES) {
      throw new UsageError(
        `A worker process ended twice on the same inputs (${error.message}); the memory may not suffice: try --workers 1.`,
      );
    }
    this.options.onLost(error);
    this.queue.unshift(block);
  }
}
