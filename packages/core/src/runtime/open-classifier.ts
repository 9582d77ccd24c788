/**
 * Opens a model as a classifier: which input is perturbed, which value holds its logits, and the original
 * file as the judge of every prediction.
 */
import { outputNamed } from '../graph/graph.ts';
import { ModelError } from '../onnx/model-error.ts';
import type { Model } from '../onnx/read.ts';
import { sizeOf } from '../tensor/tensor.ts';
import type { Classifier } from './classifier.ts';
import { withFreeRows } from './fixed-rows.ts';
import { headOf } from './heads.ts';
import { judgeWith } from './judge.ts';
import { type Agreeing, openAgreeing } from './network.ts';
import { notesOn } from './notes.ts';
import { openOriginal } from './original.ts';
import { perturbedInput, sideInputsOf } from './perturbed-input.ts';
import { Programs } from './programs.ts';
import type { Runtime } from './runtime.ts';
import { type FixedRows, sampleShapeOf } from './side-inputs.ts';

export interface ClassifierOptions {
  /** Values of inputs that stay as they are, by name; all but one input of the model must be here. */
  readonly fixed?: Readonly<Record<string, FixedRows>>;
  /** Lets the gradients of attacks pass rounding steps, whose own gradient is zero. */
  readonly straightThrough?: boolean;
}

/** How often a randomised model is asked: it is broken where it is wrong in half of the passes or more. */
const RANDOMISED_PASSES = 100;

/**
 * Opens a model as a classifier, checked against its own file (openAgreeing). Throws ModelError where
 * not one input is left to perturb, where there are no scores, or where the lowered graph does not
 * compute what the file does.
 */
export async function openClassifier(
  file: Model,
  runtime: Runtime,
  options: ClassifierOptions = {},
): Promise<Classifier> {
  const model = await withFreeRows(file, runtime);
  const { network } = await openAgreeing(model, (read) => open(read, runtime, options));
  return network;
}

async function open(
  model: Model,
  runtime: Runtime,
  { fixed = {}, straightThrough = false }: ClassifierOptions,
): Promise<Agreeing<Classifier>> {
  refuseVotes(model);
  const input = perturbedInput(model, fixed);
  const sides = sideInputsOf(model, input, fixed);
  const { name, others } = scoresOutput(model);
  const head = headOf(model.graph, name, outputNamed(model.graph, name));
  const labels = model.classLabels.get(name);
  const sampleShape = sampleShapeOf(input);
  const perturbed = input.attributes.name;
  const shape = { input: perturbed, sampleShape, sides, output: name };
  const original = await openOriginal(model, runtime, shape);
  const passes = model.random.length > 0 ? RANDOMISED_PASSES : 1;
  const programs = new Programs(runtime);
  const searchPrograms = runtime.accelerator ? new Programs(runtime.accelerator) : programs;
  const release = async (): Promise<void> => {
    await original.release();
    await programs.release();
    await searchPrograms.release();
  };
  const classifier: Classifier = {
    model,
    programs,
    searchPrograms,
    graph: head.graph,
    logits: head.search,
    proven: head.proven,
    separation: head.separation,
    input: perturbed,
    straightThrough,
    sides,
    sampleShape,
    sampleSize: sizeOf(sampleShape),
    classes: head.classes,
    classLabels: labels?.length === head.classes ? labels : null,
    notes: [
      ...model.notes,
      ...head.notes,
      ...notesOn(model, { output: name, others, input, straightThrough, passes }),
    ],
    judge: judgeWith(original, head, passes),
    release,
  };
  return { network: classifier, original, output: name, release };
}

/**
 * A support vector classifier answers by the votes of its pairs of classes, which need not be the class
 * with the greatest score; nothing that is said about its scores would be about its answers.
 */
function refuseVotes({ operators }: Model): void {
  if (!operators.has('ai.onnx.ml.SVMClassifier')) return;
  throw new ModelError(
    'unsupported',
    'a support vector classifier answers by votes, not by its greatest score: it can be inspected, but not audited; export its decision function as a regressor, or use a linear model',
  );
}

/** The first output that is one number, or a vector, a row. */
function scoresOutput({ graph }: Model): { name: string; others: readonly string[] } {
  const names = graph.outputs.map(({ name }) => name);
  const name = names.find((each) => outputNamed(graph, each).shape.length <= 2) ?? names[0] ?? '';
  return { name, others: names.filter((each) => each !== name) };
}
