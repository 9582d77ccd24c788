/**
 * Broken model files: every mutation ends in a typed error or in a model that computes what the file does.
 *
 * A mutant is read in a process of its own, which is ended when it takes too long. Reading, with the
 * transforms that follow it, has 5 processor seconds and 1 GiB; running the original file in ONNX Runtime
 * may crash, hang or fill the memory without it being ours.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { on, once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { soak } from './harness.js';
import type { Told } from './onnx-worker.js';

const MOST_SECONDS = 5;
const MOST_MEBIBYTES = 1024;
/** The clock on the wall runs on while other programs have the processor. */
const PATIENCE = { reading: 30_000, running: 60_000 };
/** A process that is not fresh holds memory that no case asked for. */
const MOST_CASES = 500;

interface Note {
  readonly of: string;
  readonly how: string;
  readonly read: boolean;
  readonly runtime: string;
  readonly seconds: number;
  /** MiB beyond what the process had when it was ready. */
  readonly memory: number;
}

class Worker {
  private cases = 0;
  private readonly child: ChildProcess;
  private readonly messages: AsyncIterator<unknown[]>;
  private readonly ended: Promise<string>;
  private readonly idle: number;
  private peak: number;
  private errors = '';

  private constructor(child: ChildProcess, idle: number) {
    this.child = child;
    this.messages = on(child, 'message');
    this.ended = once(child, 'exit').then((how) => `ended (${how.join(' ')})`);
    this.idle = idle;
    this.peak = idle;
    child.stderr?.on('data', (text: Buffer) => {
      this.errors = (this.errors + text.toString('utf8')).slice(-2000);
    });
  }

  static async start(): Promise<Worker> {
    const program = fileURLToPath(new URL('./onnx-worker.js', import.meta.url));
    const child = fork(program, [], {
      execArgv: [`--max-old-space-size=${MOST_MEBIBYTES}`],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const [told] = (await once(child, 'message')) as [Told];
    return new Worker(child, told.peak);
  }

  get tired(): boolean {
    return this.cases >= MOST_CASES || this.peak > this.idle + 512 || this.child.exitCode !== null;
  }

  end(): void {
    this.child.kill('SIGKILL');
  }

  /** Throws what is wrong; a runtime that dies of the original file is no fault. */
  async check(seed: number): Promise<Note> {
    this.cases += 1;
    this.child.send(seed);
    let reading: Told | undefined;
    for (;;) {
      const told = await this.next(reading ? PATIENCE.running : PATIENCE.reading);
      if (typeof told === 'string') {
        this.end();
        this.peak = Infinity;
        if (!reading) throw new Error(`reading ${told}: ${this.errors}`);
        return this.noteOf(reading, `runtime ${told}`);
      }
      this.peak = Math.max(this.peak, told.peak);
      if (told.phase === 'failed') throw new Error(told.error);
      if (told.phase === 'done') return this.noteOf({ ...told, ...timesOf(reading ?? told) });
      if (told.phase === 'running') {
        reading = told;
        const grown = told.peak - this.idle;
        if (told.seconds > MOST_SECONDS) throw new Error(`it took ${told.seconds} s to read`);
        if (grown > MOST_MEBIBYTES) throw new Error(`it took ${grown.toFixed()} MiB to read`);
      }
    }
  }

  private noteOf({ note, seconds, peak }: Told, runtime?: string): Note {
    const said = note as Omit<Note, 'seconds' | 'memory'>;
    const memory = Math.round(peak - this.idle);
    return { ...said, ...(runtime ? { runtime } : {}), seconds, memory };
  }

  /** The next message, or how the process ended instead. */
  private async next(patience: number): Promise<Told | string> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve(`hung for ${patience / 1000} s`), patience);
    });
    const message = this.messages.next().then(({ value }) => (value as [Told])[0]);
    try {
      return await Promise.race([message, this.ended, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

const timesOf = ({ seconds, peak }: Told): Pick<Told, 'seconds' | 'peak'> => ({ seconds, peak });

let worker: Worker | undefined;

async function step(seed: number): Promise<Note> {
  if (worker?.tired) {
    worker.end();
    worker = undefined;
  }
  worker ??= await Worker.start();
  return worker.check(seed);
}

function report(all: readonly unknown[]): string {
  // A step that threw has no note.
  const notes = (all as readonly (Note | undefined)[]).filter((note) => note !== undefined);
  const read = notes.filter((note) => note.read);
  const agreed = read.filter(({ runtime }) => runtime === 'agrees');
  const most = (numbers: readonly number[]): number => numbers.reduce((a, b) => Math.max(a, b), 0);
  return [
    `${notes.length} as they should: ${notes.length - read.length} typed errors`,
    `${read.length} read (${agreed.length} agree with ONNX Runtime)`,
    `slowest ${most(notes.map(({ seconds }) => seconds)).toFixed(2)} s`,
    `most memory ${most(notes.map(({ memory }) => memory))} MiB`,
  ].join(', ');
}

try {
  await soak({ name: 'onnx', total: 20_000, step, report });
} finally {
  worker?.end();
}
