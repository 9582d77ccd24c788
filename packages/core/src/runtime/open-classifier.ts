/**
 * Opens a model as a classifier: which input is perturbed, which value holds its logits, and the original
 * file as the judge of every prediction.
 */
import { outputNamed } from '../graph/graph.ts';
import type { Criterion } from '../audit/run.ts';
import { ModelError } from '../onnx/model-error.ts';
import type { Model } from '../onnx/read.ts';
import { sizeOf } from '../tensor/tensor.ts';
import type { Classifier } from './classifier.ts';
import { beforeSteps, endsInSteps } from './before-steps.ts';
import { viewOf } from './criteria/table.ts';
import { GOAL, type View } from './criteria/view.ts';
import { withFreeRows } from './fixed-rows.ts';
import { judgeWith, type Labels } from './judge.ts';
import { type Agreeing, openAgreeing } from './network.ts';
import { notesOn } from './notes.ts';
import { openOriginal } from './original.ts';
import { perturbedInput, sideInputsOf } from './perturbed-input.ts';
import { Programs } from './programs.ts';
import type { Runtime } from './runtime.ts';
import { isSingle, withJoinedColumns } from './score-columns.ts';
import { unshaped } from './score-rules.ts';
import { type FixedRows, sampleShapeOf, type SideInput } from './side-inputs.ts';

export interface ClassifierOptions {
  /** Values of inputs that stay as they are, by name; all but one input of the model must be here. */
  readonly fixed?: Readonly<Record<string, FixedRows>>;
  /** Lets the gradients of attacks pass rounding and comparisons, whose own gradient is zero. */
  readonly straightThrough?: boolean;
  /** What counts as broken; by default a wrong class. */
  readonly criterion?: Criterion;
  /** Passes over a randomised model whose mean attacks see; by default one. */
  readonly expectation?: number;
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
  const free = await withFreeRows(file, runtime);
  const model = options.criterion?.kind === 'error' ? free : withJoinedColumns(free);
  const { network } = await openAgreeing(model, (read) => open(read, runtime, options));
  return network;
}

async function open(
  model: Model,
  runtime: Runtime,
  options: ClassifierOptions,
): Promise<Agreeing<Classifier>> {
  const { fixed = {}, straightThrough = false, expectation = 1 } = options;
  const criterion: Criterion = options.criterion ?? { kind: 'misclassified' };
  refuseVotes(model);
  const input = perturbedInput(model, fixed);
  const sides = sideInputsOf(model, input, fixed);
  const { name, others } = scoresOutput(model, criterion);
  refuseRegression(model, name, criterion);
  const plain = viewOf(criterion, model.graph, name);
  const names = model.classLabels.get(name);
  const sampleShape = sampleShapeOf(input);
  const perturbed = input.attributes.name;
  const view = straightThrough ? beforeSteps(plain, perturbed) : plain;
  const shape = { inputs: [{ name: perturbed, sampleShape }], sides, outputs: [name] };
  const original = await openOriginal(model, runtime, shape);
  const passes = model.random.length > 0 ? RANDOMISED_PASSES : 1;
  const programs = new Programs(runtime);
  const searchPrograms = runtime.accelerator ? new Programs(runtime.accelerator) : programs;
  const release = async (): Promise<void> => {
    await original.release();
    await programs.release();
    await searchPrograms.release();
  };
  const labelled = (labels: Labels): Classifier => ({
    model,
    programs,
    searchPrograms,
    graph: view.graph,
    criterion,
    provable: view.provable,
    kept: view.kept,
    mistaken: view.mistaken,
    logits: view.search,
    proven: view.proven,
    separation: view.separation,
    input: perturbed,
    straightThrough,
    expectation: model.random.length > 0 ? expectation : 1,
    sides: [...sides, ...goalOf(view, labels)],
    labels,
    withLabels: labelled,
    sampleShape,
    sampleSize: sizeOf(sampleShape),
    classes: view.classes,
    classLabels: names?.length === view.labelled ? names : null,
    labelled: view.labelled,
    notes: [
      ...model.notes,
      ...view.notes,
      ...notesOn(model, {
        output: name,
        others,
        input,
        answersInSteps: endsInSteps({ graph: plain.graph, logits: plain.search, input: perturbed }),
        straightThrough,
        passes,
        expectation,
      }),
    ],
    judge: judgeWith(original, view, passes, labels),
    release,
  });
  return { network: labelled(new Map()), original, output: name, release };
}

/** What programs are told of each row's label and target where its kept class does not say it. */
function goalOf({ goal }: View, labels: Labels): SideInput[] {
  if (!goal) return [];
  const shape = [goal.size];
  const input: SideInput = {
    port: { name: GOAL, type: 'float32', shape },
    shape,
    size: goal.size,
    isRandom: false,
    rows: Infinity,
    row: (stream) => {
      const label = labels.get(stream);
      if (label === undefined) throw new RangeError(`the label of input ${stream} is not known`);
      return goal.row(label, stream);
    },
  };
  return [input];
}

/**
 * A support vector classifier answers by the votes of its pairs of classes, which need not be the class
 * with the greatest score; nothing that is said about its scores would be about its answers.
 */
function refuseVotes({ operators }: Model): void {
  if (!operators.has('ai.onnx.ml.SVMClassifier')) return;
  throw new ModelError(
    'unsupported',
    'a support vector classifier answers by votes, not by its greatest score: it can be inspected, but not audited; export its decision function as a regressor with a Sigmoid behind it, or use a linear model',
  );
}

const regressors = ['LinearRegressor', 'SVMRegressor', 'TreeEnsembleRegressor'];

/**
 * The one number of a regressor is a quantity, whatever the labels look like: nothing in the file says
 * that it is held to 0. Several may be scores, and what is made of one may be a probability.
 */
function refuseRegression({ graph }: Model, name: string, { kind }: Criterion): void {
  const output = outputNamed(graph, name);
  const [operator = ''] = unshaped(graph, output).label.split(' › ').at(-1)?.split(' ') ?? [];
  if (kind === 'error' || !isSingle(output) || !regressors.includes(operator)) return;
  throw new ModelError(
    'unsupported',
    `output ${name} is the number of a ${operator}, a regression, not a class's score: judge its error (--criterion error --above T), or export a classifier's score with a Sigmoid behind it`,
  );
}

/**
 * The first output that is one number, or a vector, a row. One number of several is no class's score
 * alone: a person must say which is meant. Throws ModelError.
 */
function scoresOutput(
  { graph }: Model,
  { kind }: Criterion,
): { name: string; others: readonly string[] } {
  const names = graph.outputs.map(({ name }) => name);
  const rows = names.filter((each) => outputNamed(graph, each).shape.length <= 2);
  const name = rows[0] ?? names[0] ?? '';
  if (kind !== 'error' && rows.length > 1 && isSingle(outputNamed(graph, name))) {
    throw new ModelError(
      'unsupported',
      `the outputs ${rows.join(', ')} each hold something else, ${name} one number for each input: choose the scores with --output`,
    );
  }
  return { name, others: names.filter((each) => each !== name) };
}
