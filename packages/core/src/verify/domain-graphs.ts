/**
 * The two programs behind activation splitting (β-CROWN, Wang et al. 2021), over a batch of domains: a set of
 * inputs with bounds of every stop, which branches have moved. One climbs: it takes slopes and multipliers a
 * step up the bound, where rounding does not matter. The other bounds by what was chosen, outward, and says
 * what a brancher wants to know.
 */
import type { FreeMultipliers } from '../transforms/free-multipliers.ts';
import { AscentState, type Choice } from '../bounds/ascent-state.ts';
import { type Layer, LayerGraphs, type Subject } from '../bounds/layer-graphs.ts';
import type { Graph, Node } from '../graph/graph.ts';
import { subgraph } from '../graph/subgraph.ts';
import { noRounding } from '../transforms/rounding.ts';

export interface DomainGraphs {
  /**
   * The set's inputs, the ends and sides of every stop, `rows`, the state of the choices, its rates and `scale`
   * → `estimate` [batch, rows] of the state given, and the next state.
   */
  readonly climb: Graph;
  /**
   * Without rates and moments: `least` [batch, rows], `finite` [batch], `slopes` [batch, rows, inputs]; of each
   * stop with multipliers `coefficients/K` and `point/K` [batch, rows, width], the rows' coefficients of it and
   * where the relaxed network has it when the bound is least, and `behind/K`, those of the hinge that bends it.
   */
  readonly close: Graph;
  /** The estimate alone. */
  readonly glance: Graph;
  readonly choices: readonly Choice[];
  readonly layers: readonly Layer[];
  /** Of each stop for one sample; undefined where it has no row for each. */
  readonly shapes: readonly (readonly number[] | undefined)[];
  /** By the ids of values that choices are about. */
  readonly places: ReadonlyMap<number, number>;
}

export function domainGraphs(subject: Subject): DomainGraphs {
  const climbing = new LayerGraphs({ ...subject, rounding: noRounding });
  const ascent = new AscentState(climbing.b, climbing.batch);
  const { bound } = climbing.overStops(freeIn(climbing, ascent));
  const { estimate } = bound;
  const { nodes } = climbing.b;
  const climb = subgraph(nodes, { estimate, ...ascent.stepped(estimate) }, () => undefined).graph;
  const glance = subgraph(nodes, { estimate }, () => undefined).graph;
  const places = new Map(climbing.stops.map(({ node }, place) => [node.id, place]));
  const { layers, stops, batch } = climbing;
  const shapes = stops.map(({ node }, place) =>
    node.shape[0] === batch ? layers[place]?.shape.slice(1) : undefined,
  );
  return { climb, glance, close: closing(subject), choices: ascent.choices, layers, shapes, places };
}

function freeIn(
  graphs: LayerGraphs,
  state: AscentState,
): { readonly slopes: AscentState['slopes']; readonly multipliers: FreeMultipliers } {
  const places = new Map(graphs.stops.map(({ node }, place) => [node.id, String(place)]));
  const multipliers = state.multipliers(({ id, shape }) =>
    shape[0] === graphs.batch ? places.get(id) : undefined,
  );
  return { slopes: state.slopes, multipliers };
}

function closing(subject: Subject): Graph {
  const graphs = new LayerGraphs(subject);
  const { b, batch, input } = graphs;
  const state = new AscentState(b, batch);
  const { bound, finite } = graphs.overStops(freeIn(graphs, state));
  const outputs: Record<string, Node> = { least: bound.lower, finite };
  const slopes = bound.coefficients.get(input.id);
  if (slopes) outputs['slopes'] = b.mul(slopes, 1);
  const gradients = state.gradients(bound.estimate);
  for (const [name, { coefficients, centre, multiplier, behind }] of state.passed) {
    const own = gradients.get(`multiplier/${name}`);
    if (!own) continue;
    const size = multiplier.shape[2] ?? 1;
    // Where a multiplier is 0, the bound's gradient is how far the value is from its centre.
    const beside = b.reshape(b.expand(centre, [batch, ...centre.shape.slice(1)]), [batch, 1, size]);
    outputs[`coefficients/${name}`] = b.mul(b.reshape(coefficients, multiplier.shape), 1);
    outputs[`point/${name}`] = b.add(own, beside);
    if (behind) outputs[`behind/${name}`] = b.mul(behind, 1);
  }
  return subgraph(b.nodes, outputs, () => undefined).graph;
}
