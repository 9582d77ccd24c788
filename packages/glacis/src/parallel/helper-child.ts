/** A worker process that helps to verify: opens the query once, then works on what it is sent. */
import type { QueryHelper } from '@glacis/core';
import { answering } from './answering.ts';
import { openHelper } from './helper-setup.ts';
import type { FromHelper, ToHelper } from './messages.ts';

let helper: QueryHelper | null = null;

answering(async (message): Promise<FromHelper> => {
  const told = message as ToHelper;
  if (told.kind === 'setup') {
    helper = await openHelper(told.setup);
    return { kind: 'ready' };
  }
  if (!helper) throw new Error('work came before the setup');
  if (told.kind === 'boxes') return { kind: 'boxes', done: await helper.close(told.boxes) };
  if (told.kind === 'domains') return { kind: 'domains', done: await helper.cut(told.domains) };
  return { kind: 'values', done: await helper.least(told.refinement) };
});
