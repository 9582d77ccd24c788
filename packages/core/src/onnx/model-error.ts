/** A broken file may hold names and lists of any length. */
const LONGEST = 2000;

/** Calls that a path names at its beginning and at its end; those between say nothing new. */
const [OUTER, INNER] = [2, 3];

/** The cause stands behind the path: a path of many calls must not push it off the line. */
function shortened(whole: string): string {
  const calls = whole.split(' › ');
  const message =
    calls.length <= OUTER + INNER + 1
      ? whole
      : [...calls.slice(0, OUTER), '…', ...calls.slice(-INNER)].join(' › ');
  if (message.length <= LONGEST) return message;
  return `${message.slice(0, LONGEST / 2)} … ${message.slice(-LONGEST / 2)}`;
}

/**
 * What can be wrong with a model file: one sentence naming what, where and what to do.
 * `invalid`: not an ONNX file, or one that contradicts itself. `unsupported`: a valid file that uses
 * something Glacis does not handle.
 */
export class ModelError extends Error {
  override readonly name = 'ModelError';
  readonly reason: 'invalid' | 'unsupported';
  constructor(reason: 'invalid' | 'unsupported', message: string, options?: ErrorOptions) {
    super(shortened(message), options);
    this.reason = reason;
  }
}
