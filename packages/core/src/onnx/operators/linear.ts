/** Gemm, MatMul, Conv and batch normalisation. */
import { known } from '../../graph/dimension.ts';
import type { Node } from '../../graph/graph.ts';
import type { ConvGeometry } from '../../graph/ops/convolutions.ts';
import type { Lowering, LoweringContext } from '../lowering.ts';
import { windowGeometry } from './windows.ts';

/** Adds a per-channel vector on axis 1. */
export function addBias(c: LoweringContext, value: Node, bias: Node | undefined): Node {
  if (!bias) return value;
  const shape = value.shape.map((_, i) => (i === 1 ? (bias.shape[0] ?? 1) : 1));
  return c.b.add(value, c.b.reshape(bias, shape));
}

function matMul(c: LoweringContext, x: Node, y: Node): Node {
  const { b } = c;
  const row = x.shape.length === 1 ? b.reshape(x, [1, x.shape[0] ?? 1]) : x;
  const column = y.shape.length === 1 ? b.reshape(y, [y.shape[0] ?? 1, 1]) : y;
  const product = b.matMul(row, column);
  const shape = [
    ...product.shape.slice(0, -2),
    ...(x.shape.length === 1 ? [] : [product.shape.at(-2) ?? 1]),
    ...(y.shape.length === 1 ? [] : [product.shape.at(-1) ?? 1]),
  ];
  return b.reshape(product, shape);
}

export const pick = ({
  strides,
  padBefore,
  padAfter,
  dilations,
  groups,
}: ConvGeometry): ConvGeometry => ({
  strides,
  padBefore,
  padAfter,
  dilations,
  groups,
});

export const linear: Readonly<Record<string, Lowering>> = {
  MatMul: (c) => matMul(c, c.operand(0), c.operand(1)),
  Gemm: (c) => {
    const { b } = c;
    const options = { transA: c.flag('transA', false), transB: c.flag('transB', false) };
    const product = b.matMul(c.operand(0), c.operand(1), options);
    const alpha = c.float('alpha', 1);
    const scaled = alpha === 1 ? product : b.mul(product, alpha);
    const bias = c.optional(2);
    const beta = c.float('beta', 1);
    if (!bias || beta === 0) return scaled;
    return b.add(scaled, beta === 1 ? bias : b.mul(bias, beta));
  },
  Conv: (c) => {
    const [x, w] = [c.operand(0), c.operand(1)];
    const kernel = w.shape.slice(2).map((dim) => known(dim, 'a kernel'));
    if (kernel.length > 2) throw c.unsupported('3-D convolutions are not supported');
    const geometry = { ...windowGeometry(c, kernel, x.shape), groups: c.int('group', 1) };
    return addBias(c, c.b.push('conv', [x, w], pick(geometry)), c.optional(2));
  },
  BatchNormalization: (c) => {
    if (c.flag('training_mode', false)) {
      throw c.unsupported('BatchNormalization is in training mode: export for inference');
    }
    return c.b.push('batchNorm', c.all().slice(0, 5), { epsilon: c.float('epsilon', 1e-5) });
  },
};
