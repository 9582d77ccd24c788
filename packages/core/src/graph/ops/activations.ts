/**
 * Elementwise functions of one value. Each row states its derivative as a graph, its range on an
 * interval and the error of one float32 evaluation (relative and absolute; those of the
 * transcendental functions are generous: runtimes approximate them by polynomials).
 */
import { floats } from '../../tensor/tensor.ts';
import type { Builder } from '../builder.ts';
import type { Node, OpAttributes } from '../graph.ts';
import { type Bounds, isPoint, type OpDefinition, ShapeError } from './definition.ts';
import { FEW_ULPS, outward, TINY } from './outward.ts';
import { only } from './structural.ts';

declare module '../graph.ts' {
  interface OpAttributes {
    relu: object;
    leakyRelu: { readonly slope: number };
    sigmoid: object;
    tanh: object;
    exp: object;
    log: object;
    sqrt: object;
    reciprocal: object;
    abs: object;
    /** Limits may be infinite. */
    clip: { readonly min: number; readonly max: number };
  }
}

type Activation =
  | 'relu'
  | 'leakyRelu'
  | 'sigmoid'
  | 'tanh'
  | 'exp'
  | 'log'
  | 'sqrt'
  | 'reciprocal'
  | 'abs'
  | 'clip';

interface Elementwise<K extends Activation> {
  readonly onnx: string;
  readonly attributes?: (a: OpAttributes[K]) => Record<string, { float: number }>;
  /** f′(x), given x and y = f(x). */
  readonly derivative: (b: Builder, x: Node, y: Node, a: OpAttributes[K]) => Node;
  /** Error of one float32 evaluation: relative·|f| + absolute. Absent: exact. */
  readonly error?: { readonly relative: number; readonly absolute: number };
  /** Ends over [l, u] before rounding; absent: f is increasing. */
  readonly ends?: (b: Builder, bounds: Bounds, at: (x: Node) => Node) => Bounds;
}

function single<T>(values: readonly T[]): T {
  const [value] = values;
  if (value === undefined) throw new ShapeError('an operand is missing');
  return value;
}

function elementwise<K extends Activation>(rule: Elementwise<K>): OpDefinition<K> {
  return {
    kind: 'elementwise',
    infer: (_, operands) => only(operands),
    emit: (e, node, operands) =>
      e.node(rule.onnx, [e.nameOf(single(operands))], rule.attributes?.(node.attributes) ?? {}),
    gradient: ({ b, node, operands, output, cotangent }) =>
      b.mul(cotangent, rule.derivative(b, single(operands), output, node.attributes)),
    range: ({ b, node, operands }) => {
      const x = single(operands);
      const at = (value: Node): Node => b.push(node.op, [value], node.attributes);
      const ends = rule.ends?.(b, x, at) ?? { lower: at(x.lower), upper: at(x.upper) };
      if (!rule.error) return ends;
      const { relative, absolute } = rule.error;
      return outward(b, ends, relative, absolute);
    },
  };
}

/** A couple of units in the last place, twice (the network's evaluation and the bound's). */
const rounded = { relative: 2 * FEW_ULPS, absolute: 2 * TINY };
const approximated = { relative: 2 ** -19, absolute: 2 ** -21 };

export const activations: { readonly [K in Activation]: OpDefinition<K> } = {
  relu: elementwise<'relu'>({
    onnx: 'Relu',
    derivative: (b, _x, y) => b.step(y),
  }),
  leakyRelu: elementwise<'leakyRelu'>({
    onnx: 'LeakyRelu',
    attributes: ({ slope }) => ({ alpha: { float: slope } }),
    derivative: (b, x, _y, { slope }) => b.add(b.mul(b.step(x), 1 - slope), slope),
    error: rounded,
    ends: (b, { lower, upper }, at) => {
      const [low, high] = [at(lower), at(upper)];
      if (low === high) return { lower: low, upper: high };
      // Increasing for slopes ≥ 0; a negative slope has its least value 0 where the interval holds 0.
      return {
        lower: b.min(b.min(low, high), b.where(straddlesZero(b, lower, upper), 0, low)),
        upper: b.max(low, high),
      };
    },
  }),
  sigmoid: elementwise<'sigmoid'>({
    onnx: 'Sigmoid',
    derivative: (b, _x, y) => b.mul(y, b.sub(1, y)),
    error: approximated,
  }),
  tanh: elementwise<'tanh'>({
    onnx: 'Tanh',
    derivative: (b, _x, y) => b.sub(1, b.mul(y, y)),
    error: approximated,
  }),
  exp: elementwise<'exp'>({
    onnx: 'Exp',
    derivative: (_b, _x, y) => y,
    error: { relative: 2 ** -19, absolute: 2 * TINY },
  }),
  log: elementwise<'log'>({
    onnx: 'Log',
    derivative: (b, x) => b.reciprocal(x),
    error: approximated,
  }),
  sqrt: elementwise<'sqrt'>({
    onnx: 'Sqrt',
    derivative: (b, _x, y) => b.mul(b.reciprocal(y), 0.5),
    error: rounded,
  }),
  reciprocal: elementwise<'reciprocal'>({
    onnx: 'Reciprocal',
    derivative: (b, _x, y) => b.neg(b.mul(y, y)),
    error: rounded,
    ends: (b, { lower, upper }, at) => {
      if (lower === upper) return { lower: at(lower), upper: at(upper) };
      // Where 0 may be inside there is no bound: infinite ends prove nothing.
      const pole = b.greaterOrEqual(0, b.mul(b.sign(lower), b.sign(upper)));
      return {
        lower: b.where(pole, -Infinity, at(upper)),
        upper: b.where(pole, Infinity, at(lower)),
      };
    },
  }),
  abs: elementwise<'abs'>({
    onnx: 'Abs',
    derivative: (b, x) => b.sign(x),
    ends: (b, { lower, upper }, at) =>
      isPoint({ lower, upper })
        ? { lower: at(lower), upper: at(lower) }
        : {
            lower: b.max(b.max(lower, b.neg(upper)), 0),
            upper: b.max(at(lower), at(upper)),
          },
  }),
  clip: {
    ...elementwise<'clip'>({
      onnx: 'Clip',
      derivative: (b, x, _y, { min, max }) =>
        b.mul(b.greaterOrEqual(x, min), b.greaterOrEqual(max, x)),
    }),
    emit: (e, { attributes: { min, max } }, operands) => {
      const limit = (value: number): string =>
        Number.isFinite(value) ? e.constant(floats([value], [])) : '';
      return e.node('Clip', [e.nameOf(single(operands)), limit(min), limit(max)]);
    },
  },
};

function straddlesZero(b: Builder, lower: Node, upper: Node): Node {
  return b.mul(b.greaterOrEqual(0, lower), b.greaterOrEqual(upper, 0));
}
