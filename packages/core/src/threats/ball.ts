/**
 * A threat's set around a batch of rows, on both sides of the runtime: the inputs a program reads it
 * from, and the arrays fed to them. The radius is an input, so one program serves every ε.
 */
import type { Builder } from '../graph/builder.ts';
import type { CancelSignal } from '../runtime/cancel.ts';
import type { Classifier } from '../runtime/classifier.ts';
import { batchOf, type Network } from '../runtime/network.ts';
import type { RowFeed } from '../runtime/rows.ts';
import { redrawnFeeds, sideFeeds } from '../runtime/side-inputs.ts';
import { nextUp, roundUp } from '../tensor/float32.ts';
import type { BallNodes } from './set-graph.ts';
import type { Threat } from './threat.ts';

export interface SetContext<N extends Network = Classifier> {
  readonly classifier: N;
  readonly threat: Threat;
  readonly signal?: CancelSignal;
}

/** Rows and the radius of each one's set; all arrays have one entry (or one sample) a row. */
export interface Rows {
  readonly count: number;
  /** [count × sampleSize] */
  readonly x: Float32Array;
  readonly labels: Int32Array;
  /** Radius for each row, float64. */
  readonly radii: Float64Array;
  /** Index of each row's input in the data: its random stream. */
  readonly streams: readonly number[];
  /** Where to start from, [count × sampleSize]: what an earlier radius learned. */
  readonly starts?: Float32Array;
}

/** The inputs every ball program has, in float32. */
export function ballInputs(b: Builder, network: Network): BallNodes {
  const batch = batchOf(network);
  const shape = [batch, ...network.sampleShape];
  return {
    centre: b.input('centre', shape),
    lower: b.input('lower', shape),
    upper: b.input('upper', shape),
    radius: b.input('radius', [batch]),
  };
}

/** Feeds that describe each row's ball to a program: centre, lower, upper, radius, labels. */
export function ballFeeds(
  context: SetContext<Network>,
  rows: Rows,
  side: 'inward' | 'outward',
): Record<string, RowFeed> {
  return { ...setFeeds(context, rows, side), ...networkFeeds(context, rows) };
}

/**
 * The same without what the network is evaluated with besides its perturbed input. Outward, the radius is
 * rounded up.
 */
export function setFeeds(
  context: SetContext<Network>,
  rows: Rows,
  side: 'inward' | 'outward',
): Record<string, RowFeed> {
  const { sampleSize: size, sampleShape: shape } = context.classifier;
  const isOutward = side === 'outward';
  const lower = new Float32Array(rows.x.length);
  const upper = new Float32Array(rows.x.length);
  for (let row = 0; row < rows.count; row++) {
    const [start, end] = [row * size, (row + 1) * size];
    context.threat.enclose(
      rows.x.subarray(start, end),
      rows.radii[row] ?? 0,
      side,
      lower.subarray(start, end),
      upper.subarray(start, end),
    );
  }
  const radius = Float32Array.from(rows.radii, (value) =>
    isOutward ? nextUp(roundUp(value)) : value,
  );
  return {
    centre: { data: rows.x, shape },
    lower: { data: lower, shape },
    upper: { data: upper, shape },
    radius: { data: radius, shape: [] },
  };
}

/** Feeds of what a network is evaluated with besides its perturbed input: labels and side inputs. */
export function networkFeeds(
  { classifier }: SetContext<Network>,
  rows: Rows,
): Record<string, RowFeed> {
  return {
    labels: { data: rows.labels, shape: [] },
    ...redrawnFeeds(classifier.sides, rows.streams, classifier.expectation ?? 1),
    ...sideFeeds(classifier.sides, rows.streams),
  };
}

/** A name that is unique for a threat's shape (not its radius, which programs take as an input). */
export function threatKey({ norm, weights, frozen }: Threat): string {
  return `${norm.name}/${weights ? weights.join(',') : ''}/${frozen ? frozen.join(',') : ''}`;
}
