/**
 * `glacis certify --method smoothing`: what the model, smoothed by Gaussian noise, is certified for (Cohen et al.
 * 2019). A run of its own: nothing here is about the model as it is deployed.
 */
import {
  certifySmoothed,
  type Classifier,
  type Run,
  type SampleRecord,
  type Smoothed,
  type SmoothingOptions,
} from '@glacis/core';
import type { OptionValues } from '../cli/options.ts';
import type { Outcome, Surroundings } from '../cli/outcome.ts';
import { UsageError } from '../errors.ts';
import { smoothingText } from '../report/smoothing-text.ts';
import { runDocument } from '../run/document.ts';
import { type Prepared, prepareRun } from '../run/prepare.ts';
import type { CommandRequest } from './carry-out.ts';

/** What `--json` prints: the keys that all runs share, and what they are about. */
export interface SmoothedRun extends Run {
  readonly about: 'smoothed classifier';
  readonly smoothing: Omit<SmoothingOptions, 'seed'> & {
    /** That anything said about any of the inputs is wrong, at most. */
    readonly failureProbability: number;
    readonly abstained: number;
    readonly samples: readonly ({ readonly index: number } & Smoothed)[];
  };
}

const METHOD = 'smoothing';

export async function smoothCommand(
  { words, model, values }: CommandRequest,
  { terminal, color, width }: Surroundings,
): Promise<Outcome> {
  const options = optionsFrom(values);
  const job = { proof: 'interval', radius: values.radius ?? false } as const;
  const prepared = await prepareRun({
    words,
    model,
    values: { ...values, norm: 'l2' },
    job,
    diagnosis: null,
  });
  try {
    const { threat, facts } = prepared;
    if (threat.weights ?? threat.frozen) {
      throw new UsageError('Noise goes over all features alike: leave out --weights and --freeze.');
    }
    facts.notes.forEach((note) => terminal.note(note));
    terminal.start(1);
    const run = await smoothedRun(prepared, options, (done, total) =>
      terminal.progress({ stage: METHOD, done, total, fraction: done / total }),
    );
    terminal.gap();
    const stdout = values.json
      ? `${JSON.stringify(run, null, 2)}\n`
      : `${smoothingText(run, { color, width })}\n`;
    return { stdout, exitCode: 0 };
  } finally {
    await prepared.release();
  }
}

/** Throws UsageError for flags that are not about a smoothed classifier. */
function optionsFrom(values: OptionValues): SmoothingOptions {
  const { norm = 'l2', sigma = 0.25, n0 = 100, n = 10_000, alpha = 0.001, seed = 0 } = values;
  if (norm !== 'l2') {
    throw new UsageError(`--method smoothing certifies ℓ2 radii: give --norm l2, not ${norm}.`);
  }
  if (!(sigma > 0)) throw new UsageError('--sigma must be a positive number.');
  if (!(alpha > 0 && alpha <= 0.5)) throw new UsageError('--alpha must lie between 0 and 1/2.');
  if (values.out !== undefined) {
    throw new UsageError(
      '--out keeps runs about the model itself; here, --json prints everything.',
    );
  }
  if (values.semantics !== undefined) {
    throw new UsageError('--semantics is about proofs; a smoothed classifier is sampled.');
  }
  return { sigma, n0, n, alpha, seed };
}

async function smoothedRun(
  prepared: Prepared,
  options: SmoothingOptions,
  onProgress: (done: number, total: number) => void,
): Promise<SmoothedRun> {
  const { classifier, inputs, threat, facts, deadline = Infinity } = prepared;
  const begun = Date.now();
  const size = classifier.sampleSize;
  const own = inputs.y ?? (await classifier.judge(inputs.x.data, inputs.indices)).predictions;
  const found: Smoothed[] = [];
  const records: SampleRecord[] = [];
  for (const [i, index] of inputs.indices.entries()) {
    const started = Date.now();
    const x = inputs.x.data.subarray(i * size, (i + 1) * size);
    const answer = started > deadline ? null : await one(classifier, { x, index }, options);
    if (answer) found.push(answer);
    const seconds = (Date.now() - started) / 1000;
    records.push(recordOf({ index, label: own[i] ?? -1, seconds }, answer, options, threat.eps));
    onProgress(i + 1, inputs.indices.length);
  }
  const seconds = (Date.now() - begun) / 1000;
  const partial = found.length < records.length;
  const part = {
    samples: records,
    adversarial: [],
    whole: !partial,
    methods: [],
    notes: [],
    seconds: {},
  };
  const { sigma, n0, n, alpha } = options;
  return {
    ...runDocument(facts, { part, masking: null, unbegun: [], partial, seconds }),
    about: 'smoothed classifier',
    smoothing: {
      sigma,
      n0,
      n,
      alpha,
      failureProbability: Math.min(1, found.length * alpha),
      abstained: found.filter(({ prediction }) => prediction === null).length,
      samples: found.map((each, i) => ({ index: inputs.indices[i] ?? i, ...each })),
    },
  };
}

async function one(
  classifier: Classifier,
  { x, index }: { readonly x: Float32Array; readonly index: number },
  options: SmoothingOptions,
): Promise<Smoothed | null> {
  const { inputs } = await certifySmoothed(classifier, { x, streams: [index] }, options);
  return inputs[0] ?? null;
}

/** An input's row: the smoothed classifier's answer, and whether it is certified at ε; null: no time was left. */
function recordOf(
  place: Pick<SampleRecord, 'index' | 'label' | 'seconds'>,
  answer: Smoothed | null,
  { n0, n }: SmoothingOptions,
  eps: number,
): SampleRecord {
  const prediction = answer?.prediction ?? null;
  const isRight = prediction === place.label;
  const reaches = isRight && (answer?.radius ?? 0) > eps;
  return {
    ...place,
    prediction: prediction ?? -1,
    adversarialPrediction: null,
    verdict: !answer
      ? 'timeout'
      : prediction === null
        ? 'unknown'
        : reaches
          ? 'certified'
          : isRight
            ? 'unknown'
            : 'misclassified',
    lower: answer && isRight ? answer.radius : null,
    lowerMethod: answer && isRight ? METHOD : null,
    upper: null,
    upperMethod: null,
    marginLower: null,
    estimate: null,
    margin: null,
    noiseBroken: null,
    target: null,
    forwards: answer ? n0 + (answer.selected < 0 ? 0 : n) : 0,
    gradients: 0,
    error: null,
  };
}
