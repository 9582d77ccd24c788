/**
 * What a lower bound of rows·output must be: at most what any point of the box gives, in float64 by the oracle
 * and in float32 by ONNX Runtime. Backward linear bounds are held to it by themselves, with interval bounds
 * inside or their own. A row whose `finite` is 0 claims nothing.
 */
import assert from 'node:assert/strict';
import { writeModel } from '../../src/onnx/write.ts';
import { floats, sizeOf } from '../../src/tensor/tensor.ts';
import type { Draw } from '../generators/draw.ts';
import type { Sample } from '../generators/graph.ts';
import { load, runOnnx } from '../onnxruntime.ts';
import { evaluateOutputs } from '../oracle/evaluate.ts';
import { applied } from './affine-rows.ts';
import { type Boxes, boxFeeds, pointOf } from './boxes.ts';
import { intervalGraph, type IntervalOptions } from './interval-graph.ts';

const ROWS = 3;
const POINTS = 9;

export interface Below {
  /** Rows about which interval bounds make a claim. */
  readonly claimed: number;
  /** Of these, rows about which backward bounds make one too. */
  readonly kept: number;
  /** Of these, rows that they bound more tightly. */
  readonly gained: number;
}

export async function expectBelow(sample: Sample, boxes: Boxes, draw: Draw): Promise<Below> {
  const { graph, rows } = sample;
  const out = graph.nodes[graph.outputs[0]?.id ?? -1];
  const outputs = sizeOf((out?.shape ?? []).slice(1).map(Number));
  const values = draw.list(rows * ROWS * outputs, () => draw.pick([0, 1, -1, draw.real(-1, 1)]));
  const specification = floats(values, [rows, ROWS, outputs]);
  const feeds = { ...boxFeeds(boxes), rows: specification };
  const bounded = async (
    options: IntervalOptions,
  ): Promise<{ bound: number[]; finite: number[] }> => {
    const bytes = writeModel(intervalGraph(graph, { ...options, rows: ROWS }));
    const results = await runOnnx(bytes, feeds, { optimise: draw.chance(0.5) });
    const numbers = (name: string): number[] => Array.from(results[name]?.data ?? [], Number);
    return { bound: numbers('bound'), finite: numbers('finite') };
  };
  const interval = await bounded({});
  const linear = await bounded({ linear: 'alone', linearUpTo: draw.pick([0, 24]) });
  const claims = (finite: readonly number[], i: number): boolean =>
    finite[Math.floor(i / ROWS)] === 1;
  const network = await load(writeModel(graph));
  for (let kind = 0; kind < POINTS; kind++) {
    const point = pointOf(draw, boxes, kind);
    for (const results of [evaluateOutputs(graph, point), await network.run(point)]) {
      applied(specification, results['out']?.data ?? []).forEach((value, i) => {
        const bound = linear.bound[i] ?? Number.NaN;
        if (claims(linear.finite, i) && !(bound <= value)) {
          assert.fail(`row ${i} is ${value} at point ${kind}, below its bound ${bound}`);
        }
      });
    }
  }
  const claimed = interval.bound.map((_, i) => i).filter((i) => claims(interval.finite, i));
  const kept = claimed.filter((i) => claims(linear.finite, i));
  const gained = kept.filter((i) => (linear.bound[i] ?? 0) > (interval.bound[i] ?? 0));
  return { claimed: claimed.length, kept: kept.length, gained: gained.length };
}
