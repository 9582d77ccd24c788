// Lipschitz constants from norms of layers against closed forms, against power iteration from below, and
// against differences of random pairs of inputs.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type GlobalLipschitz, globalLipschitz } from '../../src/bounds/global-lipschitz.ts';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import {
  type Graph,
  inputNodes,
  type Node,
  type OpName,
  outputNamed,
} from '../../src/graph/graph.ts';
import type { ConvGeometry } from '../../src/graph/ops/convolutions.ts';
import { definitionOf, opNames } from '../../src/graph/ops/table.ts';
import { ModelError } from '../../src/onnx/model-error.ts';
import { Programs } from '../../src/runtime/programs.ts';
import { floats, sizeOf, type Tensor } from '../../src/tensor/tensor.ts';
import { runtime } from '../attacks/linear-model.ts';
import { Draw } from '../generators/draw.ts';
import { sampleFor } from '../generators/graph.ts';
import { columnsOf, powerIteration } from '../matrix-of.ts';
import { evaluateOutputs } from '../oracle/evaluate.ts';

async function constantsOf(graph: Graph, output = 'out'): Promise<GlobalLipschitz> {
  const programs = new Programs(runtime);
  const input = inputNodes(graph)[0]?.attributes.name ?? '';
  const constants = await globalLipschitz({ graph, input, programs }, outputNamed(graph, output));
  await programs.release();
  return constants;
}

function graphOf(shape: readonly number[], body: (b: Builder, x: Node) => Node): Graph {
  const b = new Builder();
  return b.graph({ out: body(b, b.input('x', [BATCH, ...shape])) });
}

const drawn = (draw: Draw, shape: readonly number[]): Tensor<'float32'> =>
  floats(
    draw.list(sizeOf(shape), () => draw.real(-1, 1)),
    shape,
  );

const absoluteSums = (lists: readonly (readonly number[])[]): number =>
  Math.max(...lists.map((list) => list.reduce((sum, value) => sum + Math.abs(value), 0)));

/** The constants of a linear graph are the norms of its matrix, from above. */
async function expectNorms(
  graph: Graph,
  shape: readonly number[],
  looseness: number,
): Promise<void> {
  const columns = columnsOf(graph, shape);
  const rows = (columns[0] ?? []).map((_, r) => columns.map((column) => column[r] ?? 0));
  const constants = await constantsOf(graph);
  const truths = {
    linf: absoluteSums(rows),
    l1: absoluteSums(columns),
    l2: powerIteration(columns),
  };
  for (const [norm, factor] of [
    ['linf', 1.0001],
    ['l1', 1.0001],
    ['l2', looseness],
  ] as const) {
    expect(constants[norm]).toBeGreaterThanOrEqual(truths[norm] * (1 - 1e-12));
    expect(constants[norm]).toBeLessThanOrEqual(truths[norm] * factor + 1e-12);
  }
}

const plain: ConvGeometry = {
  strides: [1, 1],
  dilations: [1, 1],
  padBefore: [1, 1],
  padAfter: [1, 1],
  groups: 1,
};

describe('of a linear network the constants are norms of its matrix:', () => {
  const draw = new Draw(50);
  test.each<[string, number[], (b: Builder, x: Node) => Node, number]>([
    ['a dense layer', [9], (b, x) => b.matMul(x, b.constant(drawn(draw, [9, 14]))), 1.002],
    [
      'a dense layer, transposed, with a bias',
      [9],
      (b, x) =>
        b.add(
          b.matMul(x, b.constant(drawn(draw, [5, 9])), { transB: true }),
          b.floats([5, 5, 5, 5, 9], [5]),
        ),
      1.002,
    ],
    ['scales', [4], (b, x) => b.mul(x, b.floats([1, -3, 2, 0.5], [4])), 1.0001],
    ['a division', [2], (b, x) => b.div(x, b.floats([0.25, 8], [2])), 1.0001],
    ['a sum', [6], (b, x) => b.sum(x, [1], true), 1.0001],
    ['repetition', [3, 1], (b, x) => b.expand(x, [BATCH, 3, 4]), 1.0001],
    ['a slice', [6], (b, x) => b.slice(x, 1, 2, 4), 1.0001],
    ['a gather', [5], (b, x) => b.gather(x, 1, [0, 3, 3, 3]), 1.0001],
    ['x beside 2x', [5], (b, x) => b.concat([x, b.mul(x, 2)], 1), 1.0001],
    ['x and x added', [5], (b, x) => b.add(x, b.mul(x, 2)), 1.0001],
    [
      'a convolution',
      [2, 6, 6],
      (b, x) => b.push('conv', [x, b.constant(drawn(draw, [3, 2, 3, 3]))], plain),
      1.12,
    ],
    [
      'a strided convolution',
      [2, 7, 7],
      (b, x) =>
        b.push('conv', [x, b.constant(drawn(draw, [4, 2, 3, 3]))], { ...plain, strides: [2, 2] }),
      1.15,
    ],
    [
      'a dilated convolution without padding',
      [1, 8, 8],
      (b, x) =>
        b.push('conv', [x, b.constant(drawn(draw, [2, 1, 3, 3]))], {
          ...plain,
          dilations: [2, 2],
          padBefore: [0, 0],
          padAfter: [0, 0],
        }),
      1.6,
    ],
    [
      'a grouped convolution, wider strides than kernel',
      [4, 5, 6],
      (b, x) =>
        b.push('conv', [x, b.constant(drawn(draw, [4, 2, 2, 1]))], {
          ...plain,
          strides: [3, 2],
          padAfter: [0, 2],
          groups: 2,
        }),
      1.1,
    ],
    [
      'a transposed convolution',
      [3, 4, 4],
      (b, x) =>
        b.push('convTranspose', [x, b.constant(drawn(draw, [3, 2, 3, 3]))], {
          ...plain,
          strides: [2, 2],
          size: [8, 8],
        }),
      1.15,
    ],
    [
      'one spatial axis',
      [2, 9],
      (b, x) =>
        b.push('conv', [x, b.constant(drawn(draw, [3, 2, 4]))], {
          strides: [2],
          dilations: [1],
          padBefore: [2],
          padAfter: [1],
          groups: 1,
        }),
      1.15,
    ],
  ])('%s', async (_, shape, body, looseness) => {
    await expectNorms(graphOf(shape, body), shape, looseness);
  });
});

test('constants of layers that follow one another multiply, and a skip adds one', async () => {
  const graph = graphOf([4], (b, x) => {
    const inner = b.push('sigmoid', [b.mul(x, 8)], {});
    return b.add(x, b.mul(b.relu(inner), -3));
  });
  const constants = await constantsOf(graph);
  for (const norm of ['linf', 'l2', 'l1'] as const) {
    expect(constants[norm]).toBeGreaterThanOrEqual(7);
    expect(constants[norm]).toBeLessThan(7.001);
  }
  expect(constants.layers.map(({ op }) => op)).toEqual(['mul', 'sigmoid', 'relu', 'mul', 'add']);
});

test('a product of two values that change has no constant, and is named', async () => {
  const constants = await constantsOf(
    graphOf([3], (b, x) => b.labelled('gate', () => b.mul(x, x))),
  );
  expect(constants).toMatchObject({ linf: Infinity, unbounded: { op: 'mul', label: 'gate' } });
});

test('weights that are inputs themselves have no norm', async () => {
  const b = new Builder();
  const x = b.input('x', [BATCH, 3]);
  const graph = b.graph({ out: b.mul(x, b.input('scale', [BATCH, 3])) });
  expect(await constantsOf(graph)).toMatchObject({ linf: Infinity, l2: Infinity, l1: Infinity });
});

test('a value that jumps is refused', async () => {
  await expect(constantsOf(graphOf([3], (b, x) => b.sign(x)))).rejects.toThrow(ModelError);
});

describe('the steepest slope that the table states', () => {
  const stated = opNames.flatMap((op) => {
    const rules = definitionOf<OpName>(op);
    return rules.kind === 'elementwise' && 'lipschitz' in rules ? [op] : [];
  });
  const attributes: Readonly<Record<string, object>> = {
    clip: { min: -1, max: 2 },
    leakyRelu: { slope: -1.5 },
  };

  test.each(stated)('of %s is reached, and never passed', async (op) => {
    const graph = graphOf([1], (b, x) => b.push(op as 'relu', [x], attributes[op] ?? {}));
    const { linf } = await constantsOf(graph);
    const [count, gap] = [40_001, 1 / 2048];
    const x = floats(
      Array.from({ length: count }, (_, i) => (i - count / 2) * gap),
      [count, 1],
    );
    const values = evaluateOutputs(graph, { x })['out']?.data ?? [];
    let steepest = 0;
    for (let i = 1; i < count; i++) {
      const rise = Math.abs(Number(values[i]) - Number(values[i - 1]));
      steepest = Math.max(steepest, rise / ((x.data[i] ?? 0) - (x.data[i - 1] ?? 0)));
    }
    expect(linf).toBeGreaterThanOrEqual(steepest * (1 - 1e-9));
    expect(linf).toBeLessThan(steepest * 1.001);
  });
});

const orders = { linf: Infinity, l2: 2, l1: 1 } as const;

function length(values: readonly number[], order: number): number {
  if (order === Infinity) return Math.max(...values.map(Math.abs));
  return values.reduce((sum, value) => sum + Math.abs(value) ** order, 0) ** (1 / order);
}

test.each(opNames)('no two inputs of networks around %s differ by more', async (op) => {
  await fc.assert(
    fc.asyncProperty(sampleFor(op), async ({ graph, feeds, rows, seed }) => {
      const name = inputNodes(graph)[0]?.attributes.name ?? '';
      const own = feeds[name];
      let constants: GlobalLipschitz;
      try {
        constants = await constantsOf(graph);
      } catch (error) {
        if (error instanceof ModelError) return;
        throw error;
      }
      if (!own) return;
      const draw = new Draw(seed);
      for (const reach of [1e-4, 0.1, 1]) {
        const moved = floats(
          own.data.map((x) => x + draw.real(-reach, reach)),
          own.shape,
        );
        const values = [own, moved].map((x) =>
          Array.from(evaluateOutputs(graph, { ...feeds, [name]: x })['out']?.data ?? [], Number),
        );
        const [before = [], after = []] = values;
        for (let row = 0; row < rows; row++) {
          const part = (list: ArrayLike<number>): number[] => {
            const width = list.length / rows;
            return Array.from({ length: width }, (_, i) => list[row * width + i] ?? 0);
          };
          const [a, c, p, q] = [part(before), part(after), part(own.data), part(moved.data)];
          for (const norm of ['linf', 'l2', 'l1'] as const) {
            const out = length(
              a.map((value, i) => value - (c[i] ?? 0)),
              orders[norm],
            );
            const far = length(
              p.map((value, i) => value - (q[i] ?? 0)),
              orders[norm],
            );
            if (Number.isNaN(out)) continue;
            expect(out).toBeLessThanOrEqual(constants[norm] * far + 1e-9);
          }
        }
      }
    }),
    { seed: 51, numRuns: 3 },
  );
});
