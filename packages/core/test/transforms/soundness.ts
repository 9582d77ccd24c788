/**
 * What an interval must be: ends computed in float32 by ONNX Runtime contain, with no tolerance, every
 * value that a point of the box gives, in float64 by the oracle and in float32 by ONNX Runtime. A row
 * whose `finite` is 0 claims nothing; a row with an end that is not finite must not be `finite`.
 */
import assert from 'node:assert/strict';
import type { Graph } from '../../src/graph/graph.ts';
import { writeModel } from '../../src/onnx/write.ts';
import type { Draw } from '../generators/draw.ts';
import { load, type Tensors } from '../onnxruntime.ts';
import { evaluateOutputs } from '../oracle/evaluate.ts';
import { type Boxes, boxFeeds, joined, pointOf } from './boxes.ts';
import { intervalGraph, type IntervalOptions } from './interval-graph.ts';

export interface Claim {
  /** Whether any number of rows can be run at once. */
  readonly batched: boolean;
  readonly rows: number;
  readonly points?: number;
  readonly options?: IntervalOptions;
  /** A point of the set; of the boxes when absent. */
  readonly pointOf?: (kind: number) => Tensors;
}

export interface Verdict {
  /** 1 where the row's ends are a claim. */
  readonly finite: readonly number[];
  /** upper − lower of every element of rows that claim. */
  readonly widths: readonly number[];
}

/** Checks the network's output over the boxes. */
export async function expectSound(
  network: Graph,
  boxes: Boxes,
  draw: Draw,
  claim: Claim,
): Promise<Verdict> {
  const { batched, rows, points = 9, options = {} } = claim;
  const name = options.output ?? 'out';
  const bytes = writeModel(intervalGraph(network, options));
  const program = await load(bytes, { optimise: draw.chance(0.3) });
  const ends = await program.run(boxFeeds(boxes));
  const numbers = (output: string): number[] => Array.from(ends[output]?.data ?? [], Number);
  const [lower, upper, finite] = [numbers('lower'), numbers('upper'), numbers('finite')];
  const size = lower.length / rows;
  const claims = (i: number): boolean => finite[Math.floor(i / size)] === 1;
  lower.forEach((low, i) => {
    if (!claims(i)) return;
    const high = upper[i] ?? Number.NaN;
    if (!(Number.isFinite(low) && Number.isFinite(high))) {
      assert.fail(`element ${i} has the ends [${low}, ${high}] in a row that is called finite`);
    }
  });
  const check = (values: ArrayLike<number | bigint>, by: string): void => {
    for (let i = 0; i < values.length; i++) {
      const at = i % lower.length;
      if (!claims(at)) continue;
      const value = Number(values[i]);
      const [low = 0, high = 0] = [lower[at], upper[at]];
      if (!(low <= value && value <= high)) {
        const point = Math.floor(i / lower.length);
        assert.fail(
          `${by}: ${value} at point ${point}, element ${at} is outside [${low}, ${high}]`,
        );
      }
    }
  };
  const samples = Array.from({ length: points }, (_, kind) =>
    claim.pointOf ? claim.pointOf(kind) : pointOf(draw, boxes, kind),
  );
  const network32 = await load(writeModel(network), { optimise: draw.chance(0.7) });
  for (const feeds of batched ? [joined(samples)] : samples) {
    check(evaluateOutputs(network, feeds)[name]?.data ?? [], 'the oracle');
    check((await network32.run(feeds))[name]?.data ?? [], 'ONNX Runtime');
  }
  const widths = lower.flatMap((low, i) => (claims(i) ? [(upper[i] ?? 0) - low] : []));
  return { finite, widths };
}
