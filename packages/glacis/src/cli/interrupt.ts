/**
 * Ctrl-C while a run has something to keep: the first one asks it to stop and keep what is finished. A
 * terminal and a parent such as npm may both deliver it, so a second one counts only after a moment; then
 * it ends the process. Everywhere else signals are not caught, and end the process at once, whatever it
 * computes: 130 for a shell, 143 for SIGTERM.
 */
import { constants } from 'node:os';

const SAME_PRESS_MS = 800;

export interface Interruption {
  readonly signal: AbortSignal;
  /** 130 for Ctrl-C, once it has come. */
  readonly exitCode: () => number;
  /** Restores the default handling. */
  readonly end: () => void;
}

export function catchInterrupts(onFirst: () => void): Interruption {
  const controller = new AbortController();
  let at = 0;
  let code = 130;
  const handlers = (['SIGINT', 'SIGTERM'] as const).map((name) => {
    const handle = (): void => {
      code = 128 + constants.signals[name];
      if (!controller.signal.aborted) {
        at = Date.now();
        onFirst();
        controller.abort();
      } else if (Date.now() - at > SAME_PRESS_MS) {
        process.exit(code);
      }
    };
    process.on(name, handle);
    return () => void process.off(name, handle);
  });
  return {
    signal: controller.signal,
    exitCode: () => code,
    end: () => handlers.forEach((remove) => remove()),
  };
}
