/**
 * A surrogate of one's own: a small network that learns the model's answers on the given data and around
 * it, so that its gradients can be tried on the model (Papernot et al. 2017). Each round asks the model about
 * points where the last surrogate is about to change its mind, and goes on training.
 */
import type { AttackContext } from '../attacks/attack.ts';
import { marginProgram, stepProgram } from '../attacks/programs.ts';
import { freshNetwork } from '../defend/fresh-network.ts';
import { train } from '../defend/train.ts';
import type { Graph } from '../graph/graph.ts';
import { readModel } from '../onnx/read.ts';
import { writeModel } from '../onnx/write.ts';
import type { Classifier } from '../runtime/classifier.ts';
import { openClassifier } from '../runtime/open-classifier.ts';
import { runRows } from '../runtime/rows.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { RandomBlock } from '../tensor/random.ts';
import { floats } from '../tensor/tensor.ts';
import { ballFeeds, networkFeeds, type Rows } from '../threats/ball.ts';

export interface Distillation {
  /** The model, opened with the plain criterion: its scores are what is learned. */
  readonly context: AttackContext;
  readonly runtime: Runtime;
  /** The given data; radii are the run's. */
  readonly rows: Rows;
  readonly onProgress?: (share: number) => void;
}

/** Rounds of asking and training; questions of each; epochs of each. */
const ROUNDS = 4;
const QUESTIONS = 2500;
const EPOCHS = 8;
const BATCH = 64;
const RATE = 2e-3;
/** Draws of points to ask about, and the farthest of them in radii of the run. */
const ASK_DRAW = 0x60000;
const FARTHEST = 2;
/**
 * How far apart the two greatest scores of half of the answers come to be before the softmax: the less, the more
 * of the other scores is learnt (on the digits 4 breaks 32 of 100, 2 breaks 41, 0.7 breaks 43).
 */
const SPREAD = 1;

/** The surrogate's graph, with output `logits` [batch, classes]. */
export async function distil(distillation: Distillation): Promise<Graph> {
  const { context, runtime, rows, onProgress } = distillation;
  const { classifier, seed, signal } = context;
  const { sampleShape, classes } = classifier;
  let network = freshNetwork({ sampleShape, classes, seed, scale: statistics(rows.x) });
  const asked: Answered[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    signal?.throwIfAborted();
    const copies = Math.max(1, Math.ceil(QUESTIONS / rows.count));
    const near = nearby(context, rows, copies, round);
    const x = round === 0 ? near : await uphill(distillation, network, near, copies);
    asked.push({ x, scores: await scoresAt(context, x, rows, copies) });
    network = await train({
      network,
      data: lessons(asked, sampleShape, classes),
      runtime,
      epochs: EPOCHS,
      batch: BATCH,
      peakRate: RATE,
      seed: seed + round,
      ...(signal ? { signal } : {}),
      onEpoch: ({ epoch }) => onProgress?.((round + epoch / EPOCHS) / ROUNDS),
    });
  }
  return network;
}

/** Opened to lend its gradients, as the model is judged. */
export function openDistilled(
  network: Graph,
  runtime: Runtime,
  { criterion }: Classifier,
): Promise<Classifier> {
  return openClassifier(readModel(writeModel(network)), runtime, { criterion });
}

interface Answered {
  readonly x: Float32Array;
  readonly scores: Float32Array;
}

function statistics(x: Float32Array): { mean: number[]; deviation: number[] } {
  const mean = x.reduce((sum, value) => sum + value, 0) / Math.max(1, x.length);
  const square = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, x.length);
  return { mean: [mean], deviation: [Math.sqrt(square) || 1] };
}

/** The rows so many times, copy by copy. */
function repeated(rows: Rows, copies: number, x: Float32Array): Rows {
  const all = <T>(values: ArrayLike<T>): T[] =>
    Array.from({ length: copies }, () => Array.from(values)).flat();
  return {
    count: copies * rows.count,
    x,
    labels: Int32Array.from(all(rows.labels)),
    radii: Float64Array.from(all(rows.radii)),
    streams: all(rows.streams),
  };
}

/** Random points around every input, at distances up to FARTHEST; the first copy is the inputs. */
function nearby({ threat, seed }: AttackContext, rows: Rows, copies: number, round: number) {
  const size = rows.x.length / rows.count;
  const out = new Float32Array(copies * rows.x.length);
  for (let copy = 0; copy < copies; copy++) {
    for (let row = 0; row < rows.count; row++) {
      const draw = ASK_DRAW + round * copies + copy;
      const random = new RandomBlock(seed, rows.streams[row] ?? row, draw);
      const centre = rows.x.subarray(row * size, (row + 1) * size);
      const place = out.subarray((copy * rows.count + row) * size).subarray(0, size);
      const radius = FARTHEST * random.uniform(-1) * (rows.radii[row] ?? 0);
      if (copy === 0) place.set(centre);
      else threat.sample(centre, threat.norm.counts ? Math.round(radius) : radius, random, place);
    }
  }
  return out;
}

/** Steps up the surrogate's loss, each within twice the radius. */
const STEPS = 6;
const STEP = 0.4;

/** Where a few steps of the surrogate's gradient lead from these points. */
async function uphill(
  { context, runtime, rows }: Distillation,
  network: Graph,
  x: Float32Array,
  copies: number,
): Promise<Float32Array> {
  const classifier = await openDistilled(network, runtime, context.classifier);
  try {
    const own = { ...context, classifier: classifier.withLabels(context.classifier.labels) };
    const many = repeated(rows, copies, centresOf(rows, copies));
    const wide = { ...many, radii: many.radii.map((radius) => FARTHEST * radius) };
    const ball = ballFeeds(own, wide, 'inward');
    const program = await stepProgram(classifier, context.threat, 'margin');
    const step = { data: new Float32Array(many.count).fill(STEP / FARTHEST), shape: [] };
    let points = x;
    const stays = new Float32Array(x.length);
    for (let k = 0; k < STEPS; k++) {
      const feeds = { ...ball, x: { data: points, shape: classifier.sampleShape }, step };
      const { next } = await runRows(classifier, program, feeds, many.count, context.signal);
      if (!next) break;
      points = next;
      // Points from all along the way: copy k stops after k steps.
      const size = rows.x.length;
      for (let copy = k % STEPS; copy < copies; copy += STEPS) {
        stays.set(points.subarray(copy * size, (copy + 1) * size), copy * size);
      }
    }
    return stays;
  } finally {
    await classifier.release();
  }
}

function centresOf(rows: Rows, copies: number): Float32Array {
  const out = new Float32Array(copies * rows.x.length);
  for (let copy = 0; copy < copies; copy++) out.set(rows.x, copy * rows.x.length);
  return out;
}

async function scoresAt(
  context: AttackContext,
  x: Float32Array,
  rows: Rows,
  copies: number,
): Promise<Float32Array> {
  const { classifier, signal } = context;
  const many = repeated(rows, copies, x);
  const feeds = { ...networkFeeds(context, many), x: { data: x, shape: classifier.sampleShape } };
  const program = await marginProgram(classifier);
  const { scores } = await runRows(classifier, program, feeds, many.count, signal);
  return scores ?? new Float32Array(many.count * classifier.classes);
}

/** Answers as probabilities, of scores brought to one spread: a model's scale must not hide its second guess. */
function lessons(asked: readonly Answered[], sampleShape: readonly number[], classes: number) {
  const size = sampleShape.reduce((product, dim) => product * dim, 1);
  const scores = asked.flatMap((each) => Array.from(each.scores));
  const count = scores.length / classes;
  const rowsOf = Array.from({ length: count }, (_, row) =>
    scores.slice(row * classes, (row + 1) * classes),
  );
  const leads = rowsOf.map((row) => lead(row)).sort((a, b) => a - b);
  const scale = SPREAD / ((leads[Math.floor(count / 2)] ?? 0) || 1);
  const soft = new Float32Array(count * classes);
  const y = new Int32Array(count);
  rowsOf.forEach((row, i) => {
    const most = Math.max(...row);
    const powers = row.map((score) => Math.exp(scale * (score - most)));
    const total = powers.reduce((sum, power) => sum + power, 0);
    soft.set(
      powers.map((power) => power / total),
      i * classes,
    );
    y[i] = row.indexOf(most);
  });
  const x = new Float32Array(count * size);
  let at = 0;
  for (const each of asked) {
    x.set(each.x, at);
    at += each.x.length;
  }
  return { x: floats(x, [count, ...sampleShape]), y, soft: floats(soft, [count, classes]) };
}

/** How far the greatest is ahead of the second. */
function lead(row: readonly number[]): number {
  const [first = 0, second = 0] = row.toSorted((a, b) => b - a);
  return first - second;
}
