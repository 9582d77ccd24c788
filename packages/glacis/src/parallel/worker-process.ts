/** A worker process, as its parent has it: native runs block a thread, and a process can be killed. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ContradictionError, ModelError } from '@glacis/core';
import { UsageError } from '../errors.ts';
import { LaneLost } from './lane.ts';
import type { Failed } from './messages.ts';

export class WorkerProcess<To extends object, From extends { readonly kind: string }> {
  private readonly child: ChildProcess;

  /** Runs a compiled file beside this one, which bundling keeps so. */
  constructor(file: string) {
    this.child = fork(fileURLToPath(new URL(file, import.meta.url)), [], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: [],
    });
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  get isConnected(): boolean {
    return this.child.connected;
  }

  onExit(body: () => void): void {
    this.child.once('exit', body);
  }

  /** Sends one message and waits for its answer; progress comes before. One that ends instead is a LaneLost. */
  ask(message: To, onProgress: (reply: From) => void = () => undefined): Promise<From> {
    const { child } = this;
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void): void => {
        child.off('message', hear);
        child.off('exit', lost);
        child.off('error', lost);
        finish();
      };
      const hear = (reply: unknown): void => {
        // Only our own program sends messages.
        const answer = reply as From | Failed;
        if (isFailed(answer)) settle(() => reject(revived(answer)));
        else if (answer.kind === 'progress') onProgress(answer);
        else settle(() => resolve(answer));
      };
      const lost = (): void => {
        const how = child.signalCode ?? `code ${child.exitCode ?? '?'}`;
        settle(() => reject(new LaneLost(`a worker process ended by itself (${how})`)));
      };
      child.on('message', hear);
      child.on('exit', lost);
      child.on('error', lost);
      if (child.connected) this.tell(message, lost);
      else lost();
    });
  }

  tell(message: To, onFailure: () => void): void {
    this.child.send(message, (error) => (error ? onFailure() : undefined));
  }

  end(): void {
    this.child.kill('SIGKILL');
  }

  /** Ends it and waits until it is gone. */
  async close(): Promise<void> {
    const { child } = this;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    this.end();
    await gone;
  }
}

function isFailed(answer: { readonly kind: string }): answer is Failed {
  return answer.kind === 'failed';
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
