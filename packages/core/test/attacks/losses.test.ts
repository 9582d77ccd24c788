// Losses and their directions against a plain float64 computation, for logits of every size: what the
// literature defines, with the gradient that float32 cannot take from it once it saturates.
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import {
  crossEntropy,
  losses,
  type LossName,
  targetedLosses,
  type TargetedLossName,
} from '../../src/attacks/losses.ts';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import type { Node } from '../../src/graph/graph.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { ortRuntime } from '../../src/runtime/runtime.ts';
import { RandomBlock } from '../../src/tensor/random.ts';
import { floats, type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { gradientWith } from '../../src/transforms/gradient.ts';
import { oneHotRows } from '../../src/transforms/margin.ts';

type Scalar = (z: readonly number[], label: number, target: number) => number;

const falling = (z: readonly number[]): number[] => [...z].sort((p, q) => q - p);
const rivalsOf = (z: readonly number[], k: number): number[] => z.filter((_, i) => i !== k);
const logSumExp = (z: readonly number[]): number => {
  const most = Math.max(...z);
  return most + Math.log(z.reduce((sum, value) => sum + Math.exp(value - most), 0));
};
const at = (z: readonly number[], k: number): number => z[k] ?? Number.NaN;
const rank = (z: readonly number[], n: number): number => at(falling(z), n - 1);
const margin: Scalar = (z, y) => Math.max(...rivalsOf(z, y)) - at(z, y);

/**
 * As published, up to the monotone functions that the header of losses.ts names; without the one that is kept
 * as float32 has it.
 */
const published: Readonly<
  Record<Exclude<LossName, 'softmax-cross-entropy'> | TargetedLossName, Scalar>
> = {
  margin,
  'cross-entropy': (z, y) => logSumExp(rivalsOf(z, y)) - at(z, y),
  dlr: (z, y, t) => (z.length < 3 ? margin(z, y, t) : margin(z, y, t) / (rank(z, 1) - rank(z, 3))),
  'probability-margin': (z, y) => {
    const odds = logSumExp(rivalsOf(z, y)) - at(z, y);
    const missing = odds < 0 ? odds - Math.log1p(Math.exp(odds)) : -Math.log1p(Math.exp(-odds));
    return missing + Math.log1p(Math.exp(Math.max(...rivalsOf(z, y)) - logSumExp(rivalsOf(z, y))));
  },
  'targeted-margin': (z, y, t) => at(z, t) - at(z, y),
  'targeted-cross-entropy': (z, _, t) => at(z, t) - logSumExp(rivalsOf(z, t)),
  'targeted-dlr': (z, y, t) =>
    z.length < 4
      ? at(z, t) - at(z, y)
      : (at(z, t) - at(z, y)) / (rank(z, 1) - (rank(z, 3) + rank(z, 4)) / 2),
};
const names = Object.keys(published) as (keyof typeof published)[];

const ROWS = 40;
const runtime = ortRuntime(ort, { name: 'onnxruntime-node' });

interface Case {
  readonly classes: number;
  readonly z: Float32Array;
  readonly labels: Int32Array;
  readonly targets: Int32Array;
}

function randomCase(classes: number, scale: number): Case {
  const random = new RandomBlock(11, classes, Math.round(Math.log10(scale)) + 50);
  const labels = Int32Array.from({ length: ROWS }, (_, i) =>
    Math.floor(random.uniform(i) * classes),
  );
  return {
    classes,
    z: Float32Array.from({ length: ROWS * classes }, (_, i) => scale * random.normal(1000 + i)),
    labels,
    targets: labels.map((label, i) => (label + 1 + (i % (classes - 1))) % classes),
  };
}

async function evaluate(
  build: (b: Builder, logits: Node, label: Node, target: Node) => Node,
  { classes, z, labels, targets }: Case,
): Promise<{ values: Float32Array; gradients: Float32Array }> {
  const b = new Builder();
  const logits = b.input('logits', [BATCH, classes]);
  const label = oneHotRows(b, b.input('labels', [BATCH], 'int32'), classes);
  const target = oneHotRows(b, b.input('targets', [BATCH], 'int32'), classes);
  // A use of every input, so that each loss has the same ones.
  const unused = b.mul(b.sum(b.add(label, target), [1]), 0);
  const value = b.add(build(b, logits, label, target), unused);
  const [gradient = logits] = gradientWith(b, value, [logits]);
  const program = await runtime.session(writeModel(b.graph({ value, gradient })));
  const results = await program.run({
    logits: floats(z, [ROWS, classes]),
    labels: tensor('int32', [ROWS], labels),
    targets: tensor('int32', [ROWS], targets),
  });
  await program.release();
  return { values: numbers(results['value']), gradients: numbers(results['gradient']) };
}

function numbers(value: Tensor | undefined): Float32Array {
  if (!(value?.data instanceof Float32Array)) throw new TypeError('not an array of float32');
  return value.data;
}

function lossNamed(name: LossName | TargetedLossName): Parameters<typeof evaluate>[0] {
  return (b, logits, label, target) =>
    name in losses
      ? losses[name as LossName](b, { logits, label })
      : targetedLosses[name as TargetedLossName](b, { logits, label, target });
}

function rowOf(z: ArrayLike<number>, row: number, classes: number): number[] {
  return Array.from({ length: classes }, (_, k) => z[row * classes + k] ?? Number.NaN);
}

/** Central differences in float64. */
function slopes(f: Scalar, z: readonly number[], label: number, target: number): number[] {
  return z.map((value, k) => {
    const h = 1e-6 * Math.max(1, Math.abs(value));
    const moved = (by: number): number[] => z.map((own, i) => (i === k ? own + by : own));
    return (f(moved(h), label, target) - f(moved(-h), label, target)) / (2 * h);
  });
}

describe.each(names)('%s', (name) => {
  test.each([
    [2, 1],
    [3, 1],
    [4, 3],
    [10, 1],
    [10, 30],
    [10, 1e4],
    [100, 1e4],
    [10, 1e-3],
  ])(
    'over %i classes at scale %f is what its paper says, and so is its gradient',
    async (classes, scale) => {
      const given = randomCase(classes, scale);
      const { values, gradients } = await evaluate(lossNamed(name), given);
      for (let row = 0; row < ROWS; row++) {
        const z = rowOf(given.z, row, classes);
        const [label, target] = [given.labels[row] ?? 0, given.targets[row] ?? 0];
        const exact = published[name](z, label, target);
        expect(Math.abs((values[row] ?? Number.NaN) - exact)).toBeLessThanOrEqual(
          1e-5 * Math.max(Math.abs(exact), scale, 1),
        );
        const wanted = slopes(published[name], z, label, target);
        const size = Math.max(...wanted.map(Math.abs));
        rowOf(gradients, row, classes).forEach((slope, k) => {
          expect(Math.abs(slope - (wanted[k] ?? 0))).toBeLessThanOrEqual(2e-3 * size + 5e-8);
        });
      }
    },
  );
});

test('where cross-entropy has no gradient left in float32, what is climbed in its place has one', async () => {
  const given = randomCase(10, 1e4);
  // Each label far ahead of every rival.
  const sure = { ...given, z: given.z.slice() };
  sure.labels.forEach((label, row) => (sure.z[row * 10 + label] = 1e5));
  const plain = await evaluate((b, logits, label) => crossEntropy(b, logits, label), sure);
  expect(plain.gradients.every((slope) => slope === 0)).toBe(true);
  for (const name of ['cross-entropy', 'probability-margin', 'targeted-cross-entropy'] as const) {
    const { gradients } = await evaluate(lossNamed(name), sure);
    for (let row = 0; row < ROWS; row++) {
      const own = rowOf(gradients, row, 10);
      expect(own[sure.labels[row] ?? 0]).toBeLessThan(-0.5);
      expect(own.every(Number.isFinite)).toBe(true);
    }
  }
});

test('logits that are all alike give ratios and gradients that are numbers', async () => {
  const given = randomCase(10, 1);
  const flat = { ...given, z: given.z.map(() => 7) };
  for (const name of names) {
    const { values, gradients } = await evaluate(lossNamed(name), flat);
    expect([...values, ...gradients].every(Number.isFinite)).toBe(true);
  }
});
