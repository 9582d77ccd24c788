/**
 * A worker process's own side: answers what it is asked, errors included. Signals from the terminal are the
 * parent's to handle; when the parent is gone, so is this.
 */
import type { Failed } from './messages.ts';

/** Only the parent, which is this program, sends messages. To what gives undefined nothing is answered. */
export function answering(answer: (message: unknown) => Promise<object | undefined>): void {
  process.on('SIGINT', () => undefined);
  process.on('disconnect', () => process.exit(0));
  process.on('message', (message) => {
    void answer(message).then(
      (reply) => reply && process.send?.(reply),
      (error: unknown) => process.send?.(failed(error)),
    );
  });
}

function failed(error: unknown): Failed {
  const { name, message, stack = '' } = error instanceof Error ? error : new Error(String(error));
  return { kind: 'failed', name, message, stack };
}
