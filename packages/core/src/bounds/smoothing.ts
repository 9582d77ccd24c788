/**
 * Randomised smoothing (Cohen, Rosenfeld, Kolter 2019, "Certified adversarial robustness via randomized
 * smoothing"): what the smoothed classifier g(x) = argmax_c P(f(x + σ·N(0, I)) = c) answers, and the ℓ2 radius
 * σ·Φ⁻¹(p) within which it keeps answering so, p a lower confidence bound (their Certify, with the second
 * class's probability taken as 1 − p). It says nothing about f itself, the file as it is deployed.
 *
 * Noise goes over all features and is not clipped to the range of valid values: g is defined on all inputs.
 * f is the original file; an answer that is tied or no number counts as no answer.
 */
import { Builder } from '../graph/builder.ts';
import { BATCH } from '../graph/dimension.ts';
import type { Graph } from '../graph/graph.ts';
import { ModelError } from '../onnx/model-error.ts';
import type { CancelSignal } from '../runtime/cancel.ts';
import type { Classifier } from '../runtime/classifier.ts';
import { answerFor } from '../runtime/judgement.ts';
import type { Program } from '../runtime/programs.ts';
import { BATCH_ROWS } from '../runtime/rows.ts';
import { floats, sizeOf, type Tensor } from '../tensor/tensor.ts';
import { fillUniform } from '../tensor/threefry.ts';
import { clopperPearsonLower, normalQuantile } from './clopper-pearson.ts';

export interface SmoothingOptions {
  /** Standard deviation of the noise, in the units of the input. */
  readonly sigma: number;
  /** Samples that select the class. */
  readonly n0: number;
  /** Other samples, fixed beforehand, that bound its probability. */
  readonly n: number;
  /** How often, at most, what is said about one input may be wrong: at most ½. */
  readonly alpha: number;
  readonly seed: number;
}

export interface SmoothedInputs {
  /** [count × sampleSize] */
  readonly x: Float32Array;
  /** Index of each input in the data: its stream of noise. */
  readonly streams: readonly number[];
}

export interface Smoothed {
  /** What the smoothed classifier answers; null where it abstains. */
  readonly prediction: number | null;
  /** It answers the same at every distance (ℓ2) less than this; 0 where it abstains. */
  readonly radius: number;
  /** The class that was selected, −1 where no sample had an answer. */
  readonly selected: number;
  /** How many of the n samples answered so, and the probability this proves. */
  readonly hits: number;
  readonly probability: number;
}

export interface SmoothingOutcome {
  readonly inputs: readonly Smoothed[];
  /** Probability, at most, that anything said about any of the inputs is wrong (Bonferroni). */
  readonly failureProbability: number;
}

export interface SmoothingRun {
  readonly signal?: CancelSignal;
  /** Called after each input. */
  readonly onProgress?: (done: number, last: Smoothed) => void;
}

/** Throws RangeError for what is no smoothing. */
function requireSensible({ sigma, n0, n, alpha }: SmoothingOptions): void {
  if (!(sigma > 0) || !Number.isFinite(sigma)) {
    throw new RangeError(`sigma must be a positive number, not ${sigma}`);
  }
  for (const [name, count] of Object.entries({ n0, n })) {
    if (!Number.isInteger(count) || count < 1 || count > 2 ** 30) {
      throw new RangeError(`${name} must be a whole number of samples from 1 on, not ${count}`);
    }
  }
  if (!(alpha > 0 && alpha <= 0.5)) {
    throw new RangeError(`alpha must lie between 0 and 1/2, not ${alpha}`);
  }
}

/**
 * Bounds the smoothed classifier at every input. Throws RangeError for options that make no sense, and
 * ModelError for a randomised model.
 */
export async function certifySmoothed(
  classifier: Classifier,
  { x, streams }: SmoothedInputs,
  options: SmoothingOptions,
  { signal, onProgress }: SmoothingRun = {},
): Promise<SmoothingOutcome> {
  requireSensible(options);
  if (classifier.model.random.length > 0) {
    throw new ModelError('unsupported', 'the model is randomised already: it cannot be smoothed');
  }
  const noisy = await classifier.programs.named('smoothing noise', () =>
    noiseGraph(classifier.sampleShape),
  );
  const size = classifier.sampleSize;
  const inputs: Smoothed[] = [];
  for (const [i, stream] of streams.entries()) {
    const centre = x.subarray(i * size, (i + 1) * size);
    const sampler = { classifier, noisy, centre, stream, options, signal };
    const smoothed = await certifyOne(sampler);
    inputs.push(smoothed);
    onProgress?.(inputs.length, smoothed);
  }
  return { inputs, failureProbability: Math.min(1, inputs.length * options.alpha) };
}

interface Sampler {
  readonly classifier: Classifier;
  readonly noisy: Program;
  readonly centre: Float32Array;
  readonly stream: number;
  readonly options: SmoothingOptions;
  readonly signal: CancelSignal | undefined;
}

async function certifyOne(sampler: Sampler): Promise<Smoothed> {
  const { n0, n, alpha, sigma } = sampler.options;
  const votes = await countAnswers(sampler, 0, n0);
  const most = Math.max(...votes);
  const selected = most > 0 ? votes.indexOf(most) : -1;
  if (selected < 0) return { prediction: null, radius: 0, selected, hits: 0, probability: 0 };
  const hits = (await countAnswers(sampler, n0, n))[selected] ?? 0;
  const probability = clopperPearsonLower(hits, n, alpha);
  // The noise is drawn with sigma in float32.
  const radius = Math.fround(sigma) * normalQuantile(probability) * (1 - Number.EPSILON);
  const isSure = radius > 0;
  return {
    prediction: isSure ? selected : null,
    radius: isSure ? radius : 0,
    selected,
    hits,
    probability,
  };
}

/** How many of the samples first, …, first + count − 1 answer each class. */
async function countAnswers(
  { classifier, noisy, centre, stream, options, signal }: Sampler,
  first: number,
  count: number,
): Promise<number[]> {
  const { sampleShape, sampleSize, classes } = classifier;
  const votes = Array.from({ length: classes }, () => 0);
  const width = pairsOf(sampleShape);
  const x = floats(centre, [1, ...sampleShape]);
  const sigma = floats([options.sigma], []);
  for (let start = 0; start < count; start += BATCH_ROWS) {
    signal?.throwIfAborted();
    const rows = Math.min(BATCH_ROWS, count - start);
    const uniform = floats(new Float32Array(rows * 2 * width), [rows, 2 * width]);
    for (let row = 0; row < rows; row++) {
      const block = uniform.data.subarray(row * 2 * width, (row + 1) * 2 * width);
      fillUniform(options.seed, stream, first + start + row, block);
    }
    const samples = float32Of((await noisy.run({ x, sigma, uniform }))['noisy']);
    const judged = await classifier.judge(
      samples,
      Array.from({ length: rows }, () => stream),
    );
    if (samples.length !== rows * sampleSize) throw new RangeError('noise has another size');
    judged.predictions.forEach((answer, row) => {
      if (answer >= 0 && answerFor(judged, row, answer) === answer) {
        votes[answer] = (votes[answer] ?? 0) + 1;
      }
    });
  }
  return votes;
}

function float32Of(tensor: Tensor | undefined): Float32Array {
  if (!(tensor?.data instanceof Float32Array)) throw new TypeError('noise is not float32');
  return tensor.data;
}

/** Normal numbers come in pairs. */
function pairsOf(shape: readonly number[]): number {
  return Math.ceil(sizeOf(shape) / 2);
}

/** x [1, …], sigma, uniform [batch, 2·pairs] in (0, 1] → `noisy` [batch, …]: x + σ·N(0, I) (Box and Muller 1958). */
function noiseGraph(shape: readonly number[]): Graph {
  const b = new Builder();
  const pairs = pairsOf(shape);
  const x = b.input('x', [1, ...shape]);
  const sigma = b.input('sigma', []);
  const uniform = b.input('uniform', [BATCH, 2 * pairs]);
  const length = b.sqrt(b.mul(b.log(b.slice(uniform, 1, 0, pairs)), -2));
  const angle = b.mul(b.slice(uniform, 1, pairs, 2 * pairs), 2 * Math.PI);
  const normal = b.concat(
    [b.mul(length, b.push('cos', [angle], {})), b.mul(length, b.push('sin', [angle], {}))],
    1,
  );
  const noise = b.reshape(b.slice(normal, 1, 0, sizeOf(shape)), [BATCH, ...shape]);
  return b.graph({ noisy: b.add(x, b.mul(noise, sigma)) });
}
