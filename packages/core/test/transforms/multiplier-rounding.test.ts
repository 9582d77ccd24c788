/**
 * A multiplier of a value inside weighs what the network computes, rounding included: by as much as it may be off,
 * times the multiplier, a bound must be lower.
 */
import { expect, test } from 'vitest';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { propagateIntervals } from '../../src/transforms/interval.ts';
import { roundingModel } from '../../src/transforms/rounding.ts';
import { runOnnx } from '../onnxruntime.ts';
import { boxSet } from './interval-graph.ts';

const TERMS = 256;

test.each([1e4, -1e4])(
  'a multiplier of %s is charged the rounding of its value',
  async (factor) => {
    const b = new Builder();
    const x = b.input('x', [BATCH, TERMS]);
    const weights = Float32Array.from({ length: TERMS }, (_, i) => (i % 2 === 0 ? 1 : -0.5));
    const value = b.matMul(x, b.floats(weights, [TERMS, 1]));
    const out = b.relu(value);
    const sets = new Map([[x.id, boxSet(b, x, { lower: x, upper: b.mul(x, 1) })]]);
    const propagation = propagateIntervals(b, b.graph({}), sets, roundingModel('float32'));
    const rows = b.expand(b.floats([1], [1, 1, 1]), [BATCH, 1, 1]);
    const multiplier = b.expand(b.floats([factor], [1, 1, 1]), [BATCH, 1, 1]);
    const { lower, estimate } = propagation.backwardBoundOf(out, rows, {
      multipliers: {
        multiplierAt: (node) =>
          node === value ? { value: multiplier, added: b.mul(multiplier, 1) } : undefined,
      },
    });
    const bytes = writeModel(b.graph({ lower, estimate }));
    const results = await runOnnx(bytes, {
      x: floats(new Float32Array(TERMS).fill(1), [1, TERMS]),
    });
    const slack = Number(results['estimate']?.data[0]) - Number(results['lower']?.data[0]);
    // An addition may round all that is positive: half of the terms, of 1 each.
    const off = (TERMS - 1) * 2 ** -24 * (TERMS / 2);
    expect(slack).toBeGreaterThan(Math.abs(factor) * off);
  },
);
