/**
 * How thoroughly gradients are compared: less for models whose runs are dear. Decided by counting
 * operations, never by a clock, so that the same file and seed always have the same result.
 */
import {
  type Graph,
  type Model,
  definitionOf,
  inputNodes,
  nodeAt,
  type OpName,
  sizeOf,
} from '@glacis/core';

export interface Effort {
  /** Directions of all rows together. */
  readonly directions: number;
  /** The most derivatives along one segment. */
  readonly points: number;
  /** Evaluations near each end of a segment. */
  readonly ends: number;
  /** How well an integral must be known, as a share of the tolerance. */
  readonly settled: number;
  /** Whether the model is so dear that less is done than one would like. */
  readonly dear: boolean;
  /** Whether nothing is tried again where nothing could be compared. */
  readonly once: boolean;
}

/** Products and elements that all derivatives together may cost: some seconds on one core. */
const BUDGET = 1e11;
/** A derivative costs about as much as so many forward passes. */
const DERIVATIVE = 3;
/** Writing an element takes as long as so many products in a row. */
const ELEMENT = 8;
/** Drawing, moving and reading back an element of the input, outside the runtime. */
const INPUT = 200;
/** A kernel of a run costs at least so much. */
const KERNEL = 1e4;
const [FEWEST_DIRECTIONS, MOST_DIRECTIONS] = [2, 64];
const [FEWEST_POINTS, MOST_POINTS, USUAL_POINTS] = [32, 256, 40];

/** An input of so many numbers takes longer to draw and to move than most models to run: one direction. */
const WIDE = 2 ** 22;
const ONE_LOOK: Effort = {
  directions: 1,
  points: 17,
  ends: 3,
  settled: 0.5,
  dear: true,
  once: true,
};

export function effortFor({ graph, batched }: Model): Effort {
  const inputs = inputNodes(graph).reduce((sum, { shape }) => sum + elements(shape), 0);
  if (inputs > WIDE) return ONE_LOOK;
  const kernels = graph.nodes.length * (batched ? KERNEL / 32 : KERNEL);
  const cost = operationsOf(graph) + INPUT * inputs + kernels;
  const derivatives = BUDGET / (DERIVATIVE * cost);
  const clamp = (least: number, value: number, most: number): number =>
    Math.max(least, Math.min(most, Math.floor(value)));
  const directions = clamp(FEWEST_DIRECTIONS, derivatives / USUAL_POINTS, MOST_DIRECTIONS);
  const points = clamp(FEWEST_POINTS, derivatives / directions, MOST_POINTS);
  const dear = directions < MOST_DIRECTIONS;
  return { directions, points, ends: dear ? 4 : 8, settled: dear ? 0.5 : 0.2, dear, once: false };
}

/** More of everything, for a model of which nothing could be compared; in fewer directions if it is dear. */
export function harder(effort: Effort): Effort {
  const { directions, points, ends, dear } = effort;
  return {
    ...effort,
    directions: dear ? Math.min(2, directions) : directions,
    points: 4 * points,
    ends: 4 * ends,
    settled: 0.5,
  };
}

/** Products and elements of one row's forward pass. */
export function operationsOf(graph: Graph): number {
  return graph.nodes.reduce((sum, node) => {
    const operands = node.operands.map((id) => nodeAt(graph, id));
    const terms = definitionOf<OpName>(node.op).terms?.(node, operands) ?? 0;
    return sum + elements(node.shape) * (ELEMENT + terms);
  }, 0);
}

/** Values of one row's forward pass. */
export function valuesOf({ nodes }: Graph): number {
  return nodes.reduce((sum, { op, shape }) => sum + (op === 'constant' ? 0 : elements(shape)), 1);
}

function elements(shape: readonly (number | string)[]): number {
  return sizeOf(shape.map((dim) => (typeof dim === 'number' ? dim : 1)));
}
