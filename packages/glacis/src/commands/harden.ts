/**
 * `glacis harden`: trains a model's weights against a threat, writes the file that differs in them alone,
 * and audits both on held-out inputs.
 */
import { createHash } from 'node:crypto';
import { trainingMethods } from '@glacis/core';
import { catchInterrupts } from '../cli/interrupt.ts';
import type { OptionValues } from '../cli/options.ts';
import type { Outcome, Surroundings } from '../cli/outcome.ts';
import { UsageError } from '../errors.ts';
import { hardeningReport } from '../report/hardening-report.ts';
import { hardeningText } from '../report/hardening-text.ts';
import { type Compared, compareModels } from '../run/comparison.ts';
import { type Hardening, isMasked, verdictOf } from '../run/hardening.ts';
import { writeFileWhole } from '../run/store.ts';
import { claimTrainingFiles, removeCheckpoint, SCHEMA } from '../run/training-files.ts';
import { setUpTraining, type TrainingSetup } from '../run/training-setup.ts';
import { EPOCHS, radiusTrained, runTraining, type Watching } from '../run/training.ts';
import { version } from '../version.ts';
import type { CommandRequest } from './carry-out.ts';

const AUDITED = 100;
/** Flags that choose samples to train on. */
const choosing: readonly string[] = ['first', 'sample', 'index'];

export async function hardenCommand(
  { words, model, values }: CommandRequest,
  { terminal, color }: Surroundings,
): Promise<Outcome> {
  if (model === null) throw new UsageError('Which model? Name the .onnx file to train.');
  const { data, hardened: out } = values;
  if (data === undefined) {
    throw new UsageError(
      '--data is missing: the samples to train on, for instance --data train.npz.',
    );
  }
  if (out === undefined)
    throw new UsageError('--out is missing: where does the new model go? --out NEW.onnx.');
  const begun = Date.now();
  const files = await claimTrainingFiles(out);
  const setup = await setUpTraining(model, data, values);
  for (const note of setup.notes) terminal.note(note);
  const interruption = catchInterrupts(() => terminal.say('Stopping …'));
  try {
    const result = await runTraining(setup, files, values, { terminal, interruption });
    if (!result) return { stdout: '', exitCode: interruption.exitCode() };
    const bytes = setup.withWeights(result.values);
    await writeFileWhole(files.model, bytes);
    const request = { words, model, values, out: files.model, terminal, interruption };
    const compared = await comparison(setup, request);
    const { training: method = 'adversarial' } = values;
    const { eps, norm, clip } = setup.threat;
    const { history, best, fellBack, certificate } = result;
    const made: Hardening = {
      schema: SCHEMA,
      glacis: version,
      seed: values.seed ?? 0,
      command: ['glacis', ...words],
      method,
      proves: trainingMethods[method].proves,
      threat: { norm: norm.name, eps, clip },
      trainEps: radiusTrained(setup.threat, values),
      model: { path: model, sha256: setup.modelFile.sha256 },
      out: { path: files.model, sha256: createHash('sha256').update(bytes).digest('hex') },
      data: {
        path: data,
        sha256: setup.inputs.sha256,
        training: setup.data.y.length,
        validation: setup.validation.y.length,
      },
      epochs: values.epochs ?? EPOCHS,
      best: best && { epoch: best.epoch, validated: best.validated },
      fellBack,
      history,
      certificate,
      compared,
      verdict: verdictOf(compared),
      seconds: (Date.now() - begun) / 1000,
    };
    await writeFileWhole(
      files.history,
      `${JSON.stringify({ ...made, compared: null }, null, 2)}\n`,
    );
    await writeFileWhole(files.report, await hardeningReport(made));
    await removeCheckpoint(files.checkpoint);
    terminal.gap();
    const stdout = values.json
      ? `${JSON.stringify(made, null, 2)}\n`
      : `${hardeningText(made, { color, report: files.report })}\n`;
    const { signal, exitCode } = interruption;
    return { stdout, exitCode: signal.aborted ? exitCode() : isMasked(compared) ? 1 : 0 };
  } finally {
    if (!interruption.signal.aborted) interruption.end();
  }
}

interface ComparisonWords extends Watching {
  readonly words: readonly string[];
  readonly model: string;
  readonly out: string;
  readonly values: OptionValues;
}

/** Null where none was asked for, or Ctrl-C came. */
async function comparison(
  { inputs, split, runtime }: TrainingSetup,
  { words, model, out, values, terminal, interruption }: ComparisonWords,
): Promise<Compared | null> {
  const { audited = AUDITED, test } = values;
  const { signal } = interruption;
  if (audited === 0 || signal.aborted) return null;
  const kept = Object.entries(values).filter(([name]) => !choosing.includes(name));
  const own: OptionValues = Object.fromEntries(kept);
  const { heldOut } = split;
  const count = Math.min(audited, heldOut.length);
  // Evenly spaced: files are often sorted by class.
  const held = Array.from({ length: count }, (_, i) => {
    const at = heldOut[Math.floor((i * heldOut.length) / count)] ?? 0;
    return inputs.indices[at] ?? at;
  });
  const chosen =
    test === undefined
      ? { ...own, index: held.join(',') }
      : { ...own, data: test, sample: audited };
  const models = { before: model, after: out };
  const compared = await compareModels({
    words,
    models,
    values: chosen,
    runtime,
    terminal,
    signal,
  });
  return signal.aborted ? null : compared;
}
