/**
 * A model read as a classifier: which value holds its logits, and the original file as the judge of
 * every prediction. Ties count as broken; a row whose outputs are not finite has no answer.
 */
import { BATCH, known } from '../graph/dimension.ts';
import {
  type Graph,
  holdsNonFinite,
  inputNodes,
  type Node,
  nodeAt,
  outputNamed,
} from '../graph/graph.ts';
import type { Precision } from '../onnx/precision.ts';
import { type Model, readModel } from '../onnx/read.ts';
import { ModelError } from '../onnx/model-error.ts';
import { RandomBlock } from '../tensor/random.ts';
import { sizeOf, type Tensor } from '../tensor/tensor.ts';
import { Programs } from './programs.ts';
import { BATCH_ROWS, runRows } from './rows.ts';
import type { Runtime, Session } from './runtime.ts';

export interface Judgement {
  /** [rows × classes], the original file's outputs. */
  readonly scores: Float32Array;
  /** Class with the greatest score (the first of equals); −1 where a score is not finite. */
  readonly predictions: Int32Array;
}

export interface Classifier {
  readonly model: Model;
  readonly programs: Programs;
  /** For attacks: on the accelerator, where there is one. */
  readonly searchPrograms: Programs;
  /** The network up to its logits: a final (log-)softmax is left out. */
  readonly graph: Graph;
  /** The value [batch, classes] that attacks and proofs work on. */
  readonly logits: Node;
  readonly input: string;
  /** Shape of one sample. */
  readonly sampleShape: readonly number[];
  readonly sampleSize: number;
  readonly classes: number;
  readonly notes: readonly string[];
  /** Scores of the original file on rows [rows × sampleSize]. */
  judge(rows: Float32Array, count: number): Promise<Judgement>;
  release(): Promise<void>;
}

/** −1 unless `label` is strictly ahead of every other score: then its index; else the strongest rival. */
export function answerFor(
  scores: Float32Array,
  row: number,
  classes: number,
  label: number,
): number {
  const at = row * classes;
  const own = scores[at + label] ?? Number.NaN;
  if (!Number.isFinite(own)) return -1;
  let rival = -1;
  let most = -Infinity;
  for (let k = 0; k < classes; k++) {
    const score = scores[at + k] ?? Number.NaN;
    if (!Number.isFinite(score)) return -1;
    if (k !== label && score > most) [rival, most] = [k, score];
  }
  return own > most ? label : rival;
}

/** z_label − max other score of one row. */
export function scoreMargin(
  scores: Float32Array,
  row: number,
  classes: number,
  label: number,
): number {
  let most = -Infinity;
  for (let k = 0; k < classes; k++) {
    const score = scores[row * classes + k] ?? Number.NaN;
    if (k !== label) most = score > most || Number.isNaN(score) ? score : most;
  }
  return (scores[row * classes + label] ?? Number.NaN) - most;
}

/** The largest |score| of one row: what its rounding is relative to. */
export function scoreSize(scores: Float32Array, row: number, classes: number): number {
  let most = 0;
  for (let k = 0; k < classes; k++) most = Math.max(most, Math.abs(scores[row * classes + k] ?? 0));
  return most;
}

function logitsOf(graph: Graph, output: Node): { logits: Node; notes: string[] } {
  const normalised = output.op === 'softmax' || output.op === 'logSoftmax';
  if (normalised && output.attributes.axis === output.shape.length - 1) {
    const logits = nodeAt(graph, output.operands[0] ?? 0);
    return {
      logits,
      notes: [
        `The model ends in a ${output.op === 'softmax' ? 'softmax' : 'log-softmax'}: attacks and proofs use the logits before it.`,
      ],
    };
  }
  return { logits: output, notes: [] };
}

/**
 * Opens a model as a classifier, checked against its own file: different rows run at once must answer
 * as they do alone, or the model is run row by row. Throws ModelError where it has not one input and
 * one vector of scores, or where the lowered graph does not compute what the file does.
 */
export async function openClassifier(model: Model, runtime: Runtime): Promise<Classifier> {
  const classifier = await open(model, runtime);
  if (await agrees(classifier)) return classifier;
  await classifier.release();
  if (model.batched) {
    const single = await open(readModel(model.bytes, { rowByRow: true }), runtime);
    if (await agrees(single)) return single;
    await single.release();
  }
  throw new ModelError(
    'unsupported',
    'the model, as Glacis reads it, does not compute what ONNX Runtime computes from the file: please report it',
  );
}

const CHECKED_ROWS = 3;
/** Relative to the largest score; a float16 file rounds every value to 11 bits. */
const AGREEMENT: Readonly<Record<Precision, number>> = { float32: 1e-4, float16: 3e-2 };

/** Whether the lowered graph on several different rows equals the original file row by row. */
async function agrees(classifier: Classifier): Promise<boolean> {
  const { model, sampleSize, sampleShape, classes, graph, input } = classifier;
  const allowed = AGREEMENT[model.precision];
  // What a runtime makes of NaN weights depends on its kernels; nothing is proven about them anyway.
  if (graph.nodes.some(holdsNonFinite)) return true;
  const rows = new Float32Array(CHECKED_ROWS * sampleSize);
  for (let row = 0; row < CHECKED_ROWS; row++) {
    const random = new RandomBlock(0, row, 0);
    for (let i = 0; i < sampleSize; i++) rows[row * sampleSize + i] = random.uniform(i);
  }
  const program = await classifier.programs.named('as read', () => graph);
  const name = graph.outputs[0]?.name ?? '';
  const feeds = { [input]: { data: rows, shape: sampleShape } };
  const output = (await runRows(classifier, program, feeds, CHECKED_ROWS))[name];
  for (let row = 0; row < CHECKED_ROWS; row++) {
    const alone = rows.slice(row * sampleSize, (row + 1) * sampleSize);
    const { scores } = await classifier.judge(alone, 1);
    const size = Math.max(...scores.map(Math.abs));
    for (let k = 0; k < classes; k++) {
      const [own, other] = [scores[k] ?? 0, output?.[row * classes + k] ?? 0];
      // A model that is not finite at these points cannot be compared there.
      if (Number.isFinite(own) && !(Math.abs(own - other) <= allowed * size + 1e-6)) return false;
    }
  }
  return true;
}

async function open(model: Model, runtime: Runtime): Promise<Classifier> {
  const [input, ...others] = inputNodes(model.graph);
  if (!input || others.length > 0) {
    throw new ModelError(
      'unsupported',
      `the model has ${others.length + 1} inputs; a classifier here has exactly one`,
    );
  }
  const outputName = model.graph.outputs[0]?.name ?? '';
  const output = outputNamed(model.graph, outputName);
  const classes = Number(output.shape[1] ?? 1);
  if (output.shape.length !== 2 || !(classes >= 2)) {
    throw new ModelError(
      'unsupported',
      `output ${outputName} has shape [${output.shape.join(', ')}]; a classifier gives one score for each of two or more classes: [batch, classes]`,
    );
  }
  const { logits, notes } = logitsOf(model.graph, output);
  const sampleShape = input.shape.slice(1).map((dim) => known(dim, 'the input'));
  const original = await openOriginal(model, runtime);
  const programs = new Programs(runtime);
  const searchPrograms = runtime.accelerator ? new Programs(runtime.accelerator) : programs;
  const sampleSize = sizeOf(sampleShape);
  const judge = judgeWith(model, original, sampleShape, classes);
  return {
    model,
    programs,
    searchPrograms,
    graph: model.graph,
    logits,
    input: input.attributes.name,
    sampleShape,
    sampleSize,
    classes,
    notes: [
      ...notes,
      ...(model.batched ? [] : ['The model takes one sample at a time: it is run row by row.']),
      ...(model.precision === 'float16'
        ? ['The model computes in float16: it is searched in float32 and judged by the file.']
        : []),
    ],
    judge,
    release: async () => {
      await original.release();
      await programs.release();
      await searchPrograms.release();
    },
  };
}

async function openOriginal(model: Model, runtime: Runtime): Promise<Session> {
  try {
    return await runtime.session(model.bytes);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new ModelError('invalid', `ONNX Runtime cannot load the model: ${reason ?? ''}`, {
      cause,
    });
  }
}

/** Runs the original file: any number of rows at once where its own batch axis is open. */
function judgeWith(
  model: Model,
  session: Session,
  sampleShape: readonly number[],
  classes: number,
): Classifier['judge'] {
  const port = model.inputs[0];
  const fileShape = port?.shape ?? [];
  const openBatch = model.batchAxis && typeof fileShape[0] === 'string' && model.batched;
  const size = sizeOf(sampleShape);
  const input = session.inputNames[0] ?? port?.name ?? '';
  const output = model.outputs[0]?.name ?? '';
  const shapeFor = (rows: number): number[] =>
    model.batchAxis ? [rows, ...sampleShape] : [...sampleShape];
  return async (rows, count) => {
    const scores = new Float32Array(count * classes);
    const predictions = new Int32Array(count);
    const chunk = openBatch ? BATCH_ROWS : 1;
    for (let start = 0; start < count; start += chunk) {
      const taken = Math.min(chunk, count - start);
      const data = rows.slice(start * size, (start + taken) * size);
      const feed: Tensor = { type: 'float32', shape: shapeFor(taken), data };
      const result = (await session.run({ [input]: feed }))[output];
      if (!result || result.data.length !== taken * classes) {
        throw new ModelError('invalid', `the model's output ${output} has an unexpected size`);
      }
      scores.set(result.data as Float32Array, start * classes);
    }
    for (let row = 0; row < count; row++) predictions[row] = strongest(scores, row, classes);
    return { scores, predictions };
  };
}

function strongest(scores: Float32Array, row: number, classes: number): number {
  let best = 0;
  for (let k = 0; k < classes; k++) {
    const score = scores[row * classes + k] ?? Number.NaN;
    if (!Number.isFinite(score)) return -1;
    if (score > (scores[row * classes + best] ?? 0)) best = k;
  }
  return best;
}

/** The symbolic (or, for one-sample models, unit) size programs use for rows. */
export function batchOf(classifier: Classifier): number | string {
  return classifier.model.batched ? BATCH : 1;
}
