/**
 * Loads one of the two ONNX Runtime packages. Both are CommonJS behind an ES module namespace, whose
 * members may be on `default` only; both are loaded on first use, since start-up counts.
 */
import type { OnnxRuntime } from '@glacis/core';

/** The parts of a loaded package that are used here. */
export interface LoadedOrt extends OnnxRuntime {
  readonly env: {
    readonly versions: { readonly node?: string; readonly web?: string; readonly common: string };
    readonly wasm: { numThreads?: number };
    logLevel?: 'verbose' | 'info' | 'warning' | 'error' | 'fatal';
  };
  /** Of onnxruntime-node. */
  readonly listSupportedBackends?: () => readonly { readonly name: string }[];
}

export interface Loaders {
  readonly native: () => Promise<LoadedOrt>;
  readonly wasm: () => Promise<LoadedOrt>;
}

export const loaders: Loaders = {
  native: async () => membersOf(await import('onnxruntime-node')),
  wasm: async () => membersOf(await import('onnxruntime-web')),
};

function membersOf(loaded: object): LoadedOrt {
  const members = 'default' in loaded && loaded.default ? loaded.default : loaded;
  return members as LoadedOrt;
}
