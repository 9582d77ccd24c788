/** Starts the real command line as a child process and collects what it says. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../bin/glacis.js', import.meta.url));

export interface Result {
  /** null where a signal ended the process. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface StartOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Sends SIGINT, twice as a terminal and a parent would, once this file is there. */
  readonly interruptAt?: string;
  /** Sends SIGTERM once it has said anything on stderr. */
  readonly endAtWord?: boolean;
}

export function glacis(words: readonly string[], options: StartOptions = {}): Promise<Result> {
  const { cwd = process.cwd(), env = {}, interruptAt, endAtWord = false } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bin, ...words], {
      cwd,
      env: { ...process.env, NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    if (endAtWord) child.stderr.once('data', () => child.kill('SIGTERM'));
    const timer =
      interruptAt === undefined
        ? undefined
        : setInterval(() => {
            if (!existsSync(interruptAt)) return;
            clearInterval(timer);
            child.kill('SIGINT');
            child.kill('SIGINT');
          }, 5);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearInterval(timer);
      resolve({ code, signal, stdout, stderr });
    });
  });
}

/** A document without what differs from run to run: times, and the words of the command. */
export function timeless(document: string): unknown {
  return JSON.parse(document, (key, value: unknown) =>
    key === 'seconds' || key === 'command' ? undefined : value,
  );
}
