/**
 * The training loop: shuffles, takes batches, runs the training step and hands its state on. Nothing
 * here knows the network, the loss or the optimiser; the same seed gives the same network.
 */
import { type Graph, inputNodes } from '../graph/graph.ts';
import { writeModel } from '../onnx/write.ts';
import type { CancelSignal } from '../runtime/cancel.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { floats, type Tensor } from '../tensor/tensor.ts';
import { closeParameters, openParameters } from '../transforms/parameters.ts';
import { correctedRate } from './adam.ts';
import { type Labelled, rowsAt } from './labelled.ts';
import { oneCycle, rateAt } from './one-cycle.ts';
import { shuffled } from './shuffle.ts';
import { nextName, trainingStep } from './step.ts';

export interface EpochReport {
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Mean loss of the epoch's batches. */
  readonly loss: number;
  readonly seconds: number;
  /** Milliseconds in the program, for each step. */
  readonly stepTime: number;
}

export interface TrainOptions {
  /** One input [batch, …]; the first output holds logits [batch, classes]. */
  readonly network: Graph;
  readonly data: Labelled;
  readonly runtime: Runtime;
  readonly epochs: number;
  /** Rows of a step; what does not fill one is left for another epoch. */
  readonly batch: number;
  /** The highest learning rate of the cycle. */
  readonly peakRate: number;
  /** Weight decay: each step shrinks the parameters by the rate times this. */
  readonly decay?: number;
  readonly seed: number;
  readonly onEpoch?: (report: EpochReport) => void;
  /** Looked at before every step. */
  readonly signal?: CancelSignal | undefined;
}

/**
 * The network with trained parameters. Throws RangeError when the loss is no longer a number, or where
 * the samples do not fill a batch.
 */
export async function train(options: TrainOptions): Promise<Graph> {
  const { data, batch, epochs, seed, decay = 0 } = options;
  if (data.y.length < batch) {
    throw new RangeError(`${data.y.length} samples do not fill a batch of ${batch}`);
  }
  const open = openParameters(options.network);
  const { graph, state: initial } = trainingStep(open, batch, data.soft !== undefined);
  const input = inputNodes(options.network)[0]?.attributes.name ?? '';
  const session = await options.runtime.session(writeModel(graph));
  const cycle = oneCycle(options.peakRate);
  const perEpoch = Math.floor(data.y.length / batch);
  let state = initial;
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = shuffled(data.y.length, seed, epoch);
    const begun = Date.now();
    let [running, total] = [0, 0];
    for (let k = 0; k < perEpoch; k++) {
      const step = epoch * perEpoch + k;
      options.signal?.throwIfAborted();
      const { x, answers } = rowsAt(data, order.subarray(k * batch, (k + 1) * batch));
      const pace = rateAt(cycle, step, epochs * perEpoch);
      const rate = floats([correctedRate(pace, step + 1)], []);
      const shrink = floats([pace * decay], []);
      const called = Date.now();
      const results = await session.run({ ...state, [input]: x, answers, rate, shrink });
      running += Date.now() - called;
      total += lossOf(results, step);
      state = next(state, results);
    }
    options.onEpoch?.({
      epoch: epoch + 1,
      epochs,
      loss: total / perEpoch,
      seconds: (Date.now() - begun) / 1000,
      stepTime: running / perEpoch,
    });
  }
  await session.release();
  return closeParameters(open, state);
}

type Values = Readonly<Record<string, Tensor>>;

function lossOf(results: Values, step: number): number {
  const loss = Number(results['loss']?.data[0]);
  if (!Number.isFinite(loss)) {
    throw new RangeError(`the loss is ${loss} at step ${step}: try a lower learning rate`);
  }
  return loss;
}

function next(state: Values, results: Values): Values {
  return Object.fromEntries(
    Object.keys(state).map((name) => {
      const value = results[nextName(name)];
      if (!value) throw new RangeError(`the step gave no ${nextName(name)}`);
      return [name, value];
    }),
  );
}
