/**
 * The program that climbs a box's bounds (α-CROWN, Xu et al. 2021): the rows of its disjunct are carried back
 * over bounds of the layers that are known already, with free slopes below hinges, and these go one step of
 * Adam up the bounds.
 */
import { endNames } from '../bounds/layer-graphs.ts';
import { SlopeState } from '../bounds/slope-state.ts';
import { Builder } from '../graph/builder.ts';
import type { Graph, Node } from '../graph/graph.ts';
import type { Bounds, RoundingModel } from '../graph/ops/definition.ts';
import { inputSet } from '../threats/set-support.ts';
import { linf } from '../threats/threat.ts';
import { propagateIntervals } from '../transforms/interval.ts';
import type { BoxFunction } from './box-function.ts';

export interface SlopeGraph {
  readonly graph: Graph;
  /** Elements of each hinge layer whose slopes are free; none where nothing is. */
  readonly widths: readonly number[];
}

/**
 * centre, lower, upper [batch, inputs], rows [batch, rows, variables], the ends of every stop as boxGraph gives
 * them, the state of slopes and moments [batch, rows, width] and `rate`, `scale` → `least`, `slopes`, `finite`
 * as boxGraph's, and the next state.
 */
export function slopeGraph(joint: BoxFunction, rounding: RoundingModel): SlopeGraph {
  const b = new Builder();
  const { batch, inputCount, variableCount } = joint;
  const shape = [batch, inputCount];
  const centre = b.input('centre', shape);
  const [lower, upper] = [b.input('lower', shape), b.input('upper', shape)];
  const rows = b.input('rows', [batch, 'rows', variableCount]);
  const all = joint.replay(b, centre, ['range']);
  const box = { centre, lower, upper, radius: b.scalar(0) };
  const sets = new Map([[centre.id, inputSet(b, linf({ eps: 0 }), box)]]);
  const copy = { nodes: b.nodes.slice(), inputs: [], outputs: [] };
  const stops = propagateIntervals(b, copy, sets, rounding).stops(all);
  const ends = new Map(
    stops.map(({ node }, stop): [number, Bounds] => {
      const names = endNames(stop);
      const bounds = {
        lower: b.input(names.lower, node.shape),
        upper: b.input(names.upper, node.shape),
      };
      return [node.id, bounds];
    }),
  );
  const given = ({ id }: Node): Bounds | undefined => ends.get(id);
  const propagation = propagateIntervals(b, copy, sets, rounding, { given });
  const state = new SlopeState(b, batch);
  const { slopes, widths } = state;
  const bound = propagation.backwardBoundOf(all, rows, { slopes });
  const own = bound.coefficients.get(centre.id) ?? b.slice(b.mul(rows, 0), 2, 0, inputCount);
  const outputs = { least: bound.lower, slopes: b.mul(own, 1), finite: propagation.finite() };
  return { graph: b.graph({ ...outputs, ...state.stepped(bound.estimate) }), widths };
}
