/** Operators that work element by element, and broadcasting arithmetic. */
import type { Node } from '../../graph/graph.ts';
import { FLOAT16 } from '../element-types.ts';
import type { Lowering, LoweringContext } from '../lowering.ts';

type Unary = (context: LoweringContext, x: Node) => Node;
const unary =
  (make: Unary): Lowering =>
  (context) =>
    make(context, context.operand());

const fold =
  (join: (context: LoweringContext, a: Node, b: Node) => Node): Lowering =>
  (context) =>
    context
      .all()
      .slice(1)
      .reduce((a, b) => join(context, a, b), context.operand());

export const elementwise: Readonly<Record<string, Lowering>> = {
  Add: fold(({ b }, x, y) => b.add(x, y)),
  Sub: fold(({ b }, x, y) => b.sub(x, y)),
  Mul: fold(({ b }, x, y) => b.mul(x, y)),
  Div: fold(({ b }, x, y) => b.div(x, y)),
  Sum: fold(({ b }, x, y) => b.add(x, y)),
  Max: fold(({ b }, x, y) => b.max(x, y)),
  Min: fold(({ b }, x, y) => b.min(x, y)),
  Neg: unary(({ b }, x) => b.neg(x)),
  Abs: unary(({ b }, x) => b.abs(x)),
  Exp: unary(({ b }, x) => b.exp(x)),
  Log: unary(({ b }, x) => b.log(x)),
  Sqrt: unary(({ b }, x) => b.sqrt(x)),
  Reciprocal: unary(({ b }, x) => b.reciprocal(x)),
  Relu: unary(({ b }, x) => b.relu(x)),
  LeakyRelu: unary((c, x) => c.b.push('leakyRelu', [x], { slope: c.float('alpha', 0.01) })),
  Sigmoid: unary(({ b }, x) => b.push('sigmoid', [x], {})),
  Tanh: unary(({ b }, x) => b.push('tanh', [x], {})),
  Identity: unary((_, x) => x),
  Clip: (c) => {
    const limit = (i: number, name: string, absent: number): number =>
      c.opset < 11 ? c.float(name, absent) : (c.numbers(i)?.[0] ?? absent);
    const [min, max] = [limit(1, 'min', -Infinity), limit(2, 'max', Infinity)];
    return c.b.push('clip', [c.operand()], { min, max });
  },
  Cast: (c) => {
    const x = c.operand();
    const to = c.int('to', 1);
    // Float16 values are float32 numbers here (precision.ts).
    if (to !== 1 && to !== FLOAT16) {
      throw c.unsupported('only casts to float32 and float16 are supported on data');
    }
    if (x.type === 'float32') return x;
    const value = c.constant(0);
    if (!value) throw c.invalid('Cast needs an operand');
    const numbers = Array.from(value.data as ArrayLike<number | bigint>, Number);
    return c.b.floats(numbers, value.shape);
  },
  Dropout: (c) => {
    if (c.opset >= 12 && c.optional(2) && (c.numbers(2)?.[0] ?? 0) !== 0) {
      throw c.unsupported('Dropout in training mode draws random numbers: export for inference');
    }
    return c.b.push('dropout', [c.operand()], { ratio: c.float('ratio', 0.5) });
  },
};
