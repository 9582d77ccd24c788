/**
 * The lines around every function of one value hold at 10,000 points of intervals of every size, for the
 * function in float64 and as ONNX Runtime computes it, and touch the convex hull of the curve in the middle.
 */
import { describe, expect, test } from 'vitest';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import type { Graph, OpName } from '../../src/graph/graph.ts';
import { definitionOf } from '../../src/graph/ops/table.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { floats, type Tensor } from '../../src/tensor/tensor.ts';
import { roundingModel } from '../../src/transforms/rounding.ts';
import { Draw } from '../generators/draw.ts';
import { load, runOnnx } from '../onnxruntime.ts';
import { evaluateOutputs } from '../oracle/evaluate.ts';
import { type Function, functions } from './functions.ts';

const POINTS = 10_000;
type Interval = readonly [lower: number, upper: number];

/** Degenerate, tiny, touching 0, ordinary, wide and huge. */
const intervals: readonly Interval[] = [
  [0, 0],
  [0.75, 0.75],
  [-1e-30, 1e-30],
  [0, 1e-30],
  [0.5, 0.5 + 2 ** -23],
  [-1e-4, 2e-4],
  [0, 1],
  [-1, 0],
  [-1, 0.25],
  [-0.25, 1],
  [0.2, 0.3],
  [-3, -2],
  [-4, 1],
  [0.6, 9],
  [-9, 7],
  [-2.5, 2.4],
  [2, 30],
  [-50, -1],
  [100, 103.5],
  [-400, 20],
  [-1e6, 1e6],
  [1e5, 1e6],
  [-1e6, 0.5],
  [-Infinity, 1],
  [0.5, Infinity],
];

function intervalsFor({ positive = false }: Function): Interval[] {
  const draw = new Draw(50);
  const drawn = Array.from({ length: 10 }, (): Interval => {
    const [x, width] = [draw.real(-6, 6), 10 ** draw.real(-3, 1)];
    return [x, Math.fround(x + width)];
  });
  const all = [...intervals, ...drawn].map(([low, high]): Interval => [
    Math.fround(low),
    Math.fround(high),
  ]);
  return positive ? all.filter(([low]) => low >= 0) : all;
}

/** Points of an interval, closer together at its ends and at 0, the ends among them. */
function pointsOf([low, high]: Interval, draw: Draw): Float64Array {
  const [from, to] = [Math.max(low, -1e30), Math.min(high, 1e30)];
  return Float64Array.from({ length: POINTS }, (_, i) => {
    if (i < 2) return i === 0 ? from : to;
    const share = i % 2 === 0 ? i / POINTS : 10 ** draw.real(-9, 0);
    const near = draw.pick([from + share * (to - from), to - share * (to - from), share * to]);
    return Math.min(Math.max(Math.fround(near), from), to);
  });
}

interface Line {
  readonly slope: number;
  readonly height: number;
}

interface Found {
  readonly centre: number;
  readonly lower: Line;
  readonly upper: Line;
}

/** The op's lines over each interval, around a point of it. */
async function linesOf({ op, attributes }: Function, over: readonly Interval[]): Promise<Found[]> {
  const b = new Builder();
  const [low, high, centre] = ['low', 'high', 'centre'].map((name) => b.input(name, [BATCH, 1]));
  if (!low || !high || !centre) throw new RangeError('three inputs');
  const node = b.push<OpName>(op, [centre], attributes);
  const lines = definitionOf<OpName>(op).relax?.({
    b,
    node,
    x: { lower: low, upper: high },
    centre,
    rounding: roundingModel('float32'),
  });
  if (!lines) throw new RangeError(`${op} has no lines`);
  const graph = b.graph({
    lowerSlope: lines.lower.slope,
    lowerHeight: lines.lower.height,
    upperSlope: lines.upper.slope,
    upperHeight: lines.upper.height,
  });
  const column = (values: readonly number[]): Tensor => floats(values, [over.length, 1]);
  const draw = new Draw(51);
  const centres = over.map(([from, to]) => {
    const within = Math.fround(draw.pick([from, to, from / 2 + to / 2]));
    return Number.isFinite(within) ? within : 1;
  });
  const feeds = {
    low: column(over.map(([from]) => from)),
    high: column(over.map(([, to]) => to)),
    centre: column(centres),
  };
  const results = await runOnnx(writeModel(graph), feeds);
  const of = (name: string, i: number): number => Number(results[name]?.data[i]);
  return over.map((_, i) => ({
    centre: centres[i] ?? 0,
    lower: { slope: of('lowerSlope', i), height: of('lowerHeight', i) },
    upper: { slope: of('upperSlope', i), height: of('upperHeight', i) },
  }));
}

const seenAt = ({ slope, height }: Line, centre: number, x: number): number =>
  slope === 0 ? height : slope * (x - centre) + height;

/** The greatest value at m of a line below all points (their lower hull), by the two that span it there. */
function hullAt(points: readonly (readonly [number, number])[], m: number): number {
  const hull: (readonly [number, number])[] = [];
  for (const point of [...points].sort(([p], [q]) => p - q)) {
    for (;;) {
      const [before, last] = [hull.at(-2), hull.at(-1)];
      if (!before || !last) break;
      const turn =
        (last[0] - before[0]) * (point[1] - before[1]) -
        (last[1] - before[1]) * (point[0] - before[0]);
      if (turn > 0) break;
      hull.pop();
    }
    hull.push(point);
  }
  const after = hull.findIndex(([x]) => x >= m);
  const [right, left] = [hull[after], hull[Math.max(after - 1, 0)]];
  if (!left || !right) return Number.NaN;
  const share = right[0] === left[0] ? 0 : (m - left[0]) / (right[0] - left[0]);
  return left[1] + share * (right[1] - left[1]);
}

describe.each(functions)('%s', (_, f) => {
  const b = new Builder();
  const network: Graph = b.graph({ y: b.push(f.op, [b.input('x', [BATCH, 1])], f.attributes) });

  test('lies between its lines', async () => {
    const over = intervalsFor(f);
    const draw = new Draw(52);
    const found = await linesOf(f, over);
    const inFloat32 = await load(writeModel(network));
    for (const [i, interval] of over.entries()) {
      const xs = pointsOf(interval, draw);
      const { centre, lower, upper } = found[i] ?? { centre: 0, lower: null, upper: null };
      if (!lower || !upper) throw new RangeError('no lines');
      const exact = evaluateOutputs(network, { x: { shape: [POINTS, 1], data: xs } })['y']?.data;
      const computed = await inFloat32.run({ x: floats(xs, [POINTS, 1]) });
      for (const values of [exact, computed['y']?.data]) {
        xs.forEach((x, k) => {
          const y = Number(values?.[k]);
          const [least, most] = [seenAt(lower, centre, x), seenAt(upper, centre, x)];
          // Outside its domain, and behind the largest numbers, a function has no value to bound.
          if (!Number.isFinite(y) || Number.isNaN(least) || Number.isNaN(most)) return;
          if (least <= y && y <= most) return;
          expect.fail(
            `over [${interval.join()}] it is ${y} at ${x}, not between ${least} and ${most}`,
          );
        });
      }
    }
  });

  test('is touched by them in the middle', async () => {
    const ordinary = intervalsFor(f).filter(
      ([low, high]) =>
        Math.max(-low, high) < 600 && high - low > 1e-3 && (f.op !== 'pow' || high - low < 20),
    );
    const found = await linesOf(f, ordinary);
    for (const [i, [low, high]] of ordinary.entries()) {
      const line = found[i];
      if (!line) throw new RangeError('no lines');
      const xs = Float64Array.from({ length: 4001 }, (_v, k) => low + ((high - low) * k) / 4000);
      const ys = evaluateOutputs(network, { x: { shape: [4001, 1], data: xs } })['y']?.data;
      const points = Array.from(xs, (x, k) => [x, Number(ys?.[k])] as const);
      const range = points.map(([, y]) => y);
      if (!range.every((y) => Math.abs(y) < 1e15) || poleInside(f, low, high)) continue;
      // What a step is where it jumps counts as both of its values.
      if ((f.op === 'sign' || f.op === 'step') && (low === 0 || high === 0)) continue;
      const middle = (low + high) / 2;
      const below = hullAt(points, middle);
      const above = -hullAt(
        points.map(([x, y]) => [x, -y] as const),
        middle,
      );
      const reach = Math.max(...range) - Math.min(...range);
      // A computed derivative is a few 2⁻¹⁷ off, a value at 1 a few 2⁻¹⁸.
      const size = 1 + Math.max(...range.map(Math.abs));
      const evaluation = f.op === 'pow' ? 4e-4 : 4e-5;
      const room = 2e-3 * reach + evaluation * size + 5e-5 * (high - low);
      const [least, most] = [
        seenAt(line.lower, line.centre, middle),
        seenAt(line.upper, line.centre, middle),
      ];
      expect(least, `below [${low}, ${high}]`).toBeGreaterThan(below - room);
      expect(most, `above [${low}, ${high}]`).toBeLessThan(above + room);
    }
  });
});

function poleInside({ op, attributes }: Function, low: number, high: number): boolean {
  const inverse = op === 'reciprocal' || ('exponent' in attributes && attributes.exponent < 0);
  return inverse && low <= 0 && high >= 0;
}
