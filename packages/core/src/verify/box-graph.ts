/**
 * The program behind input splitting: for a batch of boxes, a lower bound of every row of its disjunct by
 * backward linear bounds, with the coefficients of the linear function it comes from.
 */
import { Builder } from '../graph/builder.ts';
import { endNames } from '../bounds/layer-graphs.ts';
import type { Graph, Node } from '../graph/graph.ts';
import type { RoundingModel } from '../graph/ops/definition.ts';
import { magnitude } from '../graph/ops/outward.ts';
import { inputSet } from '../threats/set-support.ts';
import { linf } from '../threats/threat.ts';
import { propagateIntervals } from '../transforms/interval.ts';
import type { BoxFunction } from './box-function.ts';

export interface BoxGraphOptions {
  readonly rounding: RoundingModel;
  /** Layers inside of up to so many values are bounded backwards too. */
  readonly linearUpTo: number;
  /** Whether rows come with a spread of their coefficients. */
  readonly spread: boolean;
}

/**
 * centre, lower, upper [batch, inputs]; rows (and spread) [batch, rows, variables] → `least` [batch,
 * rows], `slopes` [batch, rows, inputs], `finite` [batch], the ends of every stop, and `low` and `high` [batch,
 * variables] of the joint vector. With its slopes a, a row is at least least +
 * Σ |aᵢ|·(distance of xᵢ from the end of the box that a points away from), everywhere on the box.
 */
export function boxGraph(
  joint: BoxFunction,
  { rounding, linearUpTo, spread }: BoxGraphOptions,
): Graph {
  const b = new Builder();
  const { batch, inputCount, variableCount } = joint;
  const shape = [batch, inputCount];
  const centre = b.input('centre', shape);
  const [lower, upper] = [b.input('lower', shape), b.input('upper', shape)];
  const rowShape = [batch, 'rows', variableCount];
  const rows = b.input('rows', rowShape);
  const all = joint.replay(b, centre, ['range']);
  const box = { centre, lower, upper, radius: b.scalar(0) };
  const sets = new Map([[centre.id, inputSet(b, linf({ eps: 0 }), box)]]);
  const propagation = propagateIntervals(b, b.graph({}), sets, rounding, { linearUpTo });
  const bound = propagation.backwardBoundOf(all, rows);
  const slopes = bound.coefficients.get(centre.id) ?? b.slice(b.mul(rows, 0), 2, 0, inputCount);
  const given: Record<string, Node> = { slopes: b.mul(slopes, 1) };
  propagation.stops(all).forEach(({ node }, stop) => {
    const names = endNames(stop);
    const ends = propagation.boundsOf(node);
    given[names.lower] = b.mul(ends.lower, 1);
    given[names.upper] = b.mul(ends.upper, 1);
  });
  const outputs = propagation.boundsOf(all);
  const ends = { low: b.mul(outputs.lower, 1), high: b.mul(outputs.upper, 1) };
  if (!spread) {
    return b.graph({ least: bound.lower, ...given, ...ends, finite: propagation.finite() });
  }
  // A sum of products of numbers that are not negative, rounded up.
  const sizes = magnitude(b, outputs);
  const column = b.reshape(sizes, [batch, variableCount, 1]);
  const hidden = b.reshape(b.matMul(b.input('spread', rowShape), column), [batch, 'rows']);
  const taken = b.add(b.mul(hidden, 1 + 2 * rounding.own(variableCount)), 2 ** -120);
  const least = b.sub(bound.lower, taken);
  const rounded = b.sub(least, b.mul(b.abs(least), 2 ** -23));
  return b.graph({ least: rounded, ...given, ...ends, finite: propagation.finite() });
}
