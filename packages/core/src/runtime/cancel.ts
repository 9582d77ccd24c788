/** What Glacis needs of an AbortSignal (any AbortSignal fits), without the DOM's or Node's types. */
export interface CancelSignal {
  readonly aborted: boolean;
  throwIfAborted(): void;
}
