/** How a run is stopped: by whoever holds its signal, or by a clock; looked at between evaluations. */

/** What Glacis needs of an AbortSignal (any AbortSignal fits), without the DOM's or Node's types. */
export interface CancelSignal {
  readonly aborted: boolean;
  throwIfAborted(): void;
}

/** A run was stopped before its end; what it had found by then stands. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
}

export interface Limits {
  readonly signal?: CancelSignal | undefined;
  /** In the clock's own units; no more evaluations are begun after it. */
  readonly deadline?: number | undefined;
  readonly now: () => number;
}

/** Aborted from the moment the signal is, or the deadline has passed. */
export function stopSignal({ signal, deadline, now }: Limits): CancelSignal {
  const isOver = (): boolean =>
    (signal?.aborted ?? false) || (deadline !== undefined && now() > deadline);
  return {
    get aborted() {
      return isOver();
    },
    throwIfAborted: () => {
      if (isOver()) throw new Stopped('the run was stopped');
    },
  };
}
