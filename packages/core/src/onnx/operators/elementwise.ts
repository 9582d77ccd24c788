/** Operators that work element by element, and broadcasting arithmetic. */
import type { Builder } from '../../graph/builder.ts';
import { broadcastShapes, printShape, type Shape } from '../../graph/dimension.ts';
import type { Node } from '../../graph/graph.ts';
import type { Lowering, LoweringContext } from '../lowering.ts';

type Unary = (context: LoweringContext, x: Node) => Node;
const unary =
  (make: Unary): Lowering =>
  (context) =>
    make(context, context.operand());

const fold =
  (join: (context: LoweringContext, a: Node, b: Node) => Node): Lowering =>
  (context) =>
    context.alike().reduce((a, b) => join(context, a, b));

/** What is given twice changes nothing. */
const extreme =
  (join: (context: LoweringContext, a: Node, b: Node) => Node): Lowering =>
  (context) =>
    [...new Set(context.alike())].reduce((a, b) => join(context, a, b));

const isNumber = (node: Node | undefined, value: number): boolean =>
  node?.op === 'constant' && node.attributes.tensor.data.every((each) => Number(each) === value);

const isOne = (node: Node): boolean => isNumber(node, 1);

/**
 * σ(z) where x is 1 + e⁻ᶻ, as it is written by hand: the same values, and a slope also where e⁻ᶻ is
 * infinite. (eᶻ/(1 + eᶻ) is no number there and stays as it is.) `ones`: the shape of what x divides.
 */
function logistic(b: Builder, x: Node, ones: Shape): Node | undefined {
  if (x.op !== 'add') return undefined;
  const terms = x.operands.flatMap((id) => b.nodes[id] ?? []);
  const power = terms.find(({ op }) => op === 'exp');
  const one = terms.find((term) => term !== power);
  if (!power || !one || !isOne(one) || printShape(power.shape) !== printShape(x.shape)) {
    return undefined;
  }
  if (printShape(broadcastShapes(ones, x.shape) ?? []) !== printShape(x.shape)) return undefined;
  const [exponent] = power.operands.flatMap((id) => b.nodes[id] ?? []);
  return exponent && b.push('sigmoid', [opposite(b, exponent)], {});
}

function opposite(b: Builder, x: Node): Node {
  const [first, second] = x.operands.flatMap((id) => b.nodes[id] ?? []);
  if (x.op === 'neg' && first) return first;
  const product = x.op === 'mul' ? [first, second] : [];
  const factor = product.find((each) => isNumber(each, -1));
  const other = product.find((each) => each !== factor);
  const kept = factor && other && printShape(other.shape) === printShape(x.shape);
  return kept ? other : b.neg(x);
}

export const elementwise: Readonly<Record<string, Lowering>> = {
  Add: fold(({ b }, x, y) => b.add(x, y)),
  Sub: fold(({ b }, x, y) => b.sub(x, y)),
  Mul: fold(({ b }, x, y) => b.mul(x, y)),
  Div: fold(({ b }, x, y) => (isOne(x) && logistic(b, y, x.shape)) || b.div(x, y)),
  Sum: fold(({ b }, x, y) => b.add(x, y)),
  Mean: (c) => {
    const values = c.all();
    const sum = values.reduce((x, y) => c.b.add(x, y));
    return values.length === 1 ? sum : c.b.mul(sum, 1 / values.length);
  },
  Max: extreme(({ b }, x, y) => b.max(x, y)),
  Min: extreme(({ b }, x, y) => b.min(x, y)),
  Neg: unary(({ b }, x) => b.neg(x)),
  Abs: unary(({ b }, x) => b.abs(x)),
  Exp: unary(({ b }, x) => b.exp(x)),
  Log: unary(({ b }, x) => b.log(x)),
  Sqrt: unary(({ b }, x) => b.sqrt(x)),
  Reciprocal: unary(({ b }, x) => logistic(b, x, []) ?? b.reciprocal(x)),
  Identity: unary((_, x) => x),
  Clip: (c) => {
    const limit = (i: number, name: string, absent: number): number =>
      c.opset < 11 ? c.float(name, absent) : (c.numbers(i)?.[0] ?? absent);
    const [min, max] = [limit(1, 'min', -Infinity), limit(2, 'max', Infinity)];
    return c.b.push('clip', [c.operand()], { min, max });
  },
  Dropout: (c) => {
    if (c.opset >= 12 && c.optional(2) && (c.numbers(2)?.[0] ?? 0) !== 0) {
      throw c.unsupported(
        'Dropout in training mode is supported in float32 and in the main graph only: export for inference',
      );
    }
    return c.b.push('dropout', [c.operand()], { ratio: c.float('ratio', 0.5) });
  },
};
