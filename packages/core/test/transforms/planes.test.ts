/**
 * The planes around functions of several values hold at points of boxes of every size, for the function in
 * float64 and as ONNX Runtime computes it; where the box is small they meet it up to the square of its size.
 */
import { describe, expect, test } from 'vitest';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import type { Graph, Node, OpAttributes, OpName } from '../../src/graph/graph.ts';
import { definitionOf, opNames } from '../../src/graph/ops/table.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { floats, sizeOf, type Tensor } from '../../src/tensor/tensor.ts';
import { roundingModel } from '../../src/transforms/rounding.ts';
import { Draw } from '../generators/draw.ts';
import { load, runOnnx, type Tensors } from '../onnxruntime.ts';
import { evaluateOutputs } from '../oracle/evaluate.ts';
import { type Boxes, boxKinds, pointOf } from './boxes.ts';

const BOXES = 24;
const POINTS = 40;

interface Case {
  readonly op: OpName;
  readonly attributes: object;
  /** Of the operands, without the batch. */
  readonly shapes: readonly (readonly number[])[];
  /** Which operands are kept off 0, and which are 0 or 1. */
  readonly positive?: readonly number[];
  readonly mask?: number;
  /** Steps are not met by planes, however small a box is. */
  readonly step?: boolean;
}

const of = <K extends OpName>(
  op: K,
  attributes: OpAttributes[K],
  shapes: readonly (readonly number[])[],
  rest: Partial<Case> = {},
): [string, Case] => [`${op} ${JSON.stringify(attributes)}`, { op, attributes, shapes, ...rest }];

const pool = { strides: [1, 2], padBefore: [1, 0], padAfter: [0, 1], dilations: [1, 1] };

const cases = [
  of('mul', {}, [
    [3, 4],
    [1, 4],
  ]),
  of(
    'div',
    {},
    [
      [3, 2],
      [3, 1],
    ],
    { positive: [1] },
  ),
  of('max', {}, [[5], [5]]),
  of('min', {}, [
    [2, 3],
    [2, 1],
  ]),
  of('greater', {}, [[4], [4]], { step: true }),
  of('greaterOrEqual', {}, [[4], [1]], { step: true }),
  of('equal', {}, [[4], [4]], { step: true }),
  of('where', {}, [[4], [4], [1]], { mask: 0 }),
  of('matMul', { transA: false, transB: false }, [
    [2, 3],
    [3, 2],
  ]),
  of('matMul', { transA: true, transB: true }, [
    [3, 2],
    [4, 3],
  ]),
  of('reduceMax', { axes: [2], keep: false }, [[2, 4]]),
  of('reduceMax', { axes: [1, 2], keep: true }, [[2, 3]]),
  of('maxPool', { ...pool, kernel: [2, 3] }, [[2, 4, 5]]),
  of('maxPool', { ...pool, kernel: [2, 2], dilations: [1, 2] }, [[1, 4, 5]]),
  of('softmax', { axis: 1 }, [[4, 2]]),
  of('softmax', { axis: 2 }, [[2, 5]]),
  of('logSoftmax', { axis: 1 }, [[4, 2]]),
  of('reduceL2', { axes: [1], keep: false }, [[4, 2]]),
  of('reduceL2', { axes: [1, 2], keep: true }, [[2, 3]]),
  of('reduceLogSumExp', { axes: [1], keep: false }, [[4, 2]]),
  of('reduceLogSumExp', { axes: [2], keep: true }, [[2, 3]]),
];

function boxesFor({ shapes, positive = [], mask }: Case, draw: Draw, radius?: number): Boxes {
  const kinds = Object.keys(boxKinds).filter((kind) => kind !== 'large' && kind !== 'far');
  return Object.fromEntries(
    shapes.map((dims, i) => {
      const shape = [BOXES, ...dims];
      const size = sizeOf(dims);
      const ends = draw
        .list(BOXES, () => draw.integer(0, kinds.length - 1))
        .flatMap((kind) =>
          Array.from({ length: size }, (): readonly [number, number] => {
            if (mask === i)
              return draw.pick([
                [0, 0],
                [0, 1],
                [1, 1],
              ] as const);
            const x = draw.real(-3, 3);
            const pair: readonly [number, number] =
              radius === undefined
                ? (boxKinds[kinds[kind] ?? '']?.(draw, x) ?? [x, x])
                : [x - radius, x + radius];
            const sign = draw.chance(0.5) ? 1 : -1;
            const off = (end: number): number => sign * (Math.abs(x) + 0.25 + end - pair[0]);
            const own = positive.includes(i) ? [off(pair[0]), off(pair[1])] : [...pair];
            own.sort((p, q) => p - q);
            return [Math.fround(own[0] ?? 0), Math.fround(own[1] ?? 0)];
          }),
        );
      const lower = floats(
        ends.map(([low]) => low),
        shape,
      );
      const upper = floats(
        ends.map(([, high]) => high),
        shape,
      );
      const centre = floats(
        ends.map(([low, high]) =>
          Math.min(Math.max(Math.fround(draw.pick([low, low / 2 + high / 2])), low), high),
        ),
        shape,
      );
      return [`x${i}`, { centre, lower, upper }];
    }),
  );
}

function network({ op, attributes, shapes }: Case): Graph {
  const b = new Builder();
  const inputs = shapes.map((dims, i) => b.input(`x${i}`, [BATCH, ...dims]));
  return b.graph({ y: b.push<OpName>(op, inputs, attributes) });
}

interface Found {
  /** [boxes, outputs] of the planes below and above. */
  readonly heights: readonly (readonly number[])[];
  /** Per operand: [boxes, outputs, …operand] of the planes below and above. */
  readonly slopes: readonly (readonly (readonly number[])[])[];
  readonly outputs: number;
}

async function planesOf({ op, attributes, shapes }: Case, boxes: Boxes): Promise<Found> {
  const b = new Builder();
  const input = (what: string, i: number): Node =>
    b.input(`${what}${i}`, [BATCH, ...(shapes[i] ?? [])]);
  const centres = shapes.map((_, i) => input('centre', i));
  const operands = shapes.map((_, i) => ({ lower: input('lower', i), upper: input('upper', i) }));
  const node = b.push<OpName>(op, centres, attributes);
  const dims = node.shape.slice(1).map(Number);
  const outputs = sizeOf(dims);
  const context = { b, node, operands, centres, rounding: roundingModel('float32') };
  const planes = definitionOf<OpName>(op).planes?.(context);
  if (!planes) throw new RangeError(`${op} has no planes`);
  const identity = b.floats(
    Array.from({ length: outputs ** 2 }, (_, i) => Number(i % (outputs + 1) === 0)),
    [1, outputs, ...dims],
  );
  const ones = b.expand(identity, [BATCH, outputs, ...dims]);
  const none = b.mul(ones, 0);
  const graph = b.graph({
    lower: planes.lower,
    upper: planes.upper,
    ...Object.fromEntries(
      shapes.flatMap((_, i) => {
        const below = planes.carry(i, { positive: ones, negative: none });
        const above = planes.carry(i, { positive: none, negative: b.neg(ones) });
        return [
          [`below${i}`, below ?? none],
          [`above${i}`, above ? b.neg(above) : none],
        ];
      }),
    ),
  });
  const feeds = Object.fromEntries(
    shapes.flatMap((_, i): [string, Tensor][] => {
      const box = boxes[`x${i}`];
      if (!box) return [];
      return [
        [`centre${i}`, box.centre],
        [`lower${i}`, box.lower],
        [`upper${i}`, box.upper],
      ];
    }),
  );
  const results = await runOnnx(writeModel(graph), feeds);
  const numbers = (name: string): number[] => Array.from(results[name]?.data ?? [], Number);
  return {
    heights: [numbers('lower'), numbers('upper')],
    slopes: shapes.map((_, i) => [numbers(`below${i}`), numbers(`above${i}`)]),
    outputs,
  };
}

/** The planes below and above at a point: [boxes, outputs]. */
function planesAt(found: Found, boxes: Boxes, point: Tensors): [number[], number[]] {
  const seen = [0, 1].map((side) =>
    (found.heights[side] ?? []).map((height, at) => {
      const box = Math.floor(at / found.outputs);
      return found.slopes.reduce((sum, slopes, i) => {
        const [x, centre] = [point[`x${i}`], boxes[`x${i}`]?.centre];
        const size = (centre?.data.length ?? 0) / BOXES;
        let total = sum;
        for (let k = 0; k < size; k++) {
          const slope = slopes[side]?.[at * size + k] ?? 0;
          const way = Number(x?.data[box * size + k]) - Number(centre?.data[box * size + k]);
          total += slope * way;
        }
        return total;
      }, height);
    }),
  );
  return [seen[0] ?? [], seen[1] ?? []];
}

describe.each(cases)('%s', (_, each) => {
  const graph = network(each);

  test('lies between its planes', async () => {
    const draw = new Draw(60);
    const session = await load(writeModel(graph));
    for (let round = 0; round < 3; round++) {
      const boxes = boxesFor(each, draw);
      const found = await planesOf(each, boxes);
      for (let kind = 0; kind < POINTS; kind++) {
        const point = pointOf(draw, boxes, kind);
        if (each.mask !== undefined) {
          const name = `x${each.mask}`;
          const values = point[name];
          if (values) {
            const rounded = Float32Array.from(values.data, (v) => Math.round(v));
            point[name] = floats(rounded, values.shape);
          }
        }
        const [least, most] = planesAt(found, boxes, point);
        for (const results of [evaluateOutputs(graph, point), await session.run(point)]) {
          const y = results['y']?.data ?? [];
          least.forEach((low, i) => {
            const value = Number(y[i]);
            const high = most[i] ?? Number.NaN;
            // The sum that is taken here, in float64.
            const slack = 1e-13 * (Math.abs(low) + Math.abs(high));
            if (!Number.isFinite(low) || !Number.isFinite(high))
              expect.fail(`plane ${low}, ${high}`);
            if (!(low - slack <= value && value <= high + slack)) {
              expect.fail(`element ${i} is ${value}, not between ${low} and ${high}`);
            }
          });
        }
      }
    }
  });

  test('is met by them on small boxes up to their square', async () => {
    if (each.step) return;
    const draw = new Draw(61);
    const boxes = boxesFor({ ...each, mask: -1 }, draw, 0.01);
    const own = each.mask === undefined ? boxes : boxesFor(each, draw, 0.01);
    const found = await planesOf(each, own);
    const [least, most] = planesAt(
      found,
      own,
      Object.fromEntries(Object.entries(own).map(([name, { centre }]) => [name, centre])),
    );
    const gaps = least.map((low, i) => (most[i] ?? 0) - low).sort((p, q) => p - q);
    // Extremes of elements that are close, and open choices, stay apart.
    expect(gaps[Math.floor(gaps.length * 0.4)]).toBeLessThan(each.op === 'where' ? 4 : 0.006);
  });
});

test('every op with planes is here', () => {
  const withPlanes = opNames.filter((op) => definitionOf<OpName>(op).planes !== undefined);
  const here = new Set<OpName>(cases.map(([, { op }]) => op));
  // The identity but for rounding, which is that of its range.
  expect(withPlanes.filter((op) => !here.has(op))).toEqual(['inexactVariance']);
});

test('an op with a gradient or a step has lines, planes, or a reason for its interval', () => {
  const without = opNames.filter((op) => {
    const rules = definitionOf<OpName>(op);
    const exact = ['source', 'structural', 'linear'].includes(rules.kind) && !rules.linearIn;
    return !exact && !rules.relax && !rules.planes && !rules.flat && !rules.lower;
  });
  expect(without).toEqual([]);
});
