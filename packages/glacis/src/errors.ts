/**
 * What the command line tells a user who asked for something it cannot do: a bad flag, a broken
 * file, an unsupported model. The command ends with exit code 2 and prints the message alone.
 */

/** One clear sentence: what is wrong, where, and what to do about it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  /** The exit code of the process. */
  readonly exitCode = 2;
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
