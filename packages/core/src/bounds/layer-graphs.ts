/**
 * The graphs that bound a network layer by layer: of every value that something bends next (a stop)
 * first its interval, then backward linear bounds of chosen rows, all over the bounds that earlier stops
 * were found to have, which are inputs. The output is the last of them. All stand in one builder, so that
 * what two of them compute alike is one value.
 */
import { Builder } from '../graph/builder.ts';
import { divide, type Dimension, elementCount, known, type Shape } from '../graph/dimension.ts';
import { ancestors, type Graph, inputNodes, type Node } from '../graph/graph.ts';
import type { Bounds, RoundingModel } from '../graph/ops/definition.ts';
import type { Values } from '../graph/subgraph.ts';
import { batchOf, type Network, networkInputs } from '../runtime/network.ts';
import { ballInputs } from '../threats/ball.ts';
import type { BallNodes } from '../threats/set-graph.ts';
import { inputSet } from '../threats/set-support.ts';
import type { Threat } from '../threats/threat.ts';
import type { InputSet } from '../transforms/input-set.ts';
import {
  type FiniteOperation,
  type IntervalPropagation,
  propagateIntervals,
} from '../transforms/interval.ts';
import { replayLowered } from '../transforms/lowering.ts';
import type { RelaxedChoices } from '../transforms/relaxed-pass.ts';
import { noRounding } from '../transforms/rounding.ts';
import type { Stop } from '../transforms/stops.ts';
import { ChoiceInputs, choiceStops } from './choice-inputs.ts';
import { type Asked, type ClimbValues, climbValues, type VaryingValues } from './climb-graphs.ts';
import { minimiser } from './minimiser.ts';
import { rowsAtOnce } from './row-chunks.ts';

export interface Layer {
  readonly label: string;
  /** For one sample, and its elements. */
  readonly shape: readonly number[];
  readonly width: number;
  /** Whether its interval is as good as any bound. */
  readonly exact: boolean;
  /** Whether bounds on one side of 0 are as good as any. */
  readonly hinges: boolean;
}

/** What is bounded: a value of a network over a threat's sets. */
export interface Subject {
  readonly network: Network;
  readonly output: Node;
  readonly threat: Threat;
  readonly rounding: RoundingModel;
}

/** A network over a ball, and the graphs of its layers. */
export class LayerGraphs {
  readonly b = new Builder();
  readonly layers: readonly Layer[];
  /** The input that is perturbed. */
  readonly input: Node;
  readonly stops: readonly Stop[];
  readonly batch: Dimension;
  readonly rowsAtOnce: number;
  readonly subject: Subject;
  private readonly copy: Graph;
  private readonly ball: BallNodes;
  private readonly sets: ReadonlyMap<number, InputSet>;
  private readonly output: Node;
  /** By the ids of stops, and where they stand among them. */
  private readonly given = new Map<number, { readonly place: number; readonly bounds: Bounds }>();

  constructor(subject: Subject) {
    const { b } = this;
    const { network, output, threat, rounding } = subject;
    this.subject = subject;
    this.batch = batchOf(network);
    const ball = ballInputs(b, network);
    this.ball = ball;
    this.input = ball.centre;
    const inputs = networkInputs(b, network, ball.centre);
    const value = replayLowered(b, network.graph, inputs, ['range'], [output.id]).get(output.id);
    if (!value) throw new RangeError('the output was not copied');
    this.output = this.hasRows(value) ? value : b.reshape(value, [this.batch, this.widthOf(value)]);
    this.sets = new Map([[ball.centre.id, inputSet(b, threat, ball, rounding !== noRounding)]]);
    this.copy = { nodes: b.nodes.slice(), inputs: [], outputs: [] };
    this.stops = this.propagation(0).stops(this.output);
    this.stops.forEach(({ node }, place) => {
      const { lower, upper } = endNames(place);
      const bounds = { lower: b.input(lower, node.shape), upper: b.input(upper, node.shape) };
      this.given.set(node.id, { place, bounds });
    });
    this.layers = this.described();
    const widths = this.layers.map(({ width }) => width);
    this.rowsAtOnce = rowsAtOnce(Math.max(this.widthOf(this.input), ...widths));
  }

  /** Over bounds of the stops before `place`, which are inputs. */
  propagation(place: number, rounding = this.subject.rounding): IntervalPropagation {
    const given = ({ id }: Node): Bounds | undefined => {
      const known = this.given.get(id);
      return known && known.place < place ? known.bounds : undefined;
    };
    return propagateIntervals(this.b, this.copy, this.sets, rounding, { given });
  }

  /** What a layer is: a stop, or the output behind them. */
  target(place: number): Node {
    return this.stops[place]?.node ?? this.output;
  }

  /** The inputs that hold the bounds of a stop. */
  endInputs(place: number): readonly Node[] {
    const known = [...this.given.values()].find((each) => each.place === place);
    return known ? [known.bounds.lower, known.bounds.upper] : [];
  }

  /** Whether there may be several samples, and every layer has a row for each in front. */
  get isRowwise(): boolean {
    return this.batch !== 1 && this.stops.every(({ node }) => this.hasRows(node));
  }

  private hasRows({ shape }: Node): boolean {
    return shape[0] === this.batch;
  }

  /** Elements of a value for each sample. */
  private widthOf({ shape }: Node): number {
    return known(divide(elementCount(shape), this.batch) ?? elementCount(shape), 'a layer');
  }

  private described(): Layer[] {
    const described = (node: Node): Omit<Layer, 'exact' | 'hinges'> => ({
      label: node.label,
      shape: node.shape.map((dim) => known(divide(dim, this.batch) ?? dim, 'a layer')),
      width: this.widthOf(node),
    });
    return [
      ...this.stops.map(({ node, first, hinges }) => {
        return { ...described(node), exact: first || !this.hasRows(node), hinges };
      }),
      { ...described(this.output), exact: false, hinges: false },
    ];
  }

  /** `least`, `most` (the layer's shape) and `finite`: box arithmetic. */
  ends(place: number): Values {
    const propagation = this.propagation(place);
    const { lower, upper } = propagation.boundsOf(this.target(place));
    return { ...this.bounds('', { lower, upper }), finite: propagation.finite() };
  }

  /** `least/K`, `most/K` of every layer K, and `finite`: box arithmetic from the set alone. */
  intervals(): Values {
    const propagation = this.propagation(0);
    return this.ofAll(propagation, propagation.boundsOf);
  }

  /** Of each operation before the output, whether its intervals over a set are finite. */
  finiteBy(): readonly FiniteOperation[] {
    const propagation = this.propagation(0);
    propagation.boundsOf(this.output);
    return propagation.finiteBy();
  }

  /** The same by forward linear bounds. */
  forward(): Values {
    const propagation = this.propagation(0);
    const boundsOf = propagation.forwardBounds();
    return this.ofAll(propagation, (node) =>
      this.hasRows(node) ? boundsOf(node) : propagation.boundsOf(node),
    );
  }

  private ofAll(propagation: IntervalPropagation, boundsOf: (node: Node) => Bounds): Values {
    const all = this.layers.map((_, place) =>
      this.bounds(`/${place}`, boundsOf(this.target(place))),
    );
    return Object.assign({}, ...all, { finite: propagation.finite() }) as Values;
  }

  /** An end may be an input, or a value of the network itself. */
  private bounds(suffix: string, { lower, upper }: Bounds): Values {
    const { b } = this;
    return { [`least${suffix}`]: b.mul(lower, 1), [`most${suffix}`]: b.mul(upper, 1) };
  }

  /** A layer over bounds of the stops before it, any number of sets at once, and what is asked of it. */
  overStops(place: number): OverStops {
    const propagation = this.propagation(place);
    const output = this.target(place);
    propagation.boundsOf(output);
    return { propagation, output, minimiserOf: this.minimiserOf };
  }

  private readonly minimiserOf = ({ id }: Node, coefficients: Node): Node => {
    const { b, ball, batch } = this;
    const set = this.sets.get(id);
    if (!set) throw new RangeError('only the perturbed input has a set');
    return minimiser(b, { ball, threat: this.subject.threat, set, batch }, coefficients);
  };

  private rowsInput(place: number): Node {
    const size = elementCount(this.target(place).shape.slice(1));
    return this.b.input('rows', [this.batch, 'rows', size]);
  }

  private pulledShape(start: number): Shape {
    return [this.batch, 'rows', start];
  }

  /**
   * Input `rows` [batch, rows, width]; `pulled` [batch, rows, start]: their coefficients of the one value
   * that the layer's affine region starts from. Undefined where there is not one, or where they depend on
   * anything but the weights.
   */
  pull(place: number): Pull | undefined {
    const { b } = this;
    const rows = this.rowsInput(place);
    const coefficients = this.propagation(place).pulledRows(this.target(place), rows);
    if (!coefficients) return undefined;
    const start = known(elementCount(coefficients.shape.slice(1)), 'a layer');
    const pulled = b.reshape(coefficients, this.pulledShape(start));
    const needed = ancestors(b.graph({}), [pulled.id]);
    const others = inputNodes(b.graph({})).filter(({ id }) => needed[id] && id !== rows.id);
    return others.length === 0 ? { outputs: { pulled }, start } : undefined;
  }

  /**
   * Input `rows` [batch, rows, width], with `start` also `pulled` [batch, rows, start] as `pull` makes it;
   * `least` [batch, rows] below rows·value, and `finite`.
   */
  rows(place: number, start: number | null): VaryingValues {
    const { propagation, node, rows, pulled } = this.asked(place, start);
    const { lower } = propagation.backwardBoundOf(node, rows, { pulled });
    const outputs = { least: lower, finite: propagation.finite() };
    return { outputs, varying: pulled ? [rows, pulled] : [rows] };
  }

  private asked(place: number, start: number | null): Asked {
    const propagation = this.propagation(place);
    const node = this.target(place);
    propagation.boundsOf(node);
    const rows = this.rowsInput(place);
    const pulled = start === null ? undefined : this.b.input('pulled', this.pulledShape(start));
    return { propagation, node, rows, pulled };
  }

  /** The same with free slopes of the hinges before the layer, and what tells where they lead its bounds. */
  climb(place: number, start: number | null): ClimbValues {
    const { b, batch } = this;
    const asked = this.asked(place, start);
    const inputs = new ChoiceInputs(b, choiceStops(b, this.stops.map(nodeOf), batch), [
      batch,
      'rows',
    ]);
    const propagation = this.propagation(place, noRounding);
    return climbValues(b, asked, { propagation, minimiserOf: this.minimiserOf }, inputs);
  }
}

export interface OverStops {
  readonly propagation: IntervalPropagation;
  readonly output: Node;
  readonly minimiserOf: RelaxedChoices['minimiserOf'];
}

export interface Pull {
  readonly outputs: Values;
  /** Elements of the value that the region starts from. */
  readonly start: number;
}

/** The value that something bends next. */
export const nodeOf = ({ node }: Stop): Node => node;

/** The inputs that hold the bounds of a stop. */
export function endNames(stop: number): { readonly lower: string; readonly upper: string } {
  return { lower: `stop/${stop}/lower`, upper: `stop/${stop}/upper` };
}
