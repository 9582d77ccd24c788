/** Something that audits one block at a time: this process, or a child. */
import type { AuditPart } from '@glacis/core';
import type { Block } from './block.ts';

export interface LaneProgress {
  readonly stage: string;
  /** Share of the block that is done. */
  readonly fraction: number;
}

export interface Lane {
  /** The part holds every row of the block; undecided ones are `timeout` where it was stopped. */
  run(block: Block, onProgress: (progress: LaneProgress) => void): Promise<AuditPart>;
  close(): Promise<void>;
}

/** A child process ended by itself: its block is undone, and nothing else. */
export class LaneLost extends Error {
  override readonly name = 'LaneLost';
}
