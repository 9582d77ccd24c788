/**
 * From flags to a training that can begin: the model, whose weights the file must be able to take back,
 * labelled samples, some of them held out, and the threat. Everything is checked before the first step.
 */
import { availableParallelism } from 'node:os';
import {
  type Classifier,
  type Graph,
  holdOut,
  type Labelled,
  ModelError,
  openClassifier,
  replaceInitializers,
  type Runtime,
  samplesAt,
  type Split,
  type Threat,
  TrainableNetwork,
} from '@glacis/core';
import type { OptionValues } from '../cli/options.ts';
import { externalFilesOf } from '../data/external-data.ts';
import { UsageError } from '../errors.ts';
import { openRuntime } from '../runtime/node.ts';
import { type Inputs, loadInputs } from './inputs.ts';
import { type ModelFile, namingFile, openModelFile, readModelBytes } from './model-file.ts';
import { sizesOfData } from './open-sizes.ts';
import { chooseThreat } from './threat.ts';

export interface TrainingSetup {
  readonly modelFile: ModelFile;
  /** Up to the logits. */
  readonly graph: Graph;
  readonly inputs: Inputs;
  readonly split: Split;
  readonly data: Labelled;
  readonly validation: Labelled;
  readonly batch: number;
  readonly threat: Threat;
  readonly runtime: Runtime;
  readonly notes: readonly string[];
  /** The model's own file with other weights. */
  readonly withWeights: (values: Parameters<typeof replaceInitializers>[1]) => Uint8Array;
}

const VALIDATION = 0.1;
const BATCH = 128;

/** Throws UsageError. */
export async function setUpTraining(
  path: string,
  dataPath: string,
  values: OptionValues,
): Promise<TrainingSetup> {
  const modelFile = await openModelFile(path, values, (declared) =>
    sizesOfData(declared, dataPath, values),
  );
  const { threads = availableParallelism() } = values;
  const { runtime, notes } = await openRuntime({ threads });
  const classifier = await opened(path, modelFile, runtime);
  try {
    const { bytes } = await readModelBytes(path);
    const external = externalFilesOf(path);
    const withWeights: TrainingSetup['withWeights'] = (weights) =>
      namingFile(path, () => replaceInitializers(bytes, weights, external));
    const graph = graphOf(path, classifier);
    const network = trainable(path, graph);
    withWeights(network.named(network.initial));
    const inputs = await loadInputs(dataPath, values, classifier);
    const labelled = labelledBy(dataPath, inputs);
    const { threat, notes: said } = await chooseThreat(inputs, values, classifier);
    const { validation = VALIDATION, seed = 0 } = values;
    const split = holdOut(labelled.y.length, validation, seed);
    return {
      modelFile,
      graph,
      inputs,
      split,
      data: samplesAt(labelled, split.training),
      validation: samplesAt(labelled, split.heldOut),
      batch: batchFor(dataPath, split, values),
      threat,
      runtime,
      notes: [...notes, ...modelFile.notes, ...classifier.notes, ...inputs.notes, ...said],
      withWeights,
    };
  } finally {
    await classifier.release();
  }
}

async function opened(path: string, file: ModelFile, runtime: Runtime): Promise<Classifier> {
  try {
    return await openClassifier(file.model, runtime, { fixed: file.fixed });
  } catch (error) {
    if (error instanceof ModelError) throw new UsageError(`${path}: ${error.message}.`);
    throw error;
  }
}

/** Throws UsageError for models that are not trained: that draw numbers, or answer one sample at a time. */
function graphOf(path: string, { graph, logits, model, sides }: Classifier): Graph {
  if (sides.length > 0 || model.random.length > 0) {
    throw new UsageError(
      `${path} has inputs beside the data, or draws numbers: it is not trained.`,
    );
  }
  if (!model.batched || model.lifted) {
    throw new UsageError(
      `${path} answers one sample at a time (its shapes hold no batch): export it with an open batch axis to train it.`,
    );
  }
  return { nodes: graph.nodes, inputs: graph.inputs, outputs: [{ name: 'logits', id: logits.id }] };
}

function trainable(path: string, graph: Graph): TrainableNetwork {
  try {
    return new TrainableNetwork(graph);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`${path}: ${error.message}.`);
    throw error;
  }
}

/** Throws UsageError without labels of two classes. */
function labelledBy(path: string, { x, y }: Inputs): Labelled {
  if (!y)
    throw new UsageError(`${path} has no labels, and training needs them: name them with --y.`);
  const [first] = y;
  if (y.every((label) => label === first)) {
    throw new UsageError(
      `All ${y.length} samples of ${path} are of class ${first}: there is nothing to tell apart.`,
    );
  }
  return { x, y: Int32Array.from(y) };
}

function batchFor(path: string, { training, heldOut }: Split, { batch }: OptionValues): number {
  const size = batch ?? Math.min(BATCH, Math.max(1, Math.floor(training.length / 10)));
  if (training.length < size || heldOut.length === 0) {
    throw new UsageError(
      `${path} leaves ${training.length} samples to train on and ${heldOut.length} to validate, and a step takes ${size}: give more data, a smaller --batch, or another --validation.`,
    );
  }
  return size;
}
