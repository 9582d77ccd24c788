/** A worker process that helps to verify: opens the query once, then works on the boxes it is sent. */
import type { BoxCloser } from '@glacis/core';
import { answering } from './answering.ts';
import { openHelper } from './helper-setup.ts';
import type { FromHelper, ToHelper } from './messages.ts';

let helper: BoxCloser | null = null;

answering(async (message): Promise<FromHelper> => {
  const told = message as ToHelper;
  if (told.kind === 'setup') {
    helper = await openHelper(told.setup);
    return { kind: 'ready' };
  }
  if (!helper) throw new Error('boxes came before the setup');
  return { kind: 'closed', closed: await helper.close(told.boxes) };
});
