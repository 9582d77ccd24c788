/** Where a run computes, as the user names it, and what loading that found out. */
import type { Runtime } from '@glacis/core';

export const devices = ['cpu', 'wasm', 'cuda', 'webgpu'] as const;
export type Device = (typeof devices)[number];

export interface OpenRuntime {
  readonly runtime: Runtime;
  /** What the reader of the result should know: that a fallback took over, that proofs stay on the CPU. */
  readonly notes: readonly string[];
}
