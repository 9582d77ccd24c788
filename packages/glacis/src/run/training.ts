/** Runs a training: with progress, a checkpoint after every epoch, until it is over or somebody presses Ctrl-C. */
import {
  type Certificate,
  type Checkpoint,
  Diverged,
  fitLinearNetwork,
  isLinear,
  type Kept,
  type Trained,
  trained,
  TrainableNetwork,
  type TrainingMethodName,
  type Threat,
  trainedRadius,
  trainingMethods,
} from '@glacis/core';
import type { Interruption } from '../cli/interrupt.ts';
import type { OptionValues } from '../cli/options.ts';
import type { Terminal } from '../cli/terminal.ts';
import { UsageError } from '../errors.ts';
import { percent } from '../report/numbers.ts';
import { version } from '../version.ts';
import { readCheckpoint, saveCheckpoint, type TrainingFiles } from './training-files.ts';
import type { TrainingSetup } from './training-setup.ts';

/** What a training ends with. */
export interface Made extends Pick<Trained, 'values' | 'history' | 'fellBack'> {
  readonly best: Omit<Kept, 'vectors'> | null;
  /** Of lipschitz. */
  readonly certificate: Certificate | null;
}

const METHOD = 'adversarial';
export const EPOCHS = 20;
const [RATE, GRADIENT_LIMIT] = [2e-3, 10];

/** The radius that a training goes against, which may be its own; null where its method has none. */
export function radiusTrained(threat: Threat, values: OptionValues): number | null {
  const { training: method = METHOD, trainEps } = values;
  if (!(method in against)) return null;
  return trainEps ?? trainedRadius(trainingMethods[method], threat);
}

/** The methods that train against a radius of their own. */
const against: Partial<Record<TrainingMethodName, true>> = {
  adversarial: true,
  fast: true,
  trades: true,
  ibp: true,
  'crown-ibp': true,
};

export interface Watching {
  readonly terminal: Terminal;
  readonly interruption: Interruption;
}

/** Null where it was interrupted: the checkpoint is kept. Throws UsageError. */
export async function runTraining(
  setup: TrainingSetup,
  files: TrainingFiles,
  values: OptionValues,
  watching: Watching,
): Promise<Made | null> {
  const { training: method = METHOD } = values;
  const isFitted = method === 'lipschitz' && isLinear(new TrainableNetwork(setup.graph));
  if (isFitted) return fitted(setup, values);
  if (method === 'lipschitz' && (values.limit !== undefined || values.loss !== undefined)) {
    throw new UsageError(
      `${setup.modelFile.path} is not linear: --limit and --loss are for such models, and others become 1-Lipschitz.`,
    );
  }
  if (method !== 'trades' && values.beta !== undefined) {
    throw new UsageError('--beta weighs the divergence of --method trades alone.');
  }
  if (values.trainEps !== undefined && !(method in against)) {
    const able = Object.keys(against).join(', ');
    throw new UsageError(
      `--train-eps is the radius that --method ${able} train against; leave it out.`,
    );
  }
  const made = await descended(setup, files, method, values, watching);
  return made && { ...made, certificate: null };
}

/** The linear problem is solved whole, in no time worth a checkpoint. */
async function fitted(
  { graph, data, runtime, threat, modelFile }: TrainingSetup,
  { limit = 1 / threat.eps, loss = 'logistic' }: OptionValues,
): Promise<Made> {
  const { name: norm } = threat.norm;
  if (norm === 'l0' || threat.weights || threat.frozen) {
    throw new UsageError('--method lipschitz is for linf, l2 and l1, all features alike.');
  }
  try {
    const options = { norm, loss, limit };
    const { values, certificate } = await fitLinearNetwork(graph, data, runtime, options);
    const named = new TrainableNetwork(graph).named(values);
    return { values: named, history: [], best: null, fellBack: null, certificate };
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`${modelFile.path}: ${error.message}.`);
    throw error;
  }
}

async function descended(
  setup: TrainingSetup,
  files: TrainingFiles,
  method: TrainingMethodName,
  values: OptionValues,
  { terminal, interruption }: Watching,
): Promise<Trained | null> {
  const { epochs = EPOCHS, rate = RATE, seed = 0, flip = false, shift = 0 } = values;
  const asked = askedFor(setup, values);
  const resume = await readCheckpoint(files.checkpoint, asked);
  const finished = resume?.history.length ?? 0;
  if (finished > 0) terminal.say(`Going on after epoch ${finished}, from ${files.checkpoint}`);
  terminal.start(epochs, finished / epochs);
  let shown = '';
  let last: Checkpoint | null = resume;
  const { signal } = interruption;
  try {
    return await trained({
      network: setup.graph,
      data: setup.data,
      validation: setup.validation,
      runtime: setup.runtime,
      threat: setup.threat,
      batch: setup.batch,
      method,
      epochs,
      peakRate: rate,
      seed,
      ...(values.init ? { init: true } : {}),
      ...(values.optimiser ? { optimiser: values.optimiser } : {}),
      ...(values.schedule ? { schedule: values.schedule } : {}),
      ...(values.beta === undefined ? {} : { beta: values.beta }),
      ...(values.trainEps === undefined ? {} : { trainEps: values.trainEps }),
      decay: values.decay ?? 0,
      gradientLimit: values.gradientLimit ?? GRADIENT_LIMIT,
      ...(values.average === undefined ? {} : { average: values.average }),
      ...(flip || shift > 0 ? { augmentation: { flip, shift } } : {}),
      ...(values.patience === undefined ? {} : { patience: values.patience }),
      ...(resume ? { resume } : {}),
      signal,
      onStep: ({ step, steps, loss, epoch }) => {
        const stage = `epoch ${epoch}, loss ${loss.toFixed(3)}${shown}`;
        terminal.progress({
          stage,
          done: step,
          total: steps,
          fraction: step / steps,
          unit: 'steps',
        });
      },
      onEpoch: ({ validated }) => {
        if (validated) shown = `, robust ${percent(validated.robust)}`;
      },
      onCheckpoint: async (checkpoint) => {
        last = checkpoint;
        await saveCheckpoint(files.checkpoint, asked, checkpoint);
      },
    });
  } catch (error) {
    terminal.clear();
    const kept = last
      ? `${last.history.length} of ${epochs} epochs are kept in ${files.checkpoint}`
      : 'no epoch was over';
    if (signal.aborted && !(error instanceof Diverged)) {
      terminal.say(`Stopped: ${kept}. The same words go on from there.`);
      return null;
    }
    if (error instanceof Diverged) {
      throw new UsageError(
        `${error.message} (--rate below ${rate}) or a lower --gradient-limit; ${kept}.`,
      );
    }
    if (error instanceof RangeError)
      throw new UsageError(`${setup.modelFile.path}: ${error.message}.`);
    throw error;
  } finally {
    terminal.clear();
  }
}

/** What a checkpoint must have been made for: all that the training depends on. */
function askedFor(
  { modelFile, inputs, threat, batch }: TrainingSetup,
  values: OptionValues,
): string {
  const { norm, eps, clip, weights, frozen } = threat;
  const {
    training: method,
    init,
    epochs,
    rate,
    optimiser,
    schedule,
    decay,
    gradientLimit,
  } = values;
  const { average = trainingMethods[method ?? METHOD].average ?? 0 } = values;
  const { beta, trainEps, flip, shift, validation, patience, seed, mean, std, scale, output } =
    values;
  return JSON.stringify({
    glacis: version,
    model: modelFile.sha256,
    data: [inputs.sha256, inputs.indices.length, inputs.indices.at(-1)],
    threat: [norm.name, eps, clip, weights && [...weights], frozen],
    how: { method, init, epochs, rate, optimiser, schedule, decay, gradientLimit, average, batch },
    more: { beta, trainEps, flip, shift, validation, patience, seed, mean, std, scale, output },
  });
}
