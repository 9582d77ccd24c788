/** A broken file may hold names and lists of any length. */
const LONGEST = 2000;

function shortened(message: string): string {
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
