/**
 * Processes that help with one query. For one that dies or fails another is started, and its work is done
 * again; what is lost twice is handed back as it was. The search never depends on any of them.
 */
import {
  type BoxList,
  type Closed,
  type Domain,
  type DomainsOf,
  type Helpers,
  OutOfTime,
  type Refinement,
} from '@glacis/core';
import type { HelperSetup } from './helper-setup.ts';
import type { FromHelper, ToHelper } from './messages.ts';
import { WorkerProcess } from './worker-process.ts';

type HelperProcess = WorkerProcess<ToHelper, FromHelper>;

export interface HelperOptions {
  readonly setup: HelperSetup;
  readonly count: number;
  /** Milliseconds until the time is up, by `performance.now`; Infinity for none. */
  readonly until: number;
  readonly onLost: (error: Error) => void;
}

/** Node.js, ONNX Runtime, a network and its programs: measured, on two cores, with half of them free. */
const START_TIME = 1000;

export class HelperProcesses implements Helpers {
  readonly startTime = START_TIME;
  private readonly options: HelperOptions;
  private readonly all = new Set<HelperProcess>();
  private readonly free: HelperProcess[] = [];
  private isReleased = false;
  /** Rejects when the time is up. */
  private readonly late: Promise<never>;
  private readonly timer: NodeJS.Timeout | undefined;

  constructor(options: HelperOptions) {
    this.options = options;
    let expire: () => void = () => undefined;
    this.late = new Promise((_, reject) => {
      expire = () => reject(new OutOfTime('the time is up'));
    });
    // Nobody may be listening.
    this.late.catch(() => undefined);
    const left = options.until - performance.now();
    if (left < 2 ** 31) this.timer = setTimeout(expire, Math.max(0, left)).unref();
  }

  get idle(): number {
    return this.free.length;
  }

  start(): void {
    for (let i = 0; i < this.options.count; i++) void this.open();
  }

  async close(boxes: BoxList): Promise<Closed<BoxList>> {
    const reply = await this.asked({ kind: 'boxes', boxes });
    return reply?.kind === 'boxes' ? reply.done : undone(boxes);
  }

  async cut(domains: DomainsOf): Promise<Closed<readonly Domain[]>> {
    const reply = await this.asked({ kind: 'domains', domains });
    return reply?.kind === 'domains' ? reply.done : undone(domains.open);
  }

  async least(refinement: Refinement): Promise<Float64Array | null> {
    const reply = await this.asked({ kind: 'values', refinement });
    return reply?.kind === 'values' ? reply.done : null;
  }

  /** Processes at work, to be watched. */
  get pids(): readonly number[] {
    return [...this.all].flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
  }

  async release(): Promise<void> {
    clearTimeout(this.timer);
    this.isReleased = true;
    this.free.length = 0;
    await Promise.all([...this.all].map((each) => each.close()));
  }

  /** Null where it was lost twice. */
  private async asked(work: ToHelper): Promise<FromHelper | null> {
    const first = this.free.pop();
    if (!first) throw new RangeError('nobody waits for work');
    return Promise.race([this.late, this.answered(first, work)]);
  }

  private async answered(first: HelperProcess, work: ToHelper): Promise<FromHelper | null> {
    let process: HelperProcess | null = first;
    for (let again = true; process; again = false) {
      try {
        const reply = await process.ask(work);
        if (reply.kind !== work.kind) throw new Error(`a worker answered ${reply.kind}`);
        this.free.push(process);
        return reply;
      } catch (error) {
        this.lost(process, error);
        process = again ? await this.opened() : null;
      }
    }
    return null;
  }

  /** A further helper, when it is ready; without one the search goes on as it is. */
  private async open(): Promise<void> {
    const process = await this.opened();
    if (process) this.free.push(process);
  }

  private async opened(): Promise<HelperProcess | null> {
    if (this.isReleased) return null;
    const process: HelperProcess = new WorkerProcess('./helper-child.js');
    this.all.add(process);
    try {
      await process.ask({ kind: 'setup', setup: this.options.setup });
      return process;
    } catch (error) {
      this.lost(process, error);
      return null;
    }
  }

  private lost(process: HelperProcess, error: unknown): void {
    this.all.delete(process);
    process.end();
    if (!this.isReleased)
      this.options.onLost(error instanceof Error ? error : new Error(String(error)));
  }
}

function undone<L>(open: L): Closed<L> {
  return { witness: null, stuck: [], branches: 0, open };
}
