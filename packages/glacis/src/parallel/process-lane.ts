/** A lane in a child process of its own: native runs block a thread, and a process can be killed. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ContradictionError, ModelError } from '@glacis/core';
import { UsageError } from '../errors.ts';
import { type Lane, LaneLost, type LaneProgress } from './lane.ts';
import type { Failed, FromChild, ToChild } from './messages.ts';
import type { Setup } from './setup.ts';

const childFile = fileURLToPath(new URL('./child.js', import.meta.url));

/** How long a child may take to hand back what it has. */
const GRACE_MS = 5000;

/**
 * Starts a child and waits until it has opened the model. Aborting ends it at once, or, while it works on a
 * block, has it hand back what it found.
 */
export async function openProcessLane(setup: Setup, signal: AbortSignal): Promise<Lane> {
  const child = fork(childFile, [], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [],
  });
  const end = (): void => void child.kill('SIGKILL');
  let isReady = false;
  const stop = (): void => {
    if (!isReady || !child.connected) return end();
    tell(child, { kind: 'stop' }, end);
    setTimeout(end, GRACE_MS).unref();
  };
  signal.addEventListener('abort', stop, { once: true });
  child.once('exit', () => signal.removeEventListener('abort', stop));
  try {
    await ask(child, { kind: 'setup', setup }, () => undefined);
    isReady = true;
  } catch (error) {
    end();
    throw error;
  }
  return {
    run: async (block, onProgress) => {
      const reply = await ask(child, { kind: 'block', block }, onProgress);
      if (reply.kind === 'part') return reply.part;
      throw new Error(`a worker answered ${reply.kind} to a block`);
    },
    close: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      end();
      await gone;
    },
  };
}

function tell(child: ChildProcess, message: ToChild, onFailure: () => void): void {
  child.send(message, (error) => (error ? onFailure() : undefined));
}

/** Sends one message and waits for its answer; a child that ends instead is a LaneLost. */
function ask(
  child: ChildProcess,
  message: ToChild,
  onProgress: (progress: LaneProgress) => void,
): Promise<FromChild> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      child.off('message', hear);
      child.off('exit', lost);
      child.off('error', lost);
      finish();
    };
    const hear = (reply: unknown): void => {
      const answer = reply as FromChild;
      if (answer.kind === 'progress') onProgress(answer.progress);
      else if (answer.kind === 'failed') settle(() => reject(revived(answer)));
      else settle(() => resolve(answer));
    };
    const lost = (): void => {
      const how = child.signalCode ?? `code ${child.exitCode ?? '?'}`;
      settle(() => reject(new LaneLost(`a worker process ended by itself (${how})`)));
    };
    child.on('message', hear);
    child.on('exit', lost);
    child.on('error', lost);
    if (child.connected) tell(child, message, lost);
    else lost();
  });
}

/** The error as it was thrown in the child, as far as the exit code depends on it. */
function revived({ name, message, stack }: Failed): Error {
  const error =
    name === 'UsageError'
      ? new UsageError(message)
      : name === 'ModelError'
        ? new ModelError('unsupported', message)
        : name === 'ContradictionError'
          ? new ContradictionError(message)
          : new Error(message);
  if (error.name === 'Error') error.name = name;
  error.stack = stack;
  return error;
}
