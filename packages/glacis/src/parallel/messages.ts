/** What a parent and its worker processes say to each other; sent by structured clone, so arrays stay arrays. */
import type { AuditPart, BoxList, Closed, Domain, DomainsOf, Refinement } from '@glacis/core';
import type { Block } from './block.ts';
import type { HelperSetup } from './helper-setup.ts';
import type { LaneProgress } from './lane.ts';
import type { Setup } from './setup.ts';

/** To one that audits. */
export type ToAuditor =
  | { readonly kind: 'setup'; readonly setup: Setup }
  | { readonly kind: 'block'; readonly block: Block }
  /** Ctrl-C: the block in hand is handed back as it is. */
  | { readonly kind: 'stop' };

export type FromAuditor =
  | { readonly kind: 'ready' }
  | { readonly kind: 'progress'; readonly progress: LaneProgress }
  | { readonly kind: 'part'; readonly part: AuditPart };

/** To one that helps to verify. */
export type ToHelper =
  | { readonly kind: 'setup'; readonly setup: HelperSetup }
  | { readonly kind: 'boxes'; readonly boxes: BoxList }
  | { readonly kind: 'domains'; readonly domains: DomainsOf }
  | { readonly kind: 'values'; readonly refinement: Refinement };

/** Each answers the message of the same kind. */
export type FromHelper =
  | { readonly kind: 'ready' }
  | { readonly kind: 'boxes'; readonly done: Closed<BoxList> }
  | { readonly kind: 'domains'; readonly done: Closed<readonly Domain[]> }
  | { readonly kind: 'values'; readonly done: Float64Array };

/** Either may fail. */
export interface Failed {
  readonly kind: 'failed';
  /** Name of the error's class: which exit code it means. */
  readonly name: string;
  readonly message: string;
  readonly stack: string;
}
