/** Activation functions: an op of the IR, or a few of them whose bounds lose nothing. */
import { broadcastShapes } from '../../graph/dimension.ts';
import type { Node } from '../../graph/graph.ts';
import { power } from '../../graph/ops/powers.ts';
import { sizeOf } from '../../tensor/tensor.ts';
import { constantValue } from '../constant-value.ts';
import type { Lowering, LoweringContext } from '../lowering.ts';

/** min(x, 0). Its slope at 0 is 1, a ReLU's is 0: their sum has the slope of one side everywhere. */
function negativePart({ b }: LoweringContext, x: Node): Node {
  return b.push('clip', [x], { min: -Infinity, max: 0 });
}

/** max(x, 0) + α(e^(min(x, 0)/width) − 1): both parts increase, so their ends are the sum's. */
function exponentialLinear(c: LoweringContext, x: Node, alpha: number, width = 1): Node {
  const { b } = c;
  const below = negativePart(c, x);
  const curve = b.sub(b.exp(width === 1 ? below : b.mul(below, 1 / width)), 1);
  return b.add(b.relu(x), alpha === 1 ? curve : b.mul(curve, alpha));
}

function hardSigmoid(c: LoweringContext): Node {
  const line = c.b.add(c.b.mul(c.operand(), c.float('alpha', 0.2)), c.float('beta', 0.5));
  return c.b.push('clip', [line], { min: 0, max: 1 });
}

/**
 * x·clip(x/6 + ½, 0, 1) is a parabola between −3 and 3, ((x + 3/2)² − 9/4)/6, and a line behind: parts
 * whose ends are the sum's, which a product of two values that share x would forget.
 */
function hardSwish({ b }: LoweringContext, x: Node): Node {
  const shifted = b.add(b.push('clip', [x], { min: -3, max: 3 }), 1.5);
  const parabola = b.mul(b.sub(b.mul(shifted, shifted), 2.25), 1 / 6);
  return b.add(parabola, b.relu(b.sub(x, 3)));
}

/** x where x > α, else 0. */
function thresholded(c: LoweringContext, x: Node): Node {
  const { b } = c;
  const alpha = c.float('alpha', 1);
  return b.mul(alpha >= 0 ? b.relu(x) : x, b.greater(x, alpha));
}

function parametric(c: LoweringContext): Node {
  const { b } = c;
  const [x, slope] = [c.operand(0), c.real(1)];
  if (slope.op === 'constant' && sizeOf(slope.attributes.tensor.shape) === 1) {
    return b.push('leakyRelu', [x], { slope: Number(slope.attributes.tensor.data[0]) });
  }
  return b.add(b.relu(x), b.mul(negativePart(c, x), slope));
}

/** One exponent for all elements and a positive constant base have simpler forms, with tighter bounds. */
function pow(c: LoweringContext): Node {
  const { b } = c;
  const [base, exponent] = [c.real(0), c.real(1)];
  const held = constantValue(b, exponent);
  if (held) {
    const values = Array.from(held.data as ArrayLike<number>, Number);
    if (!values.every(Number.isFinite)) throw c.unsupported('an exponent is not a finite number');
    const [value] = values;
    if (value === undefined || new Set(values).size !== 1) {
      return b.push('raise', [base, b.floats(values, held.shape)], {});
    }
    const shape = broadcastShapes(base.shape, exponent.shape);
    if (!shape) throw c.invalid('the base and the exponent do not broadcast');
    return b.expand(power(b, base, value), shape);
  }
  if (base.op === 'constant') {
    const { data, shape } = base.attributes.tensor;
    const values = Array.from(data, Number);
    if (values.every((value) => value > 0 && Number.isFinite(value))) {
      return b.exp(b.mul(exponent, b.floats(values.map(Math.log), shape)));
    }
  }
  return b.push('raise', [base, exponent], {});
}

const plain =
  (op: 'sigmoid' | 'tanh' | 'softplus' | 'softsign' | 'erf' | 'mish' | 'sin' | 'cos'): Lowering =>
  (c) =>
    c.b.push(op, [c.operand()], {});

const rounding =
  (op: 'floor' | 'ceil' | 'round' | 'sign'): Lowering =>
  (c) =>
    c.b.push(op, [c.operand()], {});

export const activations: Readonly<Record<string, Lowering>> = {
  Relu: (c) => c.b.relu(c.operand()),
  LeakyRelu: (c) => c.b.push('leakyRelu', [c.operand()], { slope: c.float('alpha', 0.01) }),
  PRelu: parametric,
  ThresholdedRelu: (c) => thresholded(c, c.operand()),
  Sigmoid: plain('sigmoid'),
  Tanh: plain('tanh'),
  Softplus: plain('softplus'),
  Softsign: plain('softsign'),
  Erf: plain('erf'),
  Mish: plain('mish'),
  Gelu: (c) => {
    const approximate = c.text('approximate', 'none');
    if (approximate !== 'none' && approximate !== 'tanh') {
      throw c.invalid(`Gelu has no approximation ${approximate}`);
    }
    return c.b.push(approximate === 'tanh' ? 'geluTanh' : 'gelu', [c.operand()], {});
  },
  Elu: (c) => exponentialLinear(c, c.operand(), c.float('alpha', 1)),
  Selu: (c) => {
    const alpha = c.float('alpha', 1.6732632423543772);
    return c.b.mul(exponentialLinear(c, c.operand(), alpha), c.float('gamma', 1.0507009873554805));
  },
  Celu: (c) => {
    const alpha = c.float('alpha', 1);
    if (alpha === 0) throw c.invalid('Celu divides by its alpha, which is 0');
    return exponentialLinear(c, c.operand(), alpha, alpha);
  },
  HardSigmoid: hardSigmoid,
  HardSwish: (c) => hardSwish(c, c.operand()),
  Sin: plain('sin'),
  Cos: plain('cos'),
  Pow: pow,
  Floor: rounding('floor'),
  Ceil: rounding('ceil'),
  Round: rounding('round'),
  Sign: rounding('sign'),
};
