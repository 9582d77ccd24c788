/** Two models audited alike, one after the other, on the same held-out inputs. */
import {
  type GradientAlignment,
  gradientAlignment,
  globalLipschitz,
  ModelError,
  type NormName,
  openClassifier,
  type Run,
  type Runtime,
} from '@glacis/core';
import type { OptionValues } from '../cli/options.ts';
import type { Terminal } from '../cli/terminal.ts';
import { executeRun } from './execute.ts';
import { openModelFile } from './model-file.ts';
import { depthOf } from './diagnosis.ts';
import { type Prepared, prepareRun } from './prepare.ts';

export interface Compared {
  readonly before: Run;
  readonly after: Run;
  /** ‖f(x) − f(x′)‖ ≤ L·‖x − x′‖ in the threat's norm; null where none is known. */
  readonly lipschitz: Readonly<Record<'before' | 'after', number | null>>;
  /** Which way gradients point, at the inputs each model answers rightly. */
  readonly alignment: Readonly<Record<'before' | 'after', GradientAlignment>>;
}

export interface ComparisonRequest {
  readonly words: readonly string[];
  readonly models: Readonly<Record<'before' | 'after', string>>;
  /** Those of an audit: where the inputs are, and which. */
  readonly values: OptionValues;
  readonly runtime: Runtime;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/** The same attacks and proofs on both. Throws UsageError. */
export async function compareModels(request: ComparisonRequest): Promise<Compared> {
  const { models } = request;
  const before = await audited(request, models.before);
  const after = await audited(request, models.after);
  const constants = {
    before: await lipschitzOf(request, models.before),
    after: await lipschitzOf(request, models.after),
  };
  return {
    before: before.run,
    after: after.run,
    lipschitz: constants,
    alignment: { before: before.alignment, after: after.alignment },
  };
}

interface Audited {
  readonly run: Run;
  readonly alignment: GradientAlignment;
}

async function audited(
  { words, values, terminal, signal }: ComparisonRequest,
  model: string,
): Promise<Audited> {
  const diagnosis = depthOf(values);
  const prepared = await prepareRun({ words, model, values, job: 'audit', diagnosis });
  try {
    terminal.say(`Auditing ${model}`);
    // They were said when the training began.
    const quiet = { ...prepared, facts: { ...prepared.facts, notes: [] } };
    const run = await executeRun({ prepared: quiet, values, terminal, signal, folder: null });
    const alignment = await alignmentOf(prepared, run, signal);
    return { run: { ...run, notes: prepared.facts.notes }, alignment };
  } finally {
    await prepared.release();
  }
}

async function alignmentOf(
  { classifier, threat, inputs, setup }: Prepared,
  { samples }: Run,
  signal: AbortSignal,
): Promise<GradientAlignment> {
  const { indices, x } = inputs;
  const places = new Map(indices.map((index, place) => [index, place]));
  const right = samples.filter(({ label, prediction }) => label === prediction);
  if (right.length === 0 || signal.aborted) return { nearby: null, withInput: null };
  const { sampleSize: size } = classifier;
  const own = new Float32Array(right.length * size);
  right.forEach(({ index }, row) => {
    const start = (places.get(index) ?? 0) * size;
    own.set(x.data.subarray(start, start + size), row * size);
  });
  const rows = {
    count: right.length,
    x: own,
    labels: Int32Array.from(right, ({ label }) => classifier.kept(label)),
    radii: new Float64Array(right.length).fill(threat.eps),
    streams: right.map(({ index }) => index),
  };
  return gradientAlignment({ classifier, threat, seed: setup.seed, signal }, rows);
}

async function lipschitzOf(
  { values, runtime }: ComparisonRequest,
  path: string,
): Promise<number | null> {
  const { model, fixed } = await openModelFile(path, values);
  const classifier = await openClassifier(model, runtime, { fixed });
  try {
    const norm: NormName = values.norm ?? 'linf';
    if (norm === 'l0') return null;
    const found = (await globalLipschitz(classifier, classifier.proven))[norm];
    return Number.isFinite(found) ? found : null;
  } catch (error) {
    if (error instanceof ModelError) return null;
    throw error;
  } finally {
    await classifier.release();
  }
}
