// Runs child programs to their end. A signal that reaches us meanwhile is passed on, and ends us too
// once the child has gone, so that nobody is left working behind a released lock.

import { spawn } from 'node:child_process';
import os from 'node:os';
import { Interrupted, root } from './project.js';

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const codeOf = (signal) => 128 + os.constants.signals[signal];

/**
 * Runs `command` in the repository root, without stdin. Resolves to its exit code (128 + n when
 * signal n ended it) and, where `stdio` pipes stderr, what it wrote there.
 */
export async function run(command, args, { stdio = ['ignore', 'inherit', 'inherit'], env } = {}) {
  let received = null;
  let stderr = '';
  const code = await new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio, env: { ...process.env, ...env } });
    const forward = (signal) => {
      received = signal;
      child.kill(signal);
    };
    const settle = (finish) => (value, signal) => {
      for (const name of forwarded) process.off(name, forward);
      finish(signal ? codeOf(signal) : value);
    };
    for (const name of forwarded) process.on(name, forward);
    child.stderr?.on('data', (chunk) => (stderr += chunk));
    child.on('error', settle(reject));
    child.on('close', settle(resolve));
  });
  if (received) throw new Interrupted(codeOf(received));
  return { code, stderr };
}

/** Runs a JavaScript file with this same Node.js. */
export const runNode = (args, options) => run(process.execPath, args, options);
