/** What parent and child say to each other; sent by structured clone, so arrays stay arrays. */
import type { AuditPart } from '@glacis/core';
import type { Block } from './block.ts';
import type { LaneProgress } from './lane.ts';
import type { Setup } from './setup.ts';

export type ToChild =
  | { readonly kind: 'setup'; readonly setup: Setup }
  | { readonly kind: 'block'; readonly block: Block }
  /** Ctrl-C: the block in hand is handed back as it is. */
  | { readonly kind: 'stop' };

export interface Failed {
  readonly kind: 'failed';
  /** Name of the error's class: which exit code it means. */
  readonly name: string;
  readonly message: string;
  readonly stack: string;
}

export type FromChild =
  | { readonly kind: 'ready' }
  | { readonly kind: 'progress'; readonly progress: LaneProgress }
  | { readonly kind: 'part'; readonly part: AuditPart }
  | Failed;
