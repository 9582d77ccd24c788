/**
 * Blocks over lanes: each lane takes the next block when it is free, so all end at about the same
 * time. A lane that is lost is replaced and its block done again. What an effort left open comes again with
 * a greater one, after all others.
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
  /** Rows of each block that are decided, and those that the work on it so far amounts to. */
  private readonly decided = new Map<number, number>();
  private readonly running = new Map<number, number>();
  private readonly total: number;
  /** Lanes without a block, told when one is done. */
  private waiting: (() => void)[] = [];
  private inHand = 0;
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
        const block = await this.next();
        if (!block) return;
        try {
          lane ??= await this.options.openLane();
          await this.audit(lane, block);
        } catch (error) {
          if (!(error instanceof LaneLost)) throw error;
          this.lost(block, error);
          await lane?.close();
          lane = null;
        } finally {
          this.inHand--;
          this.wake();
        }
      }
    } catch (error) {
      this.failed = true;
      throw error;
    } finally {
      await lane?.close();
    }
  }

  /** What a lane has in hand may come again. */
  private async next(): Promise<Block | undefined> {
    for (;;) {
      const block = this.isStopped || this.failed ? undefined : this.queue.shift();
      if (block) this.inHand++;
      if (block || this.inHand === 0 || this.isStopped || this.failed) return block;
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  private wake(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  private get isStopped(): boolean {
    const { signal, deadline } = this.options;
    return signal.aborted || (deadline !== undefined && Date.now() > deadline);
  }

  private async audit(lane: Lane, block: Block): Promise<void> {
    const part = await lane.run(block, ({ stage, fraction }) => {
      this.running.set(block.id, fraction * block.indices.length);
      this.report(stage);
    });
    this.running.delete(block.id);
    if (part.samples.length < block.indices.length) return;
    const left = part.samples.filter(({ verdict }) => verdict === 'timeout').length;
    this.decided.set(block.id, block.indices.length - (part.whole ? 0 : left));
    if (!part.whole) this.queue.push({ ...block, effort: block.effort + 1, before: part });
    this.options.onPart(block, part);
    this.report('done');
  }

  private report(stage: string): void {
    let [done, work] = [0, 0];
    for (const { id } of this.options.blocks) {
      const decided = this.decided.get(id) ?? 0;
      done += decided;
      work += Math.max(decided, this.running.get(id) ?? 0);
    }
    this.options.onProgress({ stage, done, fraction: work / Math.max(1, this.total) });
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
