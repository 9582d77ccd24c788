/** What bounds are asked over: a ball around one input, or the box of a property's inputs. */
import {
  type Network,
  type NormName,
  type OutputBounder,
  problemOf,
  requireNetworks,
  roundDown,
  roundUp,
  type SetFeed,
  Threat,
} from '@glacis/core';
import type { OptionValues } from '../cli/options.ts';
import { fitToModel } from '../data/fit.ts';
import { inQuery, readQuery } from '../data/query.ts';
import { readData } from '../data/read.ts';
import { UsageError } from '../errors.ts';
import { epsilon, normSymbol } from '../report/numbers.ts';
import { checkInside, chooseClip } from './clip.ts';

export interface BoundedSet {
  readonly threat: Threat;
  readonly description: string;
  readonly notes: readonly string[];
  feeds(bounder: OutputBounder): SetFeed;
}

/** A ball around one input of the data. */
export interface BoundedBall extends BoundedSet {
  /** [sampleSize] */
  readonly x: Float32Array;
  readonly eps: number;
  /** The input's place in the data. */
  readonly index: number;
}

/** The box that holds the inputs of every alternative of a property. Throws UsageError. */
export async function boxOf(path: string, network: Network): Promise<BoundedSet> {
  const { query } = await readQuery(path);
  const { lower, upper } = inQuery(path, () => {
    requireNetworks(query, new Map([[query.networks[0]?.name ?? '', network.model]]));
    const problem = problemOf(query);
    if (problem.contradiction) {
      throw new UsageError(`${path}: no input satisfies it: ${problem.contradiction.sentence}.`);
    }
    const low = new Float64Array(problem.inputCount).fill(Infinity);
    const high = new Float64Array(problem.inputCount).fill(-Infinity);
    for (const { box } of problem.disjuncts()) {
      box.lower.forEach((value, i) => (low[i] = Math.min(value, low[i] ?? value)));
      box.upper.forEach((value, i) => (high[i] = Math.max(value, high[i] ?? value)));
    }
    return { lower: Float32Array.from(low, roundDown), upper: Float32Array.from(high, roundUp) };
  });
  if (lower.length !== network.sampleSize) {
    throw new UsageError(
      `${path} is about ${lower.length} inputs; the model has ${network.sampleSize}.`,
    );
  }
  return {
    threat: new Threat('linf', { eps: 0 }),
    description: `box of the inputs of ${path}`,
    notes: [],
    feeds: (bounder) => bounder.box(lower, upper),
  };
}

/** The ball that the flags describe. Throws UsageError. */
export async function ballOf(
  path: string,
  values: OptionValues,
  network: Network,
): Promise<BoundedBall> {
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
  const threat = threatOf(norm, eps, clip);
  checkInside(threat, { ...data, x: fitted.x, storedShape, isFolder });
  return {
    threat,
    x: fitted.x.data,
    eps,
    index: stream,
    feeds: (bounder) => bounder.ball(fitted.x.data, eps, stream),
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
