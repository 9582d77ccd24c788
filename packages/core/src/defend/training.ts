/**
 * The training loop: shuffles, takes batches, lets the adversary move them, runs the step and hands its
 * state on; validates after each epoch and keeps the best. Nothing here knows the network, the method or
 * the optimiser. All that a later epoch depends on is in the checkpoint, so that a training that is
 * resumed ends as one that was never interrupted.
 */
import type { Session } from '../runtime/runtime.ts';
import { zeros } from '../tensor/tensor.ts';
import { linf } from '../threats/threat.ts';
import { augment } from './augment.ts';
import { averageName, newestShare } from './average.ts';
import { batchRows, shuffled } from './batches.ts';
import {
  type Checkpoint,
  type EpochReport,
  type Kept,
  valuesIn,
  type Vectors,
} from './checkpoint.ts';
import { requireFinite, requireNumbers, requireSlope } from './diverged.ts';
import { drawn } from './draws.ts';
import { compiled, type Feeds, runOn } from './program.ts';
import { initialised } from './initialise.ts';
import { type Knobs, type Method, trainedRadius } from './method.ts';
import { Mover } from './mover.ts';
import { trainingMethods } from './methods/table.ts';
import { scalar, TrainableNetwork, type Values } from './network.ts';
import { optimisers } from './optimisers/table.ts';
import { schedules, shareAt } from './schedules.ts';
import { nextName, stepGraph, type StepOptions } from './step.ts';
import type { TrainOptions } from './train.ts';
import { type Validated, Validation } from './validation.ts';

/** A method is given up for its fallback where robustness falls below this share of the best, and so far below. */
const [COLLAPSE_SHARE, COLLAPSE_DEPTH] = [0.6, 0.1];

/** The programs of a method. */
interface Programs {
  readonly step: Session;
  readonly mover: Mover | undefined;
}

export class Training {
  private readonly options: TrainOptions;
  readonly network: TrainableNetwork;
  private readonly first: Method;
  private readonly settings: Omit<StepOptions, 'method'>;
  private readonly perEpoch: number;
  /** Decay of the weights' mean; 0: none is kept. */
  private readonly average: number;
  private vectors: Vectors;
  private measured: Knobs = {};
  private best: Kept | null = null;
  private history: EpochReport[] = [];
  /** Since when the fallback trains. */
  private fellBack: number | null = null;

  constructor(options: TrainOptions) {
    const { data, batch, gradientLimit = Infinity, threat } = options;
    if (data.y.length < batch) {
      throw new RangeError(`${data.y.length} samples do not fill a batch of ${batch}`);
    }
    this.options = options;
    this.first = trainingMethods[options.method ?? 'natural'];
    this.network = new TrainableNetwork(options.network, this.first.parametrisation);
    const optimiser = optimisers[options.optimiser ?? 'adamw'];
    this.average = options.average ?? this.first.average ?? 0;
    this.settings = {
      network: this.network,
      threat: threat ?? linf({ eps: 0 }),
      optimiser,
      longest: gradientLimit,
      soft: data.soft !== undefined,
      averages: this.average > 0,
    };
    this.perEpoch = Math.floor(data.y.length / batch);
    const empty = zeros('float32', [this.network.parts.trained.size]);
    const slots = optimiser.slots.map((name) => [name, empty] as const);
    const first = options.init
      ? initialised(this.network, options.seed, this.first.spread)
      : this.network.initial;
    const means = Object.entries(this.average > 0 ? first : {});
    const averages = means.map(([name, value]) => [averageName(name), value] as const);
    this.vectors = { ...first, ...Object.fromEntries([...slots, ...averages]) };
    const { resume } = options;
    if (resume) {
      this.vectors = resume.vectors;
      this.best = resume.best;
      this.history = [...resume.history];
      this.fellBack = resume.fellBack;
    }
  }

  /** Against which it trains, once it has risen. */
  private get radius(): number {
    return this.options.trainEps ?? trainedRadius(this.first, this.settings.threat);
  }

  private get method(): Method {
    return this.fellBack === null ? this.first : (this.first.fallback ?? this.first);
  }

  /** Runs what is left of the training. Throws Diverged, and what the signal throws. */
  async run(): Promise<{ readonly values: Values; readonly checkpoint: Checkpoint }> {
    const { epochs, validation, runtime, seed, beta } = this.options;
    const { network, settings } = this;
    const { threat } = settings;
    this.measured = {
      ...(await this.first.measure?.({ network, threat, runtime })),
      ...(beta === undefined ? {} : { beta }),
    };
    const judge =
      validation &&
      (await Validation.open({
        ...settings,
        method: this.first,
        measured: this.measured,
        runtime,
        seed,
        data: validation,
      }));
    let programs = await this.open();
    try {
      while (this.history.length < epochs && !this.isSettled()) {
        const epoch = this.history.length;
        const trained = await this.epoch(epoch, programs);
        const validated = judge ? await judge.of(this.values) : null;
        const report = { epoch: epoch + 1, epochs, ...trained, validated };
        this.history.push(report);
        const hadFallen = this.fellBack !== null;
        if (validated) this.judge(validated, epoch);
        if (!hadFallen && this.fellBack !== null) {
          await release(programs);
          programs = await this.open();
        }
        this.options.onEpoch?.(report);
        await this.options.onCheckpoint?.(this.checkpoint());
      }
    } finally {
      await release(programs);
      await judge?.release();
    }
    const checkpoint = this.checkpoint();
    const last = valuesIn(this.best?.vectors ?? this.vectors);
    return { values: await network.realised(last, runtime), checkpoint };
  }

  private get values(): Values {
    return valuesIn(this.vectors);
  }

  private checkpoint(): Checkpoint {
    const { vectors, best, fellBack } = this;
    return { vectors, best, history: [...this.history], fellBack };
  }

  /** Whether patience has run out: no epoch since the radius is whole, and none of late, was better. */
  private isSettled(): boolean {
    const { patience = Infinity, epochs } = this.options;
    const whole = Math.ceil(this.method.ramp * epochs);
    const since = Math.max(whole, this.best?.epoch ?? 0);
    return this.history.length - since >= patience;
  }

  private judge(validated: Validated, epoch: number): void {
    const { best } = this;
    const isBetter =
      !best ||
      validated.robust > best.validated.robust ||
      (validated.robust === best.validated.robust && validated.clean > best.validated.clean);
    if (isBetter) {
      this.best = { epoch: epoch + 1, validated, vectors: this.vectors };
      return;
    }
    const fallen = best.validated.robust - validated.robust;
    const hasCollapsed =
      fallen > COLLAPSE_DEPTH && validated.robust < COLLAPSE_SHARE * best.validated.robust;
    if (!hasCollapsed || !this.first.fallback || this.fellBack !== null) return;
    this.fellBack = epoch + 1;
    this.vectors = best.vectors;
  }

  private async open(): Promise<Programs> {
    const { runtime } = this.options;
    const options = { ...this.settings, method: this.method };
    const { adversary } = this.method;
    return {
      step: await compiled(runtime, stepGraph(options)),
      mover: adversary && (await Mover.open(adversary, options, runtime)),
    };
  }

  private async epoch(
    epoch: number,
    programs: Programs,
  ): Promise<Pick<EpochReport, 'loss' | 'seconds' | 'stepTime' | 'eps' | 'rate'>> {
    const { data, batch, seed, onStep, epochs, signal } = this.options;
    const order = shuffled(data.y.length, seed, epoch);
    const begun = Date.now();
    let [running, total, steepest] = [0, 0, 0];
    for (let k = 0; k < this.perEpoch; k++) {
      signal?.throwIfAborted();
      const step = epoch * this.perEpoch + k;
      const samples = order.subarray(k * batch, (k + 1) * batch);
      const { loss, length, milliseconds } = await this.step(step, epoch, samples, programs);
      steepest = Math.max(steepest, length);
      running += milliseconds;
      total += loss;
      onStep?.({ step: step + 1, steps: epochs * this.perEpoch, loss, epoch: epoch + 1 });
    }
    if (epoch === 0) requireSlope(steepest);
    requireFinite(this.vectors, (epoch + 1) * this.perEpoch, epoch + 1);
    return {
      loss: total / this.perEpoch,
      seconds: (Date.now() - begun) / 1000,
      stepTime: running / this.perEpoch,
      ...this.pace((epoch + 1) * this.perEpoch - 1),
    };
  }

  /** Learning rate of a step and its radius. */
  private pace(step: number): { readonly rate: number; readonly eps: number } {
    const { epochs, schedule = 'one-cycle', peakRate } = this.options;
    const share = shareAt(step, epochs * this.perEpoch);
    const { eps = 0 } = this.method.knobs(share, this.radius);
    return { rate: peakRate * schedules[schedule](share), eps };
  }

  private async step(
    step: number,
    epoch: number,
    samples: Uint32Array,
    { step: program, mover }: Programs,
  ): Promise<{ readonly loss: number; readonly length: number; readonly milliseconds: number }> {
    const { data, seed, decay = 0, augmentation, epochs } = this.options;
    const { optimiser } = this.settings;
    const { x, answers } = batchRows(data, samples);
    if (augmentation) augment(x, samples, augmentation, { seed, epoch });
    const { rate } = this.pace(step);
    const knobs = this.method.knobs(shareAt(step, epochs * this.perEpoch), this.radius);
    const scalars = Object.entries({
      ...knobs,
      ...this.measured,
      rate: optimiser.rateAt(rate, step + 1),
      shrink: rate * decay,
      newest: newestShare(this.average, step + 1),
    }).map(([name, value]) => [name, scalar(value)] as const);
    const fed = { ...this.vectors, x, answers, ...Object.fromEntries(scalars) };
    const { adversary } = this.method;
    const noise = adversary && drawn(adversary.noise, x, samples, { seed, epoch });
    const begun = Date.now();
    const moved = noise && (await mover?.move(fed, noise, adversary.steps));
    const results = await runOn(program, moved ? { ...fed, moved } : fed);
    const loss = Number(results['loss']?.data[0]);
    const length = Number(results['length']?.data[0]);
    requireNumbers({ loss, length }, step + 1, epoch + 1);
    this.vectors = next(this.vectors, results);
    return { loss, length, milliseconds: Date.now() - begun };
  }
}

function next(vectors: Vectors, results: Feeds): Vectors {
  return Object.fromEntries(
    Object.entries(vectors).map(([name, before]) => [name, results[nextName(name)] ?? before]),
  );
}

async function release({ step, mover }: Programs): Promise<void> {
  await step.release();
  await mover?.release();
}
