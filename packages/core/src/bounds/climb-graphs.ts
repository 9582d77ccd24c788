/**
 * The graphs by which slopes below hinges are chosen (α-CROWN, Xu et al. 2021): the bound with slopes that are
 * inputs, proven, and what tells where they lead it, by one relaxed pass or by the gradient of the bound.
 */
import type { Builder } from '../graph/builder.ts';
import type { Node } from '../graph/graph.ts';
import type { Values } from '../graph/subgraph.ts';
import { gradientWith } from '../transforms/gradient.ts';
import type { IntervalPropagation } from '../transforms/interval.ts';
import type { RelaxedChoices, RelaxedPass } from '../transforms/relaxed-pass.ts';
import type { ChoiceInputs, ChoiceStop } from './choice-inputs.ts';

/** Rows over a layer. */
export interface Asked {
  readonly propagation: IntervalPropagation;
  readonly node: Node;
  readonly rows: Node;
  /** Their coefficients of what the layer's affine region starts from, where they are known. */
  readonly pulled: Node | undefined;
}

/** Values of a graph some of whose inputs vary from run to run over one set. */
export interface VaryingValues {
  readonly outputs: Values;
  readonly varying: readonly Node[];
}

export interface ClimbValues {
  /** The bounds, proven. */
  readonly closed: VaryingValues;
  /** What tells where slopes lead; nothing where it cannot be told. */
  readonly look: VaryingValues;
  readonly stops: readonly ChoiceStop[];
}

/** The same layer without regard to rounding. */
export interface Unrounded {
  readonly propagation: IntervalPropagation;
  readonly minimiserOf: RelaxedChoices['minimiserOf'];
}

/**
 * From `turn/K` [batch, rows, width] of each hinge before the layer, that far from CROWN's own slopes: `least`
 * [batch, rows] below rows·value and `finite`; and `point/K` and `behind/K` [batch·rows, …] as relaxedPass says.
 */
export function climbValues(
  b: Builder,
  asked: Asked,
  unrounded: Unrounded,
  inputs: ChoiceInputs,
): ClimbValues {
  const { propagation, node, rows, pulled } = asked;
  const slopes = {
    differenceAt: (hinge: Node) => inputs.turnAt(hinge),
    used: (): void => undefined,
  };
  const { lower } = propagation.backwardBoundOf(node, rows, { slopes, pulled });
  const outputs = { least: lower, finite: propagation.finite() };
  const varying = [rows, ...(pulled ? [pulled] : []), ...inputs.all];
  const look = looked(b, { ...asked, propagation: unrounded.propagation }, unrounded, inputs);
  return { closed: { outputs, varying }, look: { outputs: look, varying }, stops: inputs.stops };
}

function looked(
  b: Builder,
  asked: Asked,
  { minimiserOf }: Unrounded,
  inputs: ChoiceInputs,
): Values {
  const { propagation, node, rows, pulled } = asked;
  propagation.boundsOf(node);
  const choices = {
    turnAt: (hinge: Node) => inputs.turnAt(hinge),
    multiplierAt: () => undefined,
    minimiserOf,
  };
  const pass = propagation.relaxedPassOf(node, { rows, pulled }, choices);
  if (!pass) return differentiated(b, asked, inputs);
  return leads(b, pass, (id) => {
    const stop = inputs.stopOf(id);
    return stop?.flat === undefined ? undefined : stop;
  });
}

/** `point/K` and `behind/K` of the stops that are asked for. */
export function leads(
  b: Builder,
  { points, behind }: RelaxedPass,
  stopOf: (id: number) => ChoiceStop | undefined,
): Values {
  const values: Record<string, Node> = {};
  for (const [id, point] of points) {
    const stop = stopOf(id);
    const coefficients = behind.get(id);
    if (!stop || !coefficients) continue;
    values[`point/${stop.place}`] = b.mul(point, 1);
    values[`behind/${stop.place}`] = b.mul(coefficients, 1);
  }
  return values;
}

/** The same by the gradient of the bound, whatever is inside. */
function differentiated(
  b: Builder,
  { propagation, node, rows, pulled }: Asked,
  inputs: ChoiceInputs,
): Values {
  const used = new Map<number, Node>();
  const slopes = {
    differenceAt: (hinge: Node) => inputs.turnAt(hinge),
    used: ({ operands: [id = -1] }: Node, difference: Node): void => void used.set(id, difference),
  };
  const { estimate } = propagation.backwardBoundOf(node, rows, { slopes, pulled });
  const gradients = gradientWith(b, estimate, [...used.values()]);
  const values: Record<string, Node> = {};
  [...used].forEach(([id, difference], i) => {
    const [stop, gradient] = [inputs.stopOf(id), gradients[i]];
    if (!stop || !gradient) return;
    values[`point/${stop.place}`] = b.mul(gradient, 1);
    values[`behind/${stop.place}`] = b.add(b.mul(difference, 0), 1);
  });
  return values;
}
