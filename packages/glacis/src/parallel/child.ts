/**
 * A worker process: opens the model once, then audits the blocks it is sent. Signals from the terminal
 * are the parent's to handle; when the parent is gone, so is this.
 */
import type { Lane } from './lane.ts';
import type { FromChild, ToChild } from './messages.ts';
import { openLane } from './setup.ts';

process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit(0));

let lane: Lane | null = null;
const stop = new AbortController();

function send(message: FromChild): void {
  process.send?.(message);
}

async function answer(message: Exclude<ToChild, { kind: 'stop' }>): Promise<FromChild> {
  if (message.kind === 'setup') {
    lane = await openLane(message.setup, stop.signal);
    return { kind: 'ready' };
  }
  if (!lane) throw new Error('a block came before the setup');
  const part = await lane.run(message.block, (progress) => send({ kind: 'progress', progress }));
  return { kind: 'part', part };
}

function failed(error: unknown): FromChild {
  const { name, message, stack = '' } = error instanceof Error ? error : new Error(String(error));
  return { kind: 'failed', name, message, stack };
}

process.on('message', (message) => {
  // Only the parent, which is this program, sends messages.
  const told = message as ToChild;
  if (told.kind === 'stop') stop.abort();
  else void answer(told).then(send, (error: unknown) => send(failed(error)));
});
