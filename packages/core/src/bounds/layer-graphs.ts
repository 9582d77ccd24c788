/**
 * The programs that bound a network layer by layer: of every value that something bends next (a stop)
 * first its interval, then backward linear bounds of chosen rows, all over the bounds that earlier stops
 * were found to have, which are inputs. The output is the last of them.
 */
import { Builder } from '../graph/builder.ts';
import { divide, type Dimension, elementCount, known, type Shape } from '../graph/dimension.ts';
import { ancestors, type Graph, inputNodes, type Node } from '../graph/graph.ts';
import type { Bounds, RoundingModel } from '../graph/ops/definition.ts';
import { ModelError } from '../onnx/model-error.ts';
import { batchOf, type Network, networkInputs } from '../runtime/network.ts';
import { ballInputs } from '../threats/ball.ts';
import { inputSet } from '../threats/set-graph.ts';
import type { Threat } from '../threats/threat.ts';
import type { FreeSlopes } from '../transforms/free-slopes.ts';
import { gradientWith } from '../transforms/gradient.ts';
import { type IntervalPropagation, propagateIntervals, type Stop } from '../transforms/interval.ts';
import { replayLowered, rulesOf } from '../transforms/lowering.ts';
import { adamStep } from './adam.ts';

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

interface Opened {
  readonly b: Builder;
  /** The input that is perturbed. */
  readonly input: Node;
  readonly propagation: IntervalPropagation;
  readonly stops: readonly Stop[];
  readonly output: Node;
}

/** The network over a ball, with bounds of the stops before `place` as inputs. */
function opened({ network, output, threat, rounding }: Subject, place: number): Opened {
  const b = new Builder();
  const ball = ballInputs(b, network);
  const inputs = networkInputs(b, network, ball.centre);
  const value = replayLowered(b, network.graph, inputs, ['range'], [output.id]).get(output.id);
  if (!value) throw new RangeError('the output was not copied');
  const batch = batchOf(network);
  const copy = isRowwise(value, batch) ? value : b.reshape(value, [batch, widthOf(value, batch)]);
  const sets = new Map([[ball.centre.id, inputSet(b, threat, ball)]]);
  const bounds = new Map<number, Bounds>();
  const given = (node: Node): Bounds | undefined => bounds.get(node.id);
  const propagation = propagateIntervals(b, b.graph({}), sets, rounding, { given });
  const stops = propagation.stops(copy);
  stops.slice(0, place).forEach(({ node }, k) => {
    const { lower, upper } = endNames(k);
    bounds.set(node.id, { lower: b.input(lower, node.shape), upper: b.input(upper, node.shape) });
  });
  return { b, input: ball.centre, propagation, stops, output: copy };
}

/** The inputs that hold the bounds of a stop. */
export function endNames(stop: number): { readonly lower: string; readonly upper: string } {
  return { lower: `stop/${stop}/lower`, upper: `stop/${stop}/upper` };
}

function target({ stops, output }: Opened, place: number): Node {
  return stops[place]?.node ?? output;
}

/** Whether a value has a row for each sample in front. */
const isRowwise = ({ shape }: Node, batch: Dimension): boolean => shape[0] === batch;

/** Elements of a value for each sample. */
function widthOf(node: Node, batch: Dimension): number {
  return known(divide(elementCount(node.shape), batch) ?? elementCount(node.shape), 'a layer');
}

/** The stops of a network, in order, and its output behind them. */
export function layersOf(subject: Subject): readonly Layer[] {
  const { stops, output } = opened(subject, 0);
  const batch = batchOf(subject.network);
  const described = (node: Node): Omit<Layer, 'exact' | 'hinges'> => ({
    label: node.label,
    shape: node.shape.map((dim) => known(divide(dim, batch) ?? dim, 'a layer')),
    width: widthOf(node, batch),
  });
  return [
    ...stops.map(({ node, first, hinges }) => {
      return { ...described(node), exact: first || !isRowwise(node, batch), hinges };
    }),
    { ...described(output), exact: false, hinges: false },
  ];
}

/** Outputs `least`, `most` (the layer's shape) and `finite`: box arithmetic. */
export function endsGraph(subject: Subject, place: number): Graph {
  const all = opened(subject, place);
  const { b, propagation } = all;
  const { lower, upper } = propagation.boundsOf(target(all, place));
  return b.graph({ least: b.mul(lower, 1), most: b.mul(upper, 1), finite: propagation.finite() });
}

/** Outputs `least/K`, `most/K` of every layer K, and `finite`: forward linear bounds, in one program. */
export function forwardGraph(subject: Subject): Graph {
  const { b, propagation, stops, output } = opened(subject, 0);
  const boundsOf = propagation.forwardBounds();
  const batch = batchOf(subject.network);
  const results: Record<string, Node> = {};
  [...stops.map(({ node }) => node), output].forEach((node, k) => {
    const { lower, upper } = isRowwise(node, batch) ? boundsOf(node) : propagation.boundsOf(node);
    Object.assign(results, { [`least/${k}`]: b.mul(lower, 1), [`most/${k}`]: b.mul(upper, 1) });
  });
  return b.graph({ ...results, finite: propagation.finite() });
}

function rowsInput({ b }: Opened, subject: Subject, node: Node): Node {
  return b.input('rows', [batchOf(subject.network), 'rows', elementCount(node.shape.slice(1))]);
}

/**
 * Input `rows` [batch, rows, width]; output `pulled` [batch, rows, start]: their coefficients of the one
 * value that the layer's affine region starts from. Undefined where there is not one, or where they
 * depend on anything but the weights.
 */
export function pullGraph(subject: Subject, place: number): PullGraph | undefined {
  const all = opened(subject, place);
  const { b, propagation } = all;
  const node = target(all, place);
  const rows = rowsInput(all, subject, node);
  const coefficients = propagation.pulledRows(node, rows);
  if (!coefficients) return undefined;
  const start = known(elementCount(coefficients.shape.slice(1)), 'a layer');
  const graph = b.graph({ pulled: b.reshape(coefficients, pulledShape(subject, start)) });
  const needed = ancestors(graph, [coefficients.id]);
  const others = inputNodes(graph).filter(({ id }) => needed[id] && id !== rows.id);
  return others.length === 0 ? { graph, start } : undefined;
}

export interface PullGraph {
  readonly graph: Graph;
  /** Elements of the value that the region starts from. */
  readonly start: number;
}

function pulledShape({ network }: Subject, start: number): Shape {
  return [batchOf(network), 'rows', start];
}

/**
 * Input `rows` [batch, rows, width], with `start` also `pulled` [batch, rows, start] as pullGraph makes it;
 * outputs `least` [batch, rows] below rows·value, and `finite`.
 */
export function rowsGraph(subject: Subject, place: number, start: number | null): Graph {
  const all = opened(subject, place);
  const { b, propagation } = all;
  const node = target(all, place);
  propagation.boundsOf(node);
  const pulled = start === null ? undefined : b.input('pulled', pulledShape(subject, start));
  const { lower } = propagation.backwardBoundOf(node, rowsInput(all, subject, node), { pulled });
  return b.graph({ least: lower, finite: propagation.finite() });
}

/** What an affine region starts from: the perturbed input, or what a hinge makes of a stop. */
export type RegionStart = 'input' | number;

export interface RegionGraph {
  readonly graph: Graph;
  readonly starts: readonly RegionStart[];
}

/**
 * The affine region that ends in a layer, as numbers (transforms/region-rows.ts): outputs `rows/i` and
 * `centre/i` for each of the starts, `atCentre`, `error` and `finite`. Throws ModelError where the region
 * starts from anything but the input and ReLUs.
 */
export function regionGraph(subject: Subject, place: number): RegionGraph {
  const all = opened(subject, place);
  const { b, propagation } = all;
  const node = target(all, place);
  const region = propagation.rowsOf(node);
  if (!region) throw piecewiseOnly(node, 'is no fixed affine function of what is before it');
  const results: Record<string, Node> = { atCentre: region.atCentre, error: region.error };
  const starts = region.sources.map((source, i) => {
    Object.assign(results, { [`rows/${i}`]: source.rows, [`centre/${i}`]: source.centre });
    return startOf(all, source.node);
  });
  if (new Set(starts).size < starts.length) throw piecewiseOnly(node, 'takes a ReLU in twice');
  return { graph: b.graph({ ...results, finite: propagation.finite() }), starts };
}

function startOf({ b, input, stops }: Opened, node: Node): RegionStart {
  if (node.id === input.id) return 'input';
  const bent = stops.findIndex((stop) => stop.node.id === node.operands[0]);
  const isRelu = rulesOf(node).hinge?.(node.attributes) === 0;
  if (isRelu && bent >= 0) return bent;
  throw piecewiseOnly(b.nodes[node.id] ?? node, 'is not a ReLU of an affine value');
}

function piecewiseOnly(node: Node, why: string): ModelError {
  return new ModelError(
    'unsupported',
    `${node.label} (${node.op}) ${why}: exact radii are for networks of affine layers and ReLUs alone; use --method alpha-crown`,
  );
}

export interface ClimbGraph {
  readonly graph: Graph;
  /** Elements of each hinge layer whose slopes are free. */
  readonly widths: readonly number[];
}

/** Names of the state of one hinge layer's slopes: inputs; the step's outputs have `next/` before. */
export function slopeNames(index: number): readonly [string, string, string] {
  return [`slope/${index}`, `first/${index}`, `second/${index}`];
}

/** The same with free slopes, each [batch, rows, width], that go one step of Adam up the bounds. */
export function climbGraph(subject: Subject, place: number, start: number | null): ClimbGraph {
  const all = opened(subject, place);
  const { b, propagation } = all;
  const node = target(all, place);
  const rows = rowsInput(all, subject, node);
  const batch = batchOf(subject.network);
  const widths: number[] = [];
  const used: Node[] = [];
  const stateInput = (name: string, width: number): Node => b.input(name, [batch, 'rows', width]);
  propagation.boundsOf(node);
  const slopes: FreeSlopes = {
    differenceAt: (hinge) => {
      const width = known(elementCount(hinge.shape.slice(1)), 'a layer');
      const [name] = slopeNames(widths.push(width) - 1);
      return stateInput(name, width);
    },
    used: (_, difference) => void used.push(difference),
  };
  const pulled = start === null ? undefined : b.input('pulled', pulledShape(subject, start));
  const { lower, estimate } = propagation.backwardBoundOf(node, rows, { slopes, pulled });
  const finite = propagation.finite();
  const gradients = gradientWith(b, estimate, used);
  const [rate, scale] = [b.input('rate', []), b.input('scale', [])];
  const results: Record<string, Node> = { least: lower, finite };
  used.forEach((difference, i) => {
    const [slope, first, second] = slopeNames(i);
    const width = widths[i] ?? 0;
    const moments = { first: stateInput(first, width), second: stateInput(second, width) };
    const gradient = gradients[i] ?? difference;
    const next = adamStep(b, difference, gradient, moments, { rate, scale });
    Object.assign(results, {
      [`next/${slope}`]: next.at,
      [`next/${first}`]: next.first,
      [`next/${second}`]: next.second,
    });
  });
  return { graph: b.graph(results), widths };
}
