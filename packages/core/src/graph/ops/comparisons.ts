/**
 * Steps: piecewise constant functions and selections by them. Masks are float32 zeros and ones, so
 * that products with them stay inside the table. Their derivative is zero by definition; the range of
 * a step that touches its jump is the whole jump.
 */
import { floats } from '../../tensor/tensor.ts';
import type { Builder } from '../builder.ts';
import { broadcastShapes } from '../dimension.ts';
import type { Node, ValueType } from '../graph.ts';
import { broadcastType } from './arithmetic.ts';
import { stepLines } from './cornered-lines.ts';
import {
  type Bounds,
  type GradientContext,
  isPoint,
  type OpDefinition,
  type RelaxContext,
  ShapeError,
  isExact,
} from './definition.ts';
import type { Emitter } from './emitter.ts';
import { bounded, type Curve, type Lines } from './lines.ts';
import { only, pair } from './operands.ts';
import type { PlaneContext, Planes } from './planes.ts';
import { choicePlanes, equalityPlanes, orderPlanes } from './selection-planes.ts';

declare module '../graph.ts' {
  interface OpAttributes {
    /** 1 where x > 0. */
    step: object;
    sign: object;
    greater: object;
    greaterOrEqual: object;
    equal: object;
    /** Operands mask, a, b: a where the mask is 1, b where it is 0. */
    where: object;
  }
}

type Comparison = 'step' | 'sign' | 'greater' | 'greaterOrEqual' | 'equal' | 'where';

const zero = floats([0], []);
/** TensorProto.DataType codes of a Cast. */
const FLOAT = 1;
const BOOL = 9;

function asMask(e: Emitter, condition: string): string {
  return e.node('Cast', [condition], { to: FLOAT });
}

function maskType(operands: readonly ValueType[]): ValueType {
  return { type: 'float32', shape: broadcastType(operands).shape };
}

/**
 * The derivative of a fast sigmoid in the place of a step's at a distance from its edge (Zenke & Ganguli 2018,
 * eq. 3): greatest at the edge and nowhere zero, so that far steps count less than near ones.
 */
function nearEdge(b: Builder, distance: Node): Node {
  const far = b.add(b.abs(distance), 1);
  return b.div(1, b.mul(far, far));
}

/** What passes a comparison of two numbers, by what passes of their difference. */
function passing(
  { b, operands, cotangent }: Pick<GradientContext<Comparison>, 'b' | 'operands' | 'cotangent'>,
  index: number,
  slope: (b: Builder, difference: Node) => Node,
): Node | undefined {
  const [x, y] = pair(operands);
  // Whole numbers come from steps before, whose scores are what a search can climb.
  if (x.type !== 'float32') return undefined;
  const part = b.mul(cotangent, slope(b, b.sub(x, y)));
  return b.sumTo(index === 0 ? part : b.neg(part), (index === 0 ? x : y).shape);
}

/** An equality is a tent of height and half-width 1, that of neighbouring whole numbers: from one to the next. */
function besideEqual(b: Builder, difference: Node): Node {
  return b.neg(b.mul(b.sign(difference), b.greaterOrEqual(1, b.abs(difference))));
}

function comparison<K extends 'greater' | 'greaterOrEqual' | 'equal'>(
  onnx: string,
  ends: (b: Builder, x: Bounds, y: Bounds) => Bounds,
  slope: (b: Builder, difference: Node) => Node,
  planes: (context: PlaneContext<K>) => Planes | undefined,
): OpDefinition<K> {
  return {
    planes,
    kind: 'step',
    infer: (_, operands) => maskType(operands),
    emit: (e, _node, operands) =>
      asMask(
        e,
        e.node(
          onnx,
          operands.map((operand) => e.nameOf(operand)),
        ),
      ),
    gradient: () => undefined,
    surrogate: (context, index) => passing(context, index, slope),
    range: ({ b, node, operands }) => {
      const [x, y] = pair(operands);
      const [first, second] = node.operands;
      return first === second ? reflexive(b, node.op, x) : ends(b, x, y);
    },
  };
}

/**
 * A value beside itself: only NaN is not equal to itself, and where a value may be NaN its ends are not
 * finite, so that no bound is taken (finiteFlag).
 */
function reflexive(b: Builder, op: Comparison, { lower, upper }: Bounds): Bounds {
  const whole = b.min(b.equal(lower, lower), b.equal(upper, upper));
  return op === 'greater'
    ? { lower: b.mul(whole, 0), upper: b.mul(whole, 0) }
    : { lower: whole, upper: whole };
}

/** x > y is certain when x's least exceeds y's greatest, possible (jump included) when they touch. */
function orderEnds(b: Builder, x: Bounds, y: Bounds): Bounds {
  return { lower: b.greater(x.lower, y.upper), upper: b.greaterOrEqual(x.upper, y.lower) };
}

function equalEnds(b: Builder, x: Bounds, y: Bounds): Bounds {
  if (isPoint(x) && isPoint(y)) {
    const same = b.equal(x.lower, y.lower);
    return { lower: same, upper: same };
  }
  const overlap = b.mul(b.greaterOrEqual(x.upper, y.lower), b.greaterOrEqual(y.upper, x.lower));
  return { lower: b.mul(overlap, 0), upper: overlap };
}

function stepEnds(b: Builder, x: Bounds): Bounds {
  return { lower: b.step(x.lower), upper: b.greaterOrEqual(x.upper, 0) };
}

function signEnds(b: Builder, x: Bounds): Bounds {
  const doubled = (mask: Node): Node => b.sub(b.mul(mask, 2), 1);
  const { lower, upper } = stepEnds(b, x);
  return { lower: doubled(lower), upper: doubled(upper) };
}

/** Lines around a step at 0. */
function linesAtZero<K extends 'step' | 'sign'>(context: RelaxContext<K>, range: Bounds): Lines {
  const { b, node, x, centre, rounding } = context;
  const curve: Curve = {
    b,
    x,
    centre,
    at: (value) => b.push(node.op, [value], node.attributes),
    derivativeAt: (value) => b.mul(value, 0),
    error: { relative: 0, absolute: 0 },
    derivativeError: { relative: 0, absolute: 0 },
    exact: isExact(rounding),
  };
  return bounded(b, x, stepLines(curve, range, 0), range);
}

export const comparisons: { readonly [K in Comparison]: OpDefinition<K> } = {
  step: {
    kind: 'step',
    infer: (_, operands) => only(operands),
    emit: (e, _node, operands) => {
      const x = only(operands);
      // A ReLU's result is positive exactly where it is not zero: one cast instead of a comparison.
      const positive =
        x.op === 'relu'
          ? e.node('Cast', [e.nameOf(x)], { to: BOOL })
          : e.node('Greater', [e.nameOf(x), e.constant(zero)]);
      return asMask(e, positive);
    },
    gradient: () => undefined,
    surrogate: ({ b, operands, cotangent }) => b.mul(cotangent, nearEdge(b, only(operands))),
    range: ({ b, node, operands }) => {
      const x = only(operands);
      const { lower, upper } = stepEnds(b, x);
      // A ReLU's result has no values below 0: where its upper end is 0, it is 0 throughout, and flat.
      const isClipped = b.nodes[node.operands[0] ?? -1]?.op === 'relu';
      return { lower, upper: isClipped ? b.step(x.upper) : upper };
    },
    relax: (context) => linesAtZero(context, stepEnds(context.b, context.x)),
  },
  sign: {
    kind: 'step',
    infer: (_, operands) => only(operands),
    emit: (e, _node, operands) => e.node('Sign', [e.nameOf(only(operands))]),
    gradient: () => undefined,
    // As if it were a hard tanh (Hubara et al. 2016, eq. 4).
    surrogate: ({ b, operands, cotangent }) =>
      b.mul(cotangent, b.greaterOrEqual(1, b.abs(only(operands)))),
    range: ({ b, operands }) => {
      return signEnds(b, only(operands));
    },
    relax: (context) => linesAtZero(context, signEnds(context.b, context.x)),
  },
  greater: comparison<'greater'>('Greater', orderEnds, nearEdge, (context) =>
    orderPlanes(context, orderEnds(context.b, ...pair(context.operands))),
  ),
  greaterOrEqual: comparison<'greaterOrEqual'>('GreaterOrEqual', orderEnds, nearEdge, (context) =>
    orderPlanes(context, orderEnds(context.b, ...pair(context.operands))),
  ),
  equal: comparison<'equal'>('Equal', equalEnds, besideEqual, (context) => {
    const [x, y] = pair(context.operands);
    // Whole numbers are compared too; they are points.
    if (x.lower.type !== 'float32') return undefined;
    const [first, second] = context.node.operands;
    const { b } = context;
    return equalityPlanes(
      context,
      first === second ? reflexive(b, 'equal', x) : equalEnds(b, x, y),
    );
  }),
  where: {
    kind: 'coupled',
    linearIn: ([mask]) => mask !== true,
    planes: choicePlanes,
    infer: (_, operands) => {
      const [mask, a, b] = operands;
      const branches = broadcastType([a, b].filter((operand) => operand !== undefined));
      const shape = mask && broadcastShapes(mask.shape, branches.shape);
      if (!shape) throw new ShapeError('a mask does not broadcast to what it selects');
      return { type: branches.type, shape };
    },
    emit: (e, _node, operands) => {
      const [mask = '', a = '', b = ''] = operands.map((operand) => e.nameOf(operand));
      return e.node('Where', [e.node('Cast', [mask], { to: BOOL }), a, b]);
    },
    gradient: ({ b, operands, cotangent }, index) => {
      if (index === 0) return undefined;
      const mask = only(operands);
      const taken = operands[index];
      if (!taken) throw new ShapeError('an operand is missing');
      const share = index === 1 ? mask : b.sub(1, mask);
      return b.sumTo(b.mul(cotangent, share), taken.shape);
    },
    surrogate: (context, index) => {
      const { b, operands, cotangent } = context;
      const [mask, x, y] = operands;
      if (!mask || !x || !y) throw new ShapeError('an operand is missing');
      if (index !== 0) return comparisons.where.gradient?.(context, index);
      return b.sumTo(b.mul(cotangent, b.sub(x, y)), mask.shape);
    },
    range: ({ b, operands }) => {
      const [mask, x, y] = operands;
      if (!mask || !x || !y) throw new ShapeError('an operand is missing');
      // The mask is surely 1, surely 0, or open: then either branch may be taken. A mask that was
      // computed (a product of masks) has ends that are rounded outward, off 0 and 1.
      const [sure, possible] = [b.greater(mask.lower, 0.5), b.greater(mask.upper, 0.5)];
      const end = (join: (p: Node, q: Node) => Node, [p, q]: readonly [Node, Node]): Node =>
        isPoint(mask)
          ? b.where(mask.lower, p, q)
          : b.where(sure, p, b.where(possible, join(p, q), q));
      return {
        lower: end((p, q) => b.min(p, q), [x.lower, y.lower]),
        upper: end((p, q) => b.max(p, q), [x.upper, y.upper]),
      };
    },
  },
};
