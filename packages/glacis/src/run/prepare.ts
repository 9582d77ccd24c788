/**
 * From flags to an opened run: the model, the runtime, the inputs and the threat, each checked, with
 * everything that was decided on the user's behalf said in `notes`.
 */
import {
  type ClassLabels,
  type Classifier,
  ModelError,
  openClassifier,
  type Runtime,
  type Threat,
} from '@glacis/core';
import type { OptionValues } from '../cli/options.ts';
import { classColumns } from '../data/class-columns.ts';
import { UsageError } from '../errors.ts';
import { cutIntoBlocks, type Block } from '../parallel/block.ts';
import type { Setup } from '../parallel/setup.ts';
import type { Device } from '../runtime/device.ts';
import { openRuntime } from '../runtime/node.ts';
import { checkClean } from './clean.ts';
import { contradictedLabels } from './own-labels.ts';
import type { RunFacts } from './document.ts';
import { environmentOf } from './environment.ts';
import { checkRows } from './fixed-inputs.ts';
import type { DiagnosisDepth } from './diagnosis.ts';
import { findExample } from './example.ts';
import { type Inputs, loadInputs } from './inputs.ts';
import { type ModelFile, openModelFile } from './model-file.ts';
import { sizesOfData } from './open-sizes.ts';
import { type Job, planOf, requireServing } from './plans.ts';
import { openSurrogates, surrogateFiles } from './surrogate.ts';
import { chooseCriterion } from './criterion.ts';
import { chooseThreat } from './threat.ts';

export interface Prepared {
  readonly classifier: Classifier;
  /** The models that lend their gradients. */
  readonly surrogates: readonly Classifier[];
  readonly inputs: Inputs;
  readonly threat: Threat;
  readonly setup: Setup;
  readonly facts: RunFacts;
  readonly blocks: readonly Block[];
  readonly diagnosis: DiagnosisDepth | null;
  /** How many inputs the model gets right. */
  readonly correct: number;
  /** Clean accuracy below one half, and why that may be. */
  readonly warning: string | null;
  readonly deadline: number | undefined;
  release(): Promise<void>;
}

export interface RunRequest {
  /** The words of the command, for the record. */
  readonly words: readonly string[];
  readonly model: string | null;
  readonly values: OptionValues;
  readonly job: Job;
  /** How much is spent on telling robustness from masked gradients; null: nothing. */
  readonly diagnosis: DiagnosisDepth | null;
}

/** Throws UsageError. The caller releases what was opened. */
export async function prepareRun(request: RunRequest): Promise<Prepared> {
  const started = Date.now();
  const example = request.values.example === undefined ? null : findExample(request);
  const values = example ? { ...example.values, ...request.values } : request.values;
  const modelPath = example?.model ?? request.model;
  const dataPath = example?.data ?? values.data;
  if (modelPath === null) {
    throw new UsageError('Which model? Name an .onnx file, or give --example digits.');
  }
  if (dataPath === undefined) {
    throw new UsageError('--data is missing: the inputs to examine, for instance --data test.npz.');
  }
  const modelFile = await openModelFile(modelPath, values, (declared) =>
    sizesOfData(declared, dataPath, values),
  );
  const { runtime, notes: runtimeNotes } = await openRuntime({ device: values.device ?? 'cpu' });
  const {
    mean,
    std,
    preprocess,
    set,
    output,
    straightThrough = false,
    eot: expectation = 1,
  } = values;
  const { fixed } = modelFile;
  const { criterion, targets } = await chooseCriterion(values, dataPath, async () =>
    classColumns(dataPath, values, await namedClasses(modelPath, modelFile, runtime)),
  );
  if (expectation > 1 && modelFile.model.random.length === 0) {
    throw new UsageError(
      `--eot ${expectation}: ${modelPath} draws no random numbers; leave it out.`,
    );
  }
  const classifier = await opened(modelPath, () =>
    openClassifier(modelFile.model, runtime, { fixed, straightThrough, expectation, criterion }),
  );
  let surrogates: readonly Classifier[] = [];
  const release = async (): Promise<void> => {
    await classifier.release();
    for (const surrogate of surrogates) await surrogate.release();
  };
  try {
    const lenders = await surrogateFiles(values);
    surrogates = await openSurrogates(lenders, runtime, classifier);
    planOf(request.job, surrogates);
    const inputs = await loadInputs(dataPath, values, classifier, targets);
    checkRows(fixed, inputs.total);
    const { threat, radii, notes } = await chooseThreat(inputs, values, classifier);
    requireServing(request.job, { classifier, threat }, surrogates);
    const clean = await checkClean(classifier, inputs);
    const contradiction = await contradictedLabels(classifier, runtime, inputs);
    const { correct } = clean;
    const warning = contradiction ?? clean.warning;
    const { semantics = 'float32', seed = 0 } = values;
    const size = Object.entries(modelFile.sizes);
    const deadline = values.time === undefined ? undefined : started + 1000 * values.time;
    // Without the native runtime here, workers have none either.
    const device: Device = runtime.name.includes('(wasm)') ? 'wasm' : (values.device ?? 'cpu');
    const { norm, eps, clip, weights, frozen } = threat;
    return {
      classifier,
      surrogates,
      inputs,
      threat,
      setup: {
        modelPath,
        modelSha256: modelFile.sha256,
        modelFlags: { mean, std, preprocess, set, output, size },
        straightThrough,
        expectation,
        surrogates: lenders,
        norm: norm.name,
        threat: { eps, clip, weights, frozen, eightBit: threat.grid !== null },
        criterion,
        semantics,
        seed,
        trace: values.trace !== undefined,
        job: request.job,
        device,
        deadline,
      },
      facts: {
        command: ['glacis', ...request.words],
        modelFile: example ? { ...modelFile, path: example.names.model } : modelFile,
        inputs: example ? { ...inputs, path: example.names.data } : inputs,
        threat,
        radii,
        criterion,
        semantics,
        seed,
        notes: [
          ...runtimeNotes,
          ...modelFile.notes,
          ...classifier.notes,
          ...inputs.notes,
          ...notes,
          ...(warning === null ? [] : [warning]),
        ],
        environment: environmentOf(runtime.name),
      },
      diagnosis: request.diagnosis,
      blocks: cutIntoBlocks(inputs.x, inputs.y, inputs.indices),
      correct,
      warning,
      deadline,
      release,
    };
  } catch (error) {
    await release();
    throw error;
  }
}

/** What the model's file calls its classes; which of its outputs holds their scores an open model knows. */
async function namedClasses(
  path: string,
  { model, fixed }: ModelFile,
  runtime: Runtime,
): Promise<ClassLabels | null> {
  if (model.classLabels.size === 0) return null;
  const classifier = await opened(path, () => openClassifier(model, runtime, { fixed }));
  await classifier.release();
  return classifier.classLabels;
}

async function opened<T>(path: string, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (error instanceof ModelError) throw new UsageError(`${path}: ${error.message}.`);
    throw error;
  }
}
