/**
 * What the families of elementwise functions of one value share: a row states its derivative as a
 * graph, its ends on an interval and the error of one float32 evaluation, and becomes an op.
 */
import type { Builder } from '../builder.ts';
import type { Node, OpAttributes, OpName } from '../graph.ts';
import {
  type Bounds,
  isPoint,
  type OpDefinition,
  type RelaxContext,
  isExact,
} from './definition.ts';
import type { Emitter } from './emitter.ts';
import { bounded, type Curve, type Lines } from './lines.ts';
import { FEW_ULPS, magnitude, outward, TINY } from './outward.ts';
import { only } from './operands.ts';
import { placewise } from './windows.ts';

/** An error of relative·|f| + absolute. */
export interface EvaluationError {
  readonly relative: number;
  readonly absolute: number;
}

/** Ends of a function over an interval before rounding; `at` applies the function itself. */
export type Ends<K extends OpName> = (
  b: Builder,
  bounds: Bounds,
  at: (x: Node) => Node,
  attributes: OpAttributes[K],
) => Bounds;

export interface Elementwise<K extends OpName> {
  /** The ONNX operator, or how to write it in several. */
  readonly onnx: string | ((e: Emitter, x: string, attributes: OpAttributes[K]) => string);
  readonly attributes?: (a: OpAttributes[K]) => Record<string, { float: number }>;
  /** f′(x), given x and y = f(x). */
  readonly derivative: (b: Builder, x: Node, y: Node, a: OpAttributes[K]) => Node;
  /** Whether f has values on a part of the numbers only: what is no number has a slope of 0. */
  readonly partial?: (a: OpAttributes[K]) => boolean;
  /** Error of one float32 evaluation, and of the bound's own. Absent: exact. */
  readonly error?: EvaluationError | ((a: OpAttributes[K]) => EvaluationError);
  /** Absent: f is increasing. */
  readonly ends?: Ends<K>;
  /** The greatest |f′|, rounded up; absent: there is none. */
  readonly steepest?: number | ((attributes: OpAttributes[K]) => number);
  /** How lines enclose it; absent: no line does but flat ones. */
  readonly lines?: (curve: Curve, attributes: OpAttributes[K]) => Lines | undefined;
  /** The s of max(x, s·x); absent or undefined: it is no hinge. */
  readonly hinge?: (attributes: OpAttributes[K]) => number | undefined;
  /** Error of one evaluation of the derivative, where lines are tangent. */
  readonly derivativeError?: EvaluationError | ((a: OpAttributes[K]) => EvaluationError);
}

const EXACT: EvaluationError = { relative: 0, absolute: 0 };

function given<A>(
  error: EvaluationError | ((attributes: A) => EvaluationError) | undefined,
  attributes: A,
): EvaluationError {
  return (typeof error === 'function' ? error(attributes) : error) ?? EXACT;
}

/** A couple of units in the last place, twice (the network's evaluation and the bound's). */
export const rounded: EvaluationError = { relative: 2 * FEW_ULPS, absolute: 2 * TINY };
/**
 * Transcendental functions: runtimes approximate them by polynomials, to a few units in the last
 * place of values around 1; sixteen times what ONNX Runtime was seen to err by.
 */
export const approximated: EvaluationError = { relative: 2 ** -19, absolute: 2 ** -21 };

export function elementwise<K extends OpName>(rule: Elementwise<K>): OpDefinition<K> {
  const { onnx, error, lines, hinge, steepest } = rule;
  const errorOf = (attributes: OpAttributes[K]): EvaluationError => given(error, attributes);
  const rangeOf = (b: Builder, x: Bounds, at: (x: Node) => Node, a: OpAttributes[K]): Bounds => {
    const ends = rule.ends?.(b, x, at, a) ?? { lower: at(x.lower), upper: at(x.upper) };
    if (!error) return ends;
    const { relative, absolute } = errorOf(a);
    return outward(b, ends, relative, absolute);
  };
  const relax = ({ b, node, x, centre, rounding }: RelaxContext<K>): Lines | undefined => {
    const at = (value: Node): Node => b.push(node.op, [value], node.attributes);
    const made = lines?.(
      {
        b,
        x,
        centre,
        at,
        derivativeAt: (value) => rule.derivative(b, value, at(value), node.attributes),
        error: errorOf(node.attributes),
        derivativeError: given(rule.derivativeError, node.attributes),
        exact: isExact(rounding),
      },
      node.attributes,
    );
    // A hinge's lines hold on any interval, and turn about the origin.
    const turns = hinge?.(node.attributes) !== undefined;
    return turns || !made ? made : bounded(b, x, made, rangeOf(b, x, at, node.attributes));
  };
  return {
    ...(lines ? { relax } : {}),
    ...(steepest === undefined
      ? {}
      : {
          lipschitz: ({ node, changes: [change = 0] }) =>
            change * (typeof steepest === 'function' ? steepest(node.attributes) : steepest),
        }),
    ...(hinge ? { hinge } : {}),
    kind: 'elementwise',
    infer: (_, operands) => only(operands),
    windowed: placewise,
    cropped: (b, { op, attributes }, operands, { ends, crop }) =>
      b.push(op, [crop(only(operands), ends)], attributes),
    emit: (e, { attributes }, operands) => {
      const x = e.nameOf(only(operands));
      if (typeof onnx === 'function') return onnx(e, x, attributes);
      return e.node(onnx, [x], rule.attributes?.(attributes) ?? {});
    },
    evaluationError: error
      ? ({ b, node }, output) => {
          const { relative, absolute } = errorOf(node.attributes);
          return b.add(b.mul(magnitude(b, output), relative), absolute);
        }
      : 'exact',
    gradient: ({ b, node, operands, output, cotangent }) => {
      const slope = rule.derivative(b, only(operands), output, node.attributes);
      return b.mul(cotangent, rule.partial?.(node.attributes) ? orZero(b, slope) : slope);
    },
    range: ({ b, node, operands }) => {
      const x = only(operands);
      const at = (value: Node): Node => b.push(node.op, [value], node.attributes);
      return rangeOf(b, x, at, node.attributes);
    },
  };
}

/**
 * A slope, 0 where it is no number: a selection that leaves such values out passes them a cotangent of 0,
 * and 0·NaN would be NaN. Only NaN differs from itself.
 */
export function orZero(b: Builder, slope: Node): Node {
  return b.where(b.equal(slope, slope), slope, 0);
}

/** 1 where the interval holds a number, or comes within a few units in the last place of it. */
export function holds(b: Builder, { lower, upper }: Bounds, number: number): Node {
  const near = Math.abs(number) * 2 ** -21;
  return b.min(b.greaterOrEqual(number + near, lower), b.greaterOrEqual(upper, number - near));
}

/** Ends of a function that falls until x = bottom, where it is `least`, and rises from there. */
export function valley<K extends OpName>(bottom: number, least: number): Ends<K> {
  return (b, bounds, at) => {
    const [low, high] = [at(bounds.lower), at(bounds.upper)];
    if (isPoint(bounds)) return { lower: low, upper: high };
    return {
      lower: b.where(holds(b, bounds, bottom), least, b.min(low, high)),
      upper: b.max(low, high),
    };
  };
}

/** Ends of a function that is monotone on either side of a pole at 0, where it has no bound. */
export function pole(b: Builder, bounds: Bounds, at: (x: Node) => Node): Bounds {
  const [low, high] = [at(bounds.lower), at(bounds.upper)];
  if (isPoint(bounds)) return { lower: low, upper: high };
  // Where 0 may be inside there is no bound: infinite ends prove nothing.
  const open = b.greaterOrEqual(0, b.mul(b.sign(bounds.lower), b.sign(bounds.upper)));
  return {
    lower: b.where(open, -Infinity, b.min(low, high)),
    upper: b.where(open, Infinity, b.max(low, high)),
  };
}
