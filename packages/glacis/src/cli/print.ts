/** Writing to stdout: a reader that has seen enough is no failure, a full disk is. */
import { messageOf, UsageError } from '../errors.ts';

/** Resolves when all is written, or when nobody reads any more. Throws UsageError. */
export async function print(text: string): Promise<void> {
  if (text === '') return;
  const error = await new Promise<Error | null>((resolve) => {
    process.stdout.write(text, (failure) => resolve(failure ?? null));
  });
  if (!error || ('code' in error && error.code === 'EPIPE')) return;
  const full = 'code' in error && error.code === 'ENOSPC';
  throw new UsageError(
    `stdout cannot be written: ${full ? 'the disk is full' : messageOf(error)}.`,
  );
}
