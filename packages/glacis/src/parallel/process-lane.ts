/** A lane in a child process of its own. */
import type { Lane } from './lane.ts';
import type { FromAuditor, ToAuditor } from './messages.ts';
import type { Setup } from './setup.ts';
import { WorkerProcess } from './worker-process.ts';

/** How long a child may take to hand back what it has. */
const GRACE_MS = 5000;

/**
 * Starts a child and waits until it has opened the model. Aborting ends it at once, or, while it works on a
 * block, has it hand back what it found.
 */
export async function openProcessLane(setup: Setup, signal: AbortSignal): Promise<Lane> {
  const child = new WorkerProcess<ToAuditor, FromAuditor>('./child.js');
  const end = (): void => child.end();
  let isReady = false;
  const stop = (): void => {
    if (!isReady || !child.isConnected) return end();
    child.tell({ kind: 'stop' }, end);
    setTimeout(end, GRACE_MS).unref();
  };
  signal.addEventListener('abort', stop, { once: true });
  child.onExit(() => signal.removeEventListener('abort', stop));
  try {
    await child.ask({ kind: 'setup', setup });
    isReady = true;
  } catch (error) {
    end();
    throw error;
  }
  return {
    run: async (block, onProgress) => {
      const reply = await child.ask({ kind: 'block', block }, (told) => {
        if (told.kind === 'progress') onProgress(told.progress);
      });
      if (reply.kind === 'part') return reply.part;
      throw new Error(`a worker answered ${reply.kind} to a block`);
    },
    close: () => child.close(),
  };
}
