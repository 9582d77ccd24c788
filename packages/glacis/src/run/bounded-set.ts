/** The ball around one input that bounds are asked over. */
import { type Network, type NormName, Threat } from '@glacis/core';
import type { OptionValues } from '../cli/options.ts';
import { fitToModel } from '../data/fit.ts';
import { readData } from '../data/read.ts';
import { UsageError } from '../errors.ts';
import { epsilon, normSymbol } from '../report/numbers.ts';
import { chooseClip } from './clip.ts';

export interface BoundedSet {
  readonly x: Float32Array;
  readonly threat: Threat;
  /** Position of the input in the data: which rows of fixed inputs go with it. */
  readonly stream: number;
  readonly description: string;
  readonly notes: readonly string[];
}

/** Throws UsageError. */
export async function chooseSet(
  path: string,
  values: OptionValues,
  network: Network,
): Promise<BoundedSet> {
  const { x: xKey, y: yKey, scale, index = '0', norm = 'linf', seed = 0 } = values;
  const eps = values.eps?.at(-1);
  if (eps === undefined || values.eps?.length !== 1) {
    throw new UsageError('Bounds are over one radius: write --eps 8/255.');
  }
  const data = await readData(path, { x: xKey, y: yKey, scale, index, seed });
  const [stream, ...others] = data.indices;
  if (stream === undefined || others.length > 0) {
    throw new UsageError(`--index ${index}: bounds are around one input.`);
  }
  const fitted = fitToModel(data.x, network.sampleShape);
  const storedShape = data.x.shape.slice(1);
  const isFolder = data.names !== null;
  const { eightBit } = data;
  const { clip, notes } = chooseClip({ eightBit, isFolder, storedShape, x: fitted.x }, values);
  return {
    x: fitted.x.data,
    threat: threatOf(norm, eps, clip),
    stream,
    description: `${normSymbol(norm)} ball of radius ${epsilon(eps)} around input ${stream}`,
    notes: [...data.notes, ...fitted.notes, ...notes],
  };
}

function threatOf(norm: NormName, eps: number, clip: readonly [number, number] | null): Threat {
  try {
    return new Threat(norm, { eps, clip });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(`The set is impossible: ${error.message}.`);
  }
}
