/** `glacis bounds`: the ends of a model's outputs, and of its layers, over a set of inputs. */
import {
  ModelError,
  openNetwork,
  type OpenNetwork,
  OutputBounder,
  type OutputBounds,
  RuleMissing,
  sizeOf,
} from '@glacis/core';
import type { Outcome, Surroundings } from '../cli/outcome.ts';
import { UsageError } from '../errors.ts';
import { boundsText } from '../report/bounds-text.ts';
import { openModelFile } from '../run/model-file.ts';
import { sizesOfData } from '../run/open-sizes.ts';
import { ballOf, boxOf } from '../run/bounded-set.ts';
import { openRuntime } from '../runtime/node.ts';
import type { CommandRequest } from './carry-out.ts';

/** What `--json` prints. */
export interface BoundsDocument {
  readonly schema: 'glacis/bounds/1';
  readonly model: { readonly path: string; readonly sha256: string };
  readonly method: string;
  readonly semantics: string;
  /** `off`: nothing was added for rounding, and nothing is proven. */
  readonly margin: 'on' | 'off';
  /** null: unknown, since a value inside was not finite. */
  readonly outputs: {
    readonly lower: readonly (number | null)[];
    readonly upper: readonly (number | null)[];
  };
  readonly layers: readonly LayerRecord[];
  /** Why the outputs are unknown; null where they are bounded. */
  readonly unknown: string | null;
  readonly seconds: number;
}

export interface LayerRecord {
  readonly label: string;
  readonly shape: readonly number[];
  readonly lower: readonly number[];
  readonly upper: readonly number[];
}

export async function boundsCommand(
  { model: path, property, values }: CommandRequest,
  { terminal, color, width }: Surroundings,
): Promise<Outcome> {
  if (path === null) throw new UsageError('Which model? Name an .onnx file.');
  const begun = performance.now();
  const { bound: proof = 'crown', margin = 'on', layers = false, data } = values;
  if ((data === undefined) === (property === null)) {
    throw new UsageError(
      'Over which inputs? Give --data PATH --index I --eps E, or a PROPERTY.vnnlib behind the model.',
    );
  }
  // A query of VNN-LIB 1.0 is about the real numbers.
  const { semantics = property === null ? 'float32' : 'real' } = values;
  const file = await openModelFile(path, values, (declared) =>
    data === undefined ? Promise.resolve({}) : sizesOfData(declared, data, values),
  );
  const { runtime, notes } = await openRuntime({ device: values.device ?? 'cpu' });
  const network = await naming(path, () => openNetwork(file.model, runtime, { fixed: file.fixed }));
  try {
    const set =
      property === null
        ? await ballOf(data ?? '', values, network)
        : await boxOf(property, network);
    [...notes, ...file.notes, ...network.model.notes, ...set.notes].forEach((note) => {
      terminal.note(note);
    });
    const { found, unknown } = await naming(path, async () => {
      const { threat } = set;
      const outward = margin === 'on';
      const bounder = new OutputBounder({ network, threat, semantics, outward });
      const feeds = set.feeds(bounder);
      const bounds = await bounder.over(feeds, proof);
      return {
        found: bounds,
        unknown: bounds ? null : notFinite(await bounder.notFiniteAt(feeds)),
      };
    });
    const seconds = (performance.now() - begun) / 1000;
    const document: BoundsDocument = {
      schema: 'glacis/bounds/1',
      model: { path, sha256: file.sha256 },
      method: proof,
      semantics,
      margin,
      ...contents(found, layers, outputsOf(network)),
      unknown,
      seconds,
    };
    if (unknown !== null) terminal.warn(`${unknown}: the outputs are unknown.`);
    const stdout = values.json
      ? `${JSON.stringify(document, null, 2)}\n`
      : `${boundsText(document, set.description, { color, width })}\n`;
    return { stdout, exitCode: found ? 0 : 3 };
  } finally {
    await network.release();
  }
}

/** `label`: the first operation whose intervals are not; null where those of all are. */
function notFinite(label: string | null): string {
  if (label === null) return 'A linear bound inside is not finite';
  return `A value inside is not finite, first at ${label}`;
}

/** Numbers that one row puts out. */
function outputsOf({ output }: OpenNetwork): number {
  return sizeOf(output.shape.slice(1).map(Number));
}

function contents(
  found: OutputBounds | null,
  withLayers: boolean,
  outputs: number,
): Pick<BoundsDocument, 'outputs' | 'layers'> {
  const plain = ({ lower, upper }: { lower: Float32Array; upper: Float32Array }) => ({
    lower: Array.from(lower),
    upper: Array.from(upper),
  });
  if (!found) {
    const unknown = Array.from({ length: outputs }, () => null);
    return { outputs: { lower: unknown, upper: unknown }, layers: [] };
  }
  const layers = found.layers.map(({ label, shape, ...ends }) => ({
    label,
    shape,
    ...plain(ends),
  }));
  return { outputs: plain(found), layers: withLayers ? layers : [] };
}

async function naming<T>(path: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (!(error instanceof ModelError || error instanceof RuleMissing)) throw error;
    throw new UsageError(`${path}: ${error.message}.`, { cause: error });
  }
}
