/** `glacis inspect`: what an ONNX file consists of, whether it can be read, and what derives from it. */
import {
  ModelError,
  openClassifier,
  outlineModel,
  RuleMissing,
  type Runtime,
  surveyModel,
  Threat,
  writeModel,
} from '@glacis/core';
import type { Outcome, Surroundings } from '../cli/outcome.ts';

import { UsageError } from '../errors.ts';
import { checkModel, type CheckResult } from '../inspect/check.ts';
import {
  describeEmitted,
  emitBounds,
  type Emitted,
  emitGradient,
  emitIntervals,
} from '../inspect/emit.ts';
import { withOutputShapes } from '../inspect/shapes.ts';
import type { Inspection } from '../inspect/inspection.ts';
import { type LipschitzRecord, lipschitzRecord } from '../inspect/lipschitz.ts';
import { inspectionText } from '../inspect/text.ts';
import { type ModelFile, openModelFile, readModelBytes } from '../run/model-file.ts';
import { usualSizes } from '../run/open-sizes.ts';
import { writeFileWhole } from '../run/store.ts';
import { openRuntime } from '../runtime/node.ts';
import type { CommandRequest } from './carry-out.ts';

const ADVICE = 'rewrite it in supported operators when exporting, or ask for it';

export async function inspectCommand(
  request: CommandRequest,
  { terminal, color, width }: Surroundings,
): Promise<Outcome> {
  const { model: path, values } = request;
  if (path === null) throw new UsageError('Which model? Name an .onnx file.');
  if (values.file !== undefined && values.emit === undefined) {
    throw new UsageError('--out goes with --emit gradient, interval or bounds.');
  }
  if (values.class !== undefined && values.emit !== 'gradient') {
    throw new UsageError('--class goes with --emit gradient.');
  }
  requireBall(values);
  if (values.norm === 'l0' && values.emit === 'bounds') {
    throw new UsageError('--emit bounds serves --norm linf, l2 and l1: an ℓ0 set needs a range.');
  }
  const { bytes, sha256 } = await readModelBytes(path);
  const { file, problem } = await readable(path, values, terminal);
  const model = file?.model ?? null;
  const outline = naming(path, () => outlineModel(bytes, model));
  const { operators, unsupported } = surveyModel(bytes);
  if (!model && (values.emit ?? values.lipschitz)) {
    throw new UsageError(`${path}: ${problem ?? 'it cannot be read'}.`);
  }
  if (!model && values.check) {
    terminal.warn(
      unsupported.length > 0
        ? '--check needs all operators of the file to be supported; it was not done.'
        : `--check was not done, since the file cannot be read: ${problem ?? ''}.`,
    );
  }
  const check = file && values.check ? await checked(file, values, terminal) : null;
  const inspection: Inspection = {
    model: {
      path,
      sha256,
      opset: outline.opset,
      producer: outline.producer,
      inputs: outline.inputs,
      outputs: outline.outputs,
      parameters: outline.parameters,
      batched: model?.batched ?? null,
      lifted: model?.lifted ?? null,
    },
    layers: withOutputShapes(outline, model),
    ops: Object.fromEntries(operators),
    unsupported: unsupported.map((fault) => ({ ...fault, advice: ADVICE })),
    problem,
    check,
    lipschitz: file && values.lipschitz ? await lipschitzOf(file, values, terminal) : null,
    emitted: file && values.emit ? await emit(file, request, terminal) : null,
  };
  const stdout = values.json
    ? `${JSON.stringify(inspection, null, 2)}\n`
    : inspectionText(inspection, color, width);
  return { stdout, exitCode: values.check && (!check || check.passed === false) ? 1 : 0 };
}

/** Throws UsageError where flags of a ball have nothing that is about one. */
function requireBall(values: CommandRequest['values']): void {
  const { data, lipschitz, emit, norm } = values;
  if (data !== undefined && !lipschitz) throw new UsageError('--data goes with --lipschitz.');
  if (norm !== undefined && emit !== 'bounds' && data === undefined) {
    throw new UsageError('--norm goes with --emit bounds, or with --lipschitz --data PATH.');
  }
  const flags = { '--eps': values.eps, '--index': values.index, '--clip': values.clip };
  for (const [flag, value] of Object.entries(flags)) {
    if (value === undefined || data !== undefined) continue;
    throw new UsageError(`${flag} goes with --lipschitz --data PATH.`);
  }
}

async function checked(
  { path, model, fixed }: ModelFile,
  values: CommandRequest['values'],
  terminal: Surroundings['terminal'],
): Promise<CheckResult> {
  const runtime = await runtimeFor(values, terminal);
  try {
    return await checkModel(model, runtime, { seed: values.seed ?? 0, fixed });
  } catch (error) {
    throw named(path, error);
  }
}

async function lipschitzOf(
  { path, model, fixed }: ModelFile,
  values: CommandRequest['values'],
  terminal: Surroundings['terminal'],
): Promise<LipschitzRecord> {
  const runtime = await runtimeFor(values, terminal);
  try {
    const classifier = await openClassifier(model, runtime, { fixed });
    try {
      return await lipschitzRecord(classifier, values, terminal);
    } finally {
      await classifier.release();
    }
  } catch (error) {
    throw named(path, error);
  }
}

async function runtimeFor(
  { device = 'cpu' }: CommandRequest['values'],
  terminal: Surroundings['terminal'],
): Promise<Runtime> {
  const { runtime, notes } = await openRuntime({ device });
  notes.forEach((note) => terminal.note(note));
  return runtime;
}

/** A broken file is an error; one that uses what is not supported is reported. */
async function readable(
  path: string,
  values: CommandRequest['values'],
  terminal: Surroundings['terminal'],
): Promise<{ file: ModelFile | null; problem: string | null }> {
  try {
    const file = await openModelFile(path, values, (declared) => {
      const sizes = usualSizes(declared);
      const list = Object.entries(sizes).map(([symbol, size]) => `${symbol} = ${size}`);
      terminal.note(`Axes that the model leaves open: ${list.join(', ')} (--size changes it).`);
      return Promise.resolve(sizes);
    });
    file.model.notes.forEach((note) => terminal.note(note));
    return { file, problem: null };
  } catch (error) {
    const { cause } = error instanceof UsageError ? error : {};
    if (cause instanceof ModelError && cause.reason === 'unsupported') {
      return { file: null, problem: cause.message };
    }
    throw error;
  }
}

function naming<T>(path: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw named(path, error);
  }
}

/** What is wrong with a model is said of its file. */
function named(path: string, error: unknown): unknown {
  return error instanceof ModelError || error instanceof RuleMissing
    ? new UsageError(`${path}: ${error.message}.`, { cause: error })
    : error;
}

async function emit(
  modelFile: ModelFile,
  { values }: CommandRequest,
  terminal: Surroundings['terminal'],
): Promise<NonNullable<Inspection['emitted']>> {
  const { emit: kind, file } = values;
  if (file === undefined) throw new UsageError(`--emit ${kind} needs --out FILE: where to write.`);
  const emitted = await derived(modelFile, values, terminal);
  await writeFileWhole(file, writeModel(emitted.graph));
  return { path: file, ...describeEmitted(emitted) };
}

async function derived(
  { model, fixed }: ModelFile,
  values: CommandRequest['values'],
  terminal: Surroundings['terminal'],
): Promise<Emitted> {
  const { emit: kind, semantics = 'float32', norm = 'linf', straightThrough = false } = values;
  const named = new Set(Object.keys(fixed));
  if (kind === 'gradient') {
    return emitGradient(model, named, { chosen: values.class, straightThrough });
  }
  if (kind === 'interval') return emitIntervals(model, named, semantics);
  const runtime = await runtimeFor(values, terminal);
  const classifier = await openClassifier(model, runtime, { fixed });
  try {
    // The radius and the valid values are inputs of the graph.
    return emitBounds(classifier, new Threat(norm, { eps: 1 }), semantics);
  } finally {
    await classifier.release();
  }
}
