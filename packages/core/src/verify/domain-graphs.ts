/**
 * The programs behind activation splitting (β-CROWN, Wang et al. 2021), over a batch of domains: a set of inputs
 * with bounds of every stop, which branches have moved, and one row. One looks where slopes and multipliers lead
 * the bound, without regard to rounding; the other bounds by what was chosen, outward.
 */
import { ChoiceInputs, type ChoiceStop, choiceStops } from '../bounds/choice-inputs.ts';
import { leads } from '../bounds/climb-graphs.ts';
import { LayerGraphs, nodeOf, type OverStops, type Subject } from '../bounds/layer-graphs.ts';
import { type Dimension, elementCount } from '../graph/dimension.ts';
import { type Graph, inputNodes, type Node } from '../graph/graph.ts';
import { subgraph, type Values } from '../graph/subgraph.ts';
import type { FreeMultipliers } from '../transforms/free-multipliers.ts';
import type { FreeSlopes } from '../transforms/free-slopes.ts';
import { gradientWith } from '../transforms/gradient.ts';
import { noRounding } from '../transforms/rounding.ts';

export interface DomainGraphs {
  /**
   * The set's inputs, the ends of every stop, `row` [batch, 1, outputs], `turn/K` of hinges and `multiplier/K`
   * [batch, 1, width] of stop K → `value` [batch], the bound without Σ multiplier·(value − end), `x`, the input at which it is, and `point/K`, where the relaxed
   * network has stop K there.
   */
  readonly glance: Values;
  /** Besides these `behind/K`, the coefficients of the hinge behind stop K. */
  readonly climb: Values;
  readonly climbing: LayerGraphs;
  /** The layer whose rows are bounded. */
  readonly place: number;
  /** What changes from step to step. */
  readonly varying: readonly Node[];
  /** From the same inputs `least` [batch, 1] and `finite` [batch], outward. */
  readonly close: Graph;
  /** Those that branches may cut. */
  readonly stops: readonly ChoiceStop[];
}

/** Of a layer of the subject; by default its output. `by`: the gradient serves whatever is inside. */
export function domainGraphs(
  subject: Subject,
  place?: number,
  by: 'pass' | 'gradient' = 'pass',
): DomainGraphs {
  const climbing = new LayerGraphs({ ...subject, rounding: noRounding });
  const layer = place ?? climbing.stops.length;
  const inputs = choicesIn(climbing, layer);
  const climb =
    (by === 'pass' ? looked(climbing, inputs, layer) : undefined) ??
    differentiated(climbing, inputs, layer);
  const glance = Object.entries(climb).filter(([name]) => !name.startsWith('behind/'));
  return {
    glance: Object.fromEntries(glance),
    climb,
    climbing,
    place: layer,
    varying: inputs.all,
    close: closing(subject, layer),
    stops: inputs.stops,
  };
}

function choicesIn({ b, stops, batch }: LayerGraphs, place: number): ChoiceInputs {
  return new ChoiceInputs(b, choiceStops(b, stops.slice(0, place).map(nodeOf), batch), [batch, 1]);
}

function looked(graphs: LayerGraphs, inputs: ChoiceInputs, place: number): Values | undefined {
  const { b, batch } = graphs;
  const { propagation, output, minimiserOf } = graphs.overStops(place);
  const outputs = elementCount(output.shape.slice(1));
  const row = rowInput(graphs, outputs);
  const choices = {
    turnAt: (hinge: Node) => inputs.turnAt(hinge),
    multiplierAt: (value: Node) => inputs.multiplierAt(value),
    minimiserOf,
  };
  const pass = propagation.relaxedPassOf(output, { rows: row }, choices);
  const found = pass?.output();
  if (!pass || !found) return undefined;
  const flat = (value: Node): Node => b.reshape(value, [batch, elementCount(value.shape.slice(1))]);
  const [x] = pass.inputs.values();
  return {
    value: b.sum(b.mul(b.reshape(row, [batch, outputs]), flat(found)), [1]),
    ...leads(b, pass, (id) => inputs.stopOf(id)),
    ...(x && { x: b.mul(x, 1) }),
  };
}

function rowInput({ b, batch }: LayerGraphs, outputs: Dimension): Node {
  const known = inputNodes(b.graph({})).find(({ attributes }) => attributes.name === 'row');
  return known ?? b.input('row', [batch, 1, outputs]);
}

/** The same by the gradient of the bound, whatever is inside. */
function differentiated(graphs: LayerGraphs, inputs: ChoiceInputs, place: number): Values {
  const { b, batch, input } = graphs;
  const { propagation, output, minimiserOf } = graphs.overStops(place);
  const row = rowInput(graphs, elementCount(output.shape.slice(1)));
  const { slopes, multipliers, added, behind } = beside(graphs, inputs);
  const bound = propagation.backwardBoundOf(output, row, { slopes, multipliers });
  const passed = [...added.values()];
  const gradients = gradientWith(
    b,
    bound.estimate,
    passed.map(({ node }) => node),
  );
  let value = b.reshape(bound.estimate, [batch]);
  const values: Record<string, Node> = {};
  passed.forEach(({ stop, centre, value: at, multiplier }, i) => {
    const { lower, upper } = propagation.boundsOf(at);
    const flat = (each: Node): Node =>
      b.reshape(b.expand(each, [batch, ...at.shape.slice(1)]), [batch, stop.width]);
    const flatRow = (each: Node): Node => b.reshape(each, [batch, stop.width]);
    const own = flatRow(multiplier);
    // What the bound takes off for the multipliers.
    const taken = b.sub(b.mul(b.relu(own), flat(upper)), b.mul(b.relu(b.neg(own)), flat(lower)));
    value = b.add(value, b.sum(b.sub(taken, b.mul(own, flat(centre))), [1]));
    const gradient = gradients[i];
    const reached = gradient ? b.add(flatRow(gradient), flat(centre)) : flat(centre);
    value = b.sub(value, b.sum(b.mul(own, b.sub(reached, flat(centre))), [1]));
    values[`point/${stop.place}`] = b.mul(reached, 1);
    const coefficients = behind.get(at.id);
    if (coefficients) values[`behind/${stop.place}`] = flatRow(b.mul(coefficients, 1));
  });
  values['value'] = value;
  const closed = bound.coefficients.get(input.id);
  // Where no coefficient comes through to the inputs, one is as good as any.
  values['x'] = closed ? minimiserOf(input, b.reshape(closed, input.shape)) : b.mul(input, 1);
  return values;
}

interface Added {
  readonly stop: ChoiceStop;
  readonly value: Node;
  readonly multiplier: Node;
  readonly centre: Node;
  /** What only the coefficients are made of. */
  readonly node: Node;
}

/** The choices beside rows of one a sample. */
function beside(
  { b }: LayerGraphs,
  inputs: ChoiceInputs,
): {
  readonly slopes: FreeSlopes;
  readonly multipliers: FreeMultipliers;
  readonly added: ReadonlyMap<number, Added>;
  readonly behind: ReadonlyMap<number, Node>;
} {
  const added = new Map<number, Added>();
  const behind = new Map<number, Node>();
  return {
    added,
    behind,
    slopes: {
      differenceAt: (hinge, coefficients) => {
        behind.set(hinge.operands[0] ?? -1, coefficients);
        return inputs.turnAt(hinge);
      },
      used: () => undefined,
    },
    multipliers: {
      multiplierAt: (value, { centre }) => {
        const stop = inputs.stopOf(value.id);
        const multiplier = inputs.multiplierAt(value);
        if (!stop || !multiplier) return undefined;
        const node = b.mul(multiplier, 1);
        added.set(value.id, { stop, value, multiplier, centre, node });
        return { value: multiplier, added: node };
      },
    },
  };
}

function closing(subject: Subject, place: number): Graph {
  const graphs = new LayerGraphs(subject);
  const { b, batch } = graphs;
  const { propagation, output }: OverStops = graphs.overStops(place);
  const { slopes, multipliers } = beside(graphs, choicesIn(graphs, place));
  const rows = b.input('row', [batch, 1, elementCount(output.shape.slice(1))]);
  const { lower } = propagation.backwardBoundOf(output, rows, { slopes, multipliers });
  const outputs = { least: lower, finite: propagation.finite() };
  return subgraph(b.nodes, outputs, () => undefined).graph;
}
