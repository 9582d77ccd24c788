/**
 * Adjoints of convolutions and pools are written in several ways, by channels, groups and geometry:
 * each is what the definition says, as evaluated in float64.
 */
import * as fc from 'fast-check';
import { describe, test } from 'vitest';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { RandomBlock } from '../../src/tensor/random.ts';
import { sizeOf, type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { gradientWith } from '../../src/transforms/gradient.ts';
import { expectAllclose } from '../allclose.ts';
import { runOnnx } from '../onnxruntime.ts';
import { evaluateOutputs } from '../oracle/evaluate.ts';

const ROWS = 2;
/** Elements are sums of hundreds of terms around 10. */
const SUMS = { relative: 1e-4, absolute: 1e-3 };

function normal(shape: readonly number[], seed: number): Tensor<'float32'> {
  const random = new RandomBlock(seed, 0, 0);
  return tensor(
    'float32',
    shape,
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => random.normal(i)),
  );
}

async function expectAsDefined(graph: Graph, sample: readonly number[], seed: number) {
  const feeds = { x: normal([ROWS, ...sample], seed) };
  const found = await runOnnx(writeModel(graph), feeds);
  expectAllclose(found['gradient'], evaluateOutputs(graph, feeds)['gradient'], SUMS);
}

const axis = fc.record({
  size: fc.integer({ min: 9, max: 13 }),
  kernel: fc.integer({ min: 1, max: 5 }),
  stride: fc.integer({ min: 1, max: 3 }),
  before: fc.integer({ min: 0, max: 2 }),
  after: fc.integer({ min: 0, max: 2 }),
  dilation: fc.constantFrom(1, 1, 2),
});

const seed = fc.integer({ min: 0, max: 1000 });

describe('the gradient of a convolution', () => {
  const layout = fc.constantFrom(
    { groups: 1, inner: 1, outer: 3 },
    { groups: 1, inner: 13, outer: 5 },
    { groups: 1, inner: 16, outer: 16 },
    { groups: 4, inner: 1, outer: 1 },
    { groups: 16, inner: 1, outer: 1 },
    { groups: 3, inner: 2, outer: 2 },
  );
  test.each([1, 2])('is its adjoint, over %i axes', async (rank) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(axis, { minLength: rank, maxLength: rank }),
        layout,
        seed,
        async (axes, { groups, inner, outer }, at) => {
          const b = new Builder();
          const sample = [groups * inner, ...axes.map(({ size }) => size)];
          const x = b.input('x', [BATCH, ...sample]);
          const kernel = axes.map((each) => each.kernel);
          const w = b.constant(normal([groups * outer, inner, ...kernel], at + 1));
          const y = b.push('conv', [x, w], {
            strides: axes.map(({ stride }) => stride),
            padBefore: axes.map(({ before }) => before),
            padAfter: axes.map(({ after }) => after),
            dilations: axes.map(({ dilation }) => dilation),
            groups,
          });
          const [gradient = x] = gradientWith(b, b.sumRows(b.mul(y, y)), [x]);
          await expectAsDefined(b.graph({ gradient }), sample, at);
        },
      ),
      { seed: 41, numRuns: 50 },
    );
  });
});

describe('the gradient of max pooling', () => {
  test.each([1, 2])('is shared by what attains the maximum, over %i axes', async (rank) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(axis, { minLength: rank, maxLength: rank }),
        fc.constantFrom(1, 3, 16),
        fc.boolean(),
        seed,
        async (axes, channels, ties, at) => {
          const b = new Builder();
          const sample = [channels, ...axes.map(({ size }) => size)];
          const x = b.input('x', [BATCH, ...sample]);
          // Half of a sign's elements tie.
          const y = b.push('maxPool', [ties ? b.sign(x) : x], {
            kernel: axes.map(({ kernel }) => kernel),
            strides: axes.map(({ stride }) => stride),
            padBefore: axes.map(({ before, kernel }) => Math.min(before, kernel - 1)),
            padAfter: axes.map(({ after, kernel }) => Math.min(after, kernel - 1)),
            dilations: axes.map(() => 1),
          });
          const pooled = b.nodes[y.operands[0] ?? 0] ?? x;
          const [gradient = x] = gradientWith(b, b.sumRows(b.mul(y, b.add(y, 3))), [pooled]);
          await expectAsDefined(b.graph({ gradient }), sample, at);
        },
      ),
      { seed: 42, numRuns: 30 },
    );
  });
});

describe('the gradient of average pooling', () => {
  // Whole blocks side by side are written as products, with more cells in a row than that pays for as a Resize.
  const blocks = fc.record({
    cells: fc.constantFrom(1, 3, 6, 33),
    kernel: fc.integer({ min: 1, max: 4 }),
    behind: fc.integer({ min: 0, max: 5 }),
  });
  test.each([1, 2])('is an equal share of each window, over %i axes', async (rank) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(blocks, { minLength: rank, maxLength: rank }),
        fc.array(fc.integer({ min: 0, max: 1 }), { minLength: rank, maxLength: rank }),
        fc.constantFrom(1, 3, 16, 32),
        seed,
        async (axes, margins, channels, at) => {
          const b = new Builder();
          const sizes = axes.map(({ cells, kernel, behind }) => cells * kernel + behind);
          const sample = [channels, ...sizes];
          const x = b.input('x', [BATCH, ...sample]);
          const padBefore = axes.map(({ kernel }, i) => Math.min(margins[i] ?? 0, kernel - 1));
          const y = b.push('averagePool', [x], {
            kernel: axes.map(({ kernel }) => kernel),
            strides: axes.map(({ kernel }) => kernel),
            padBefore,
            padAfter: axes.map(() => 0),
            dilations: axes.map(() => 1),
            counted: sizes.map((size): [number, number] => [0, size]),
          });
          const [gradient = x] = gradientWith(b, b.sumRows(b.mul(y, y)), [x]);
          await expectAsDefined(b.graph({ gradient }), sample, at);
        },
      ),
      { seed: 43, numRuns: 40 },
    );
  });
});
