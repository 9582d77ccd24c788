/** Sums in blocks are the same sums, and count fewer terms. */
import { describe, expect, test } from 'vitest';
import { Builder } from '../../src/graph/builder.ts';
import type { Node, NodeOf } from '../../src/graph/graph.ts';
import { type Blocked, blockedConvolution, blockedProduct } from '../../src/graph/ops/blocked.ts';
import { evaluateOutputs } from '../oracle/evaluate.ts';
import { Draw } from '../generators/draw.ts';

const draw = new Draw(5);
const b = new Builder();
const random = (...shape: number[]): Node => {
  const size = shape.reduce((product, dim) => product * dim, 1);
  return b.floats(
    draw.list(size, () => draw.real(-1, 1)),
    shape,
  );
};

function expectSame(blocked: Blocked | undefined, plain: Node, terms: number): void {
  if (!blocked) throw new Error('there are no blocks');
  expect(blocked.terms).toBeLessThan(terms);
  const found = evaluateOutputs(b.graph({ plain, blocked: blocked.value }), {});
  const values = Array.from(found['blocked']?.data ?? [], Number);
  expect(found['blocked']?.shape).toEqual(found['plain']?.shape);
  Array.from(found['plain']?.data ?? [], Number).forEach((value, i) => {
    expect(values[i]).toBeCloseTo(value, 4);
  });
}

describe('in blocks', () => {
  test.each([false, true])('a product, its weights transposed: %s', (transB) => {
    const operands = [random(3, 84), transB ? random(4, 84) : random(84, 4)] as const;
    const plain = b.matMul(...operands, { transB }) as NodeOf<'matMul'>;
    expectSame(blockedProduct(b, plain, operands), plain, 84);
  });

  test.each([1, 2])('a convolution with stride %i', (stride) => {
    const operands = [random(2, 12, 5, 6), random(3, 12, 3, 3)];
    const geometry = {
      strides: [stride, 1],
      padBefore: [1, 0],
      padAfter: [0, 2],
      dilations: [1, 1],
      groups: 1,
    };
    const plain = b.push('conv', operands, geometry) as NodeOf<'conv'>;
    expectSame(blockedConvolution(b, plain, operands), plain, 108);
  });

  test('sums of a prime or a small number of products stay one sum', () => {
    for (const n of [8, 83]) {
      const operands = [random(1, n), random(n, 2)] as const;
      const plain = b.matMul(...operands) as NodeOf<'matMul'>;
      expect(blockedProduct(b, plain, operands)).toBeUndefined();
    }
  });
});
