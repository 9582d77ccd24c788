/**
 * The graphs that bound a layer of an image over the windows that its places see (place-windows.ts): the set and
 * the layers before come as windows [places, channels, …window], and so do slopes.
 */
import { Builder } from '../graph/builder.ts';
import type { Graph, Node } from '../graph/graph.ts';
import type { Bounds } from '../graph/ops/definition.ts';
import type { Values } from '../graph/subgraph.ts';
import { windowSize } from '../graph/ops/windows.ts';
import type { BallNodes } from '../threats/set-graph.ts';
import { inputSet } from '../threats/set-support.ts';
import type { InputSet } from '../transforms/input-set.ts';
import { type IntervalPropagation, propagateIntervals } from '../transforms/interval.ts';
import {
  overWindows,
  type PlaceWindows,
  type Seen,
  windowShape,
} from '../transforms/place-windows.ts';
import { noRounding } from '../transforms/rounding.ts';
import { ChoiceInputs, choiceStops } from './choice-inputs.ts';
import { type Asked, type ClimbValues, climbValues } from './climb-graphs.ts';
import { endNames, type LayerGraphs, nodeOf } from './layer-graphs.ts';
import { minimiser } from './minimiser.ts';

const PLACES = 'places';

export const maskName = (id: number): string => `mask/${id}`;

export class WindowGraphs {
  readonly b = new Builder();
  /** [places, rows, channels] */
  readonly rowsInput: Node;
  private readonly graphs: LayerGraphs;
  /** [places, channels, …window] */
  readonly centre: Node;
  private readonly ball: BallNodes;
  private readonly set: InputSet;
  private readonly network: Graph;
  /** By the ids of what they are windows of. */
  private readonly copies: ReadonlyMap<number, Node>;
  private readonly given = new Map<number, Bounds>();
  private readonly target: Node;

  constructor(graphs: LayerGraphs, place: number, windows: PlaceWindows) {
    this.graphs = graphs;
    const { b } = this;
    const { threat, rounding } = graphs.subject;
    const input = (name: string, seen: Seen): Node => b.input(name, [PLACES, ...windowShape(seen)]);
    const source = windows.seen.get(graphs.input.id);
    if (!source) throw new RangeError('the windows do not reach the input');
    this.ball = {
      centre: input('centre', source),
      lower: input('lower', source),
      upper: input('upper', source),
      radius: b.input('radius', [PLACES]),
    };
    this.centre = this.ball.centre;
    this.copies = overWindows(b, graphs.b.nodes, windows, {
      source: this.ball.centre,
      maskOf: ({ node, window }) => b.input(maskName(node.id), [PLACES, 1, ...windowSize(window)]),
    });
    graphs.stops.slice(0, place).forEach(({ node }, stop) => {
      const [copy, seen] = [this.copies.get(node.id), windows.seen.get(node.id)];
      if (!copy || !seen) return;
      const { lower, upper } = endNames(stop);
      this.given.set(copy.id, { lower: input(lower, seen), upper: input(upper, seen) });
    });
    const target = this.copies.get(windows.target.id);
    if (!target) throw new RangeError('the windows do not reach the layer');
    this.target = target;
    this.rowsInput = b.input('rows', [PLACES, 'rows', Number(windows.target.shape[1])]);
    this.set = inputSet(b, threat, this.ball, rounding !== noRounding);
    this.network = { nodes: b.nodes.slice(), inputs: [], outputs: [] };
  }

  private propagation(rounding = this.graphs.subject.rounding): IntervalPropagation {
    const sets = new Map([[this.ball.centre.id, this.set]]);
    const given = ({ id }: Node): Bounds | undefined => this.given.get(id);
    const propagation = propagateIntervals(this.b, this.network, sets, rounding, { given });
    propagation.boundsOf(this.target);
    return propagation;
  }

  private asked(): Asked {
    const propagation = this.propagation();
    return { propagation, node: this.target, rows: this.rowsInput, pulled: undefined };
  }

  /** `least` [places, rows] below rows·value, and `finite` [places]. */
  rows(): Values {
    const { propagation, node, rows } = this.asked();
    const { lower } = propagation.backwardBoundOf(node, rows);
    return { least: lower, finite: propagation.finite() };
  }

  /** The same with free slopes, and what tells where they lead. */
  climb(): ClimbValues {
    const { b, ball, set, copies } = this;
    const { stops, subject } = this.graphs;
    const values = stops.map((stop) => copies.get(nodeOf(stop).id));
    const inputs = new ChoiceInputs(b, choiceStops(b, values, PLACES), [PLACES, 'rows']);
    const nodes = { ball, threat: subject.threat, set, batch: PLACES };
    const unrounded = {
      propagation: this.propagation(noRounding),
      minimiserOf: (_: Node, coefficients: Node) => minimiser(b, nodes, coefficients),
    };
    return climbValues(b, this.asked(), unrounded, inputs);
  }
}
