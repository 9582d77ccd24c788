/**
 * Sums, products and extremes of two values with NumPy broadcasting. Their kind depends on which
 * operands are perturbed: a product with a point is linear, of two perturbed values coupled.
 */
import type { Builder } from '../builder.ts';
import { broadcastShapes, printShape, sameShape, type Shape } from '../dimension.ts';
import type { Node, ValueType } from '../graph.ts';
import type { Emitter } from './emitter.ts';
import {
  type Bounds,
  type Cropping,
  isExact,
  isPoint,
  type LipschitzContext,
  oneFactor,
  type OpDefinition,
  type RangeContext,
  ShapeError,
} from './definition.ts';
import { FEW_ULPS, fusedError, magnitude, outwardBy, TINY } from './outward.ts';
import { only, pair } from './operands.ts';
import { multiplicationPlanes, quotientPlanes } from './product-planes.ts';
import { extremePlanes } from './selection-planes.ts';
import { placewise } from './windows.ts';

declare module '../graph.ts' {
  interface OpAttributes {
    add: object;
    sub: object;
    mul: object;
    div: object;
    neg: object;
    max: object;
    min: object;
  }
}

type Arithmetic = 'add' | 'sub' | 'mul' | 'div' | 'neg' | 'max' | 'min';
type Binary = Exclude<Arithmetic, 'neg'>;

export function broadcastType(operands: readonly ValueType[]): ValueType {
  const [a, b] = operands;
  const shape = a && b && broadcastShapes(a.shape, b.shape);
  if (!shape) {
    throw new ShapeError(
      `shapes ${operands.map((operand) => printShape(operand.shape)).join(' and ')} do not broadcast`,
    );
  }
  if (a.type !== b.type) throw new ShapeError(`types ${a.type} and ${b.type} do not mix`);
  return { type: a.type, shape };
}

function emitAs(opType: string): OpDefinition<Binary>['emit'] {
  return (e, node, operands) =>
    e.node(
      opType,
      operands.map((operand) => broadcastName(e, operand, node)),
    );
}

/**
 * A number beside a value whose last axis is of size 1 is given as many axes: ONNX Runtime takes sixty times as long
 * otherwise, element by element.
 */
function broadcastName(e: Emitter, operand: Node, { shape }: Node): string {
  const isShorter = operand.shape.length < shape.length && shape.at(-1) === 1;
  if (operand.op !== 'constant' || operand.attributes.parameter || !isShorter) {
    return e.nameOf(operand);
  }
  const { type, data } = operand.attributes.tensor;
  const isNumber = data.length === 1;
  return isNumber ? e.constant({ type, shape: shape.map(() => 1), data }) : e.nameOf(operand);
}

/** Below it a value less γ times its size grows with the value. */
const MONOTONE_GAMMA = 0.5;

/**
 * The ends of x ± y, rounded as part of its fused region: each end by the terms at that end, since
 * v − γ|v| grows with v.
 */
function sumRange(context: RangeContext<'add' | 'sub'>, sign: 1 | -1): Bounds {
  const { b, rounding, fused } = context;
  const [x, y] = pair(context.operands);
  const sum = (v: Node, w: Node): Node => (sign === 1 ? b.add(v, w) : b.sub(v, w));
  const [low, high] = sign === 1 ? [y.lower, y.upper] : [y.upper, y.lower];
  const ends = { lower: sum(x.lower, low), upper: sum(x.upper, high) };
  if (isExact(rounding)) return ends;
  const gamma = rounding.gamma(fused);
  if (gamma > MONOTONE_GAMMA) {
    return outwardBy(b, ends, fusedError(context, b.add(magnitude(b, x), magnitude(b, y))));
  }
  const [share, least] = [gamma * (1 + FEW_ULPS) + FEW_ULPS, rounding.tiny(fused) + 2 * TINY];
  const part = (v: Node): Node => b.mul(b.abs(v), share);
  const slack = (v: Node, w: Node): Node => b.add(part(v), b.add(part(w), least));
  return {
    lower: b.sub(ends.lower, slack(x.lower, low)),
    upper: b.add(ends.upper, slack(x.upper, high)),
  };
}

function extremes(b: Builder, values: readonly Node[]): Bounds {
  return {
    lower: values.reduce((least, value) => b.min(least, value)),
    upper: values.reduce((most, value) => b.max(most, value)),
  };
}

/** |max(a, b) − max(a′, b′)| is at most the greater of both changes, which broadcasting repeats. */
function extremeChange({
  order,
  node,
  operands,
  changes,
}: LipschitzContext<'max' | 'min'>): number {
  if (order === Infinity) return Math.max(...changes);
  const elements = (shape: Shape): number =>
    shape.reduce<number>((count, dim) => count * (typeof dim === 'number' ? dim : 1), 1);
  const total = operands.reduce((sum, { shape }, i) => {
    const repeats = Math.ceil(elements(node.shape) / elements(shape));
    return sum + repeats * (changes[i] ?? 0) ** order;
  }, 0);
  return total ** (1 / order);
}

/** Share of the cotangent for an extreme's operand: 1 where it is taken, ½ at ties. */
function share(b: Builder, winner: Node, loser: Node): Node {
  return b.mul(b.add(b.greater(winner, loser), b.greaterOrEqual(winner, loser)), 0.5);
}

/** A sum moves as far as its terms together. */
function sumOfDeviations(
  b: Builder,
  { shape }: ValueType,
  moves: readonly (Node | undefined)[],
): Node {
  const [first = b.scalar(0), ...others] = moves.filter((move) => move !== undefined);
  return b.expand(
    others.reduce((sum, move) => b.add(sum, move), first),
    shape,
  );
}

/** A term of a sum: one that is repeated along spatial axes stays as it is. */
function croppedTerm(term: Node, sum: Node, { ends, crop }: Cropping): Node | undefined {
  const own = term.shape.slice(2 - sum.shape.length);
  if (own.every((size) => size === 1)) return term;
  return sameShape(term.shape.slice(2), sum.shape.slice(2)) ? crop(term, ends) : undefined;
}

export const arithmetic: { readonly [K in Arithmetic]: OpDefinition<K> } = {
  add: {
    kind: 'linear',
    infer: (_, operands) => broadcastType(operands),
    emit: emitAs('Add'),
    gradient: ({ b, operands, cotangent }, i) =>
      b.sumTo(cotangent, pair(operands)[i === 0 ? 0 : 1].shape),
    cropped: (b, node, operands, cropping) => {
      const [x, y] = pair(operands).map((operand) => croppedTerm(operand, node, cropping));
      return x && y && b.add(x, y);
    },
    windowed: placewise,
    terms: () => 1,
    deviation: sumOfDeviations,
    range: (context) => sumRange(context, 1),
  },
  sub: {
    kind: 'linear',
    absolute: (b, _node, [x, y]) => b.add(x ?? 0, y ?? 0),
    infer: (_, operands) => broadcastType(operands),
    emit: emitAs('Sub'),
    gradient: ({ b, operands, cotangent }, i) =>
      i === 0
        ? b.sumTo(cotangent, pair(operands)[0].shape)
        : b.neg(b.sumTo(cotangent, pair(operands)[1].shape)),
    windowed: placewise,
    terms: () => 1,
    deviation: sumOfDeviations,
    range: (context) => sumRange(context, -1),
  },
  mul: {
    kind: 'linear',
    linearIn: oneFactor,
    infer: (_, operands) => broadcastType(operands),
    emit: emitAs('Mul'),
    gradient: ({ b, operands, cotangent }, i) => {
      const [x, y] = pair(operands);
      return i === 0
        ? b.sumTo(b.mul(cotangent, y), x.shape)
        : b.sumTo(b.mul(cotangent, x), y.shape);
    },
    windowed: placewise,
    terms: () => 1,
    planes: multiplicationPlanes,
    evaluationError: (context, output) => fusedError(context, magnitude(context.b, output)),
    range: (context) => {
      const { b, node } = context;
      const [x, y] = pair(context.operands);
      const error = fusedError(context, b.mul(magnitude(b, x), magnitude(b, y)));
      if (node.operands[0] === node.operands[1] && !isPoint(x)) {
        // A square is never negative, which the product of two independent boxes does not know.
        const [low, high] = [b.mul(x.lower, x.lower), b.mul(x.upper, x.upper)];
        const away = b.max(b.max(x.lower, b.neg(x.upper)), 0);
        return outwardBy(b, { lower: b.mul(away, away), upper: b.max(low, high) }, error);
      }
      const products = [
        b.mul(x.lower, y.lower),
        b.mul(x.lower, y.upper),
        b.mul(x.upper, y.lower),
        b.mul(x.upper, y.upper),
      ];
      return outwardBy(b, extremes(b, [...new Set(products)]), error);
    },
  },
  div: {
    kind: 'coupled',
    linearIn: ([, divisor]) => divisor !== true,
    divides: true,
    infer: (_, operands) => broadcastType(operands),
    emit: emitAs('Div'),
    gradient: ({ b, operands, output, cotangent }, i) => {
      const [x, y] = pair(operands);
      return i === 0
        ? b.sumTo(b.div(cotangent, y), x.shape)
        : b.sumTo(b.neg(b.div(b.mul(cotangent, output), y)), y.shape);
    },
    terms: () => 1,
    planes: quotientPlanes,
    evaluationError: (context, output) => fusedError(context, magnitude(context.b, output)),
    range: (context) => {
      const { b } = context;
      const [x, y] = pair(context.operands);
      const quotients = [
        b.div(x.lower, y.lower),
        b.div(x.lower, y.upper),
        b.div(x.upper, y.lower),
        b.div(x.upper, y.upper),
      ];
      const ends = extremes(b, [...new Set(quotients)]);
      const error = fusedError(context, b.max(b.abs(ends.lower), b.abs(ends.upper)));
      if (isPoint(y)) return outwardBy(b, ends, error);
      // A divisor that may be 0 leaves no bound: the ends become infinite, which proves nothing.
      const straddles = b.greaterOrEqual(0, b.mul(b.sign(y.lower), b.sign(y.upper)));
      const guarded = {
        lower: b.where(straddles, -Infinity, ends.lower),
        upper: b.where(straddles, Infinity, ends.upper),
      };
      return outwardBy(b, guarded, error);
    },
  },
  neg: {
    kind: 'linear',
    absolute: (b, _node, [x]) => x ?? b.scalar(0),
    infer: (_, operands) => only(operands),
    emit: (e, _node, operands) =>
      e.node(
        'Neg',
        operands.map((operand) => e.nameOf(operand)),
      ),
    gradient: ({ b, cotangent }) => b.neg(cotangent),
    range: ({ b, operands }) => {
      const [x] = operands;
      if (!x) throw new ShapeError('an operand is missing');
      const lower = b.neg(x.upper);
      return { lower, upper: isPoint(x) ? lower : b.neg(x.lower) };
    },
  },
  max: {
    kind: 'coupled',
    lipschitz: extremeChange,
    evaluationError: 'exact',
    infer: (_, operands) => broadcastType(operands),
    emit: emitAs('Max'),
    gradient: ({ b, operands, cotangent }, i) => {
      const [x, y] = pair(operands);
      return i === 0
        ? b.sumTo(b.mul(cotangent, share(b, x, y)), x.shape)
        : b.sumTo(b.mul(cotangent, share(b, y, x)), y.shape);
    },
    planes: (context) => extremePlanes(context, 'max'),
    range: ({ b, operands }) => {
      const [x, y] = pair(operands);
      return { lower: b.max(x.lower, y.lower), upper: b.max(x.upper, y.upper) };
    },
  },
  min: {
    kind: 'coupled',
    lipschitz: extremeChange,
    evaluationError: 'exact',
    infer: (_, operands) => broadcastType(operands),
    emit: emitAs('Min'),
    gradient: ({ b, operands, cotangent }, i) => {
      const [x, y] = pair(operands);
      return i === 0
        ? b.sumTo(b.mul(cotangent, share(b, y, x)), x.shape)
        : b.sumTo(b.mul(cotangent, share(b, x, y)), y.shape);
    },
    planes: (context) => extremePlanes(context, 'min'),
    range: ({ b, operands }) => {
      const [x, y] = pair(operands);
      return { lower: b.min(x.lower, y.lower), upper: b.min(x.upper, y.upper) };
    },
  },
};
