/** `glacis inspect`: what an ONNX file consists of, whether it can be read, and what derives from it. */
import {
  type FileOutline,
  type Model,
  ModelError,
  outlineModel,
  readModel,
  surveyModel,
  writeModel,
} from '@glacis/core';
import type { Outcome, Surroundings } from '../cli/outcome.ts';
import { UsageError } from '../errors.ts';
import { checkModel, type CheckResult } from '../inspect/check.ts';
import { describeEmitted, emitGradient, emitIntervals } from '../inspect/emit.ts';
import { inspectionText } from '../inspect/text.ts';
import { readModelBytes } from '../run/model-file.ts';
import { writeFileWhole } from '../run/store.ts';
import { openRuntime } from '../runtime/node.ts';
import type { CommandRequest } from './carry-out.ts';

/** What `--json` prints. */
export interface Inspection {
  readonly model: {
    readonly path: string;
    readonly sha256: string;
    readonly opset: number;
    readonly producer: string;
    readonly inputs: FileOutline['inputs'];
    readonly outputs: FileOutline['outputs'];
    readonly parameters: number;
    /** Whether any number of rows can be run at once; null where the file cannot be read. */
    readonly batched: boolean | null;
  };
  readonly layers: FileOutline['layers'];
  /** How often each operator occurs. */
  readonly ops: Readonly<Record<string, number>>;
  readonly unsupported: readonly {
    readonly op: string;
    readonly node: string;
    readonly advice: string;
  }[];
  /** Why the file cannot be read, where it cannot. */
  readonly problem: string | null;
  readonly check: CheckResult | null;
  readonly emitted: ({ readonly path: string } & ReturnType<typeof describeEmitted>) | null;
}

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
  const { bytes, sha256 } = await readModelBytes(path);
  const { model, problem } = readable(bytes, path);
  const outline = naming(path, () => outlineModel(bytes, model));
  const { operators, unsupported } = surveyModel(bytes);
  if (!model && (values.check || values.emit)) {
    throw new UsageError(`${path}: ${problem ?? 'it cannot be read'}.`);
  }
  const check = model && values.check ? await checked(model, values, terminal) : null;
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
    },
    layers: outline.layers,
    ops: Object.fromEntries(operators),
    unsupported: unsupported.map((fault) => ({ ...fault, advice: ADVICE })),
    problem,
    check,
    emitted: model && values.emit ? await emit(model, request) : null,
  };
  const stdout = values.json
    ? `${JSON.stringify(inspection, null, 2)}\n`
    : inspectionText(inspection, color, width);
  return { stdout, exitCode: check && !check.passed ? 1 : 0 };
}

async function checked(
  model: Model,
  { device = 'cpu', seed = 0 }: CommandRequest['values'],
  terminal: Surroundings['terminal'],
): Promise<CheckResult> {
  const { runtime, notes } = await openRuntime({ device });
  notes.forEach((note) => terminal.note(note));
  return checkModel(model, runtime, seed);
}

/** A broken file is an error; one that uses what is not supported is reported. */
function readable(
  bytes: Uint8Array<ArrayBuffer>,
  path: string,
): { model: Model | null; problem: string | null } {
  try {
    return { model: readModel(bytes), problem: null };
  } catch (error) {
    if (error instanceof ModelError && error.reason === 'unsupported') {
      return { model: null, problem: error.message };
    }
    return naming(path, () => {
      throw error;
    });
  }
}

function naming<T>(path: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (error instanceof ModelError) throw new UsageError(`${path}: ${error.message}.`);
    throw error;
  }
}

async function emit(
  model: Model,
  { values }: CommandRequest,
): Promise<NonNullable<Inspection['emitted']>> {
  const { emit: kind, file, semantics = 'float32' } = values;
  if (file === undefined) throw new UsageError(`--emit ${kind} needs --out FILE: where to write.`);
  const emitted =
    kind === 'gradient' ? emitGradient(model, values.class) : emitIntervals(model, semantics);
  await writeFileWhole(file, writeModel(emitted.graph));
  return { path: file, ...describeEmitted(emitted) };
}
