/** A worker process that audits: opens the model once, then audits the blocks it is sent. */
import { answering } from './answering.ts';
import type { Lane } from './lane.ts';
import type { FromAuditor, ToAuditor } from './messages.ts';
import { openLane } from './setup.ts';

let lane: Lane | null = null;
const stop = new AbortController();

answering(async (message): Promise<FromAuditor | undefined> => {
  const told = message as ToAuditor;
  if (told.kind === 'stop') {
    stop.abort();
    return undefined;
  }
  if (told.kind === 'setup') {
    lane = await openLane(told.setup, stop.signal);
    return { kind: 'ready' };
  }
  if (!lane) throw new Error('a block came before the setup');
  const part = await lane.run(told.block, (progress) => {
    process.send?.({ kind: 'progress', progress } satisfies FromAuditor);
  });
  return { kind: 'part', part };
});
