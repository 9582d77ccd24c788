/** How much of held-out data a network under training answers rightly, and how much of that robustly. */
import { Builder } from '../graph/builder.ts';
import type { Graph } from '../graph/graph.ts';
import type { Runtime, Session } from '../runtime/runtime.ts';
import type { Threat } from '../threats/threat.ts';
import { marginOf } from '../transforms/margin.ts';
import { batchRows } from './batches.ts';
import { drawn } from './draws.ts';
import { compiled, runOn } from './program.ts';
import type { Labelled } from './labelled.ts';
import type { Knobs, Method } from './method.ts';
import { Mover } from './mover.ts';
import { scalar, type TrainableNetwork, type Values } from './network.ts';
import { methodContext } from './step.ts';

/** Shares of the samples, 0 to 1. */
export interface Validated {
  readonly clean: number;
  /** By the method's own margin at the whole radius. */
  readonly robust: number;
}

export interface ValidationOptions {
  readonly network: TrainableNetwork;
  readonly method: Method;
  readonly threat: Threat;
  readonly runtime: Runtime;
  readonly data: Labelled;
  readonly seed: number;
  /** What the method measured once. */
  readonly measured?: Knobs;
}

/** x, answers (classes), `moved`, parameters, statistics, eps → `clean` and `robust` [batch], the margins. */
function validationGraph(options: ValidationOptions): Graph {
  const b = new Builder();
  const context = methodContext(b, { ...options, soft: false });
  const moved = options.method.adversary ? b.input('moved', context.x.shape) : context.x;
  const { x, answers, network } = context;
  return b.graph({
    clean: marginOf(b, network.logits(x), answers),
    robust: options.method.margin({ ...context, moved }),
  });
}

const ROWS = 128;

export class Validation {
  private readonly options: ValidationOptions;
  private readonly session: Session;
  private readonly mover: Mover | undefined;

  private constructor(options: ValidationOptions, session: Session, mover: Mover | undefined) {
    this.options = options;
    this.session = session;
    this.mover = mover;
  }

  static async open(options: ValidationOptions): Promise<Validation> {
    const session = await compiled(options.runtime, validationGraph(options));
    const { adversary } = options.method;
    const moving = { ...options, soft: false };
    const mover = adversary && (await Mover.open(adversary, moving, options.runtime));
    return new Validation(options, session, mover);
  }

  /** The starting points of attacks are the same at every call. */
  async of(values: Values): Promise<Validated> {
    const { network, method, threat, data, seed, measured = {} } = this.options;
    const scalars = Object.entries({ ...measured, eps: threat.eps });
    const knobs = Object.fromEntries(scalars.map(([name, value]) => [name, scalar(value)]));
    const all = Uint32Array.from(data.y.keys());
    let [clean, robust] = [0, 0];
    for (let start = 0; start < all.length; start += ROWS) {
      const positions = all.subarray(start, start + ROWS);
      const { x, answers } = batchRows({ x: data.x, y: data.y }, positions);
      const fed = { ...network.feeds(values), x, answers, ...knobs };
      const { adversary } = method;
      const noise = adversary && drawn(adversary.noise, x, positions, { seed, epoch: -1 });
      const moved = noise && (await this.mover?.move(fed, noise, adversary.validatedSteps));
      const results = await runOn(this.session, moved ? { ...fed, moved } : fed);
      const margins = (name: string): number[] => Array.from(results[name]?.data ?? [], Number);
      const right = margins('clean').map((margin) => margin > 0);
      clean += right.filter(Boolean).length;
      robust += margins('robust').filter((margin, i) => margin > 0 && right[i]).length;
    }
    return { clean: clean / all.length, robust: robust / all.length };
  }

  async release(): Promise<void> {
    await this.session.release();
    await this.mover?.release();
  }
}
