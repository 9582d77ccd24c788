/**
 * Derived graphs as ONNX files: the gradient of the margin, interval bounds of the outputs over a
 * box, or the bound on the margin over a ball that audits prove with.
 */
import {
  Builder,
  type Classifier,
  freeName,
  type Graph,
  gradientOf,
  inputNamed,
  inputNodes,
  marginBoundGraph,
  marginOf,
  type Model,
  type Node,
  nodeAt,
  oneHotRows,
  outputNamed,
  propagateIntervals,
  replayLowered,
  requireProvable,
  roundingModel,
  type Semantics,
  type Threat,
} from '@glacis/core';
import { UsageError } from '../errors.ts';
import { normSymbol } from '../report/numbers.ts';

export interface Emitted {
  readonly graph: Graph;
  /** What each input and output is, by name. */
  readonly meanings: Readonly<Record<string, string>>;
}

/**
 * Outputs `value` [batch] and `gradient` (the input's shape). The value is the margin of `labels`, or
 * the score of one class, or a model's only output.
 */
export function emitGradient(
  model: Model,
  {
    chosen,
    straightThrough,
  }: { readonly chosen: number | undefined; readonly straightThrough: boolean },
): Emitted {
  const input = realInput(model);
  const name = model.graph.outputs[0]?.name ?? '';
  const output = outputNamed(model.graph, name);
  const [batch = 1, scores = 1] = output.shape;
  const count = Number(scores);
  if (output.shape.length !== 2 || !(count >= 1)) {
    throw new UsageError(
      `The output ${name} has the shape [${output.shape.join(', ')}]; a gradient is of one score of [batch, classes].`,
    );
  }
  if (chosen !== undefined && chosen >= count) {
    throw new UsageError(`--class ${chosen}: the model has the classes 0 to ${count - 1}.`);
  }
  const single = chosen ?? (count === 1 ? 0 : undefined);
  const labels = freeName(model.graph, 'labels');
  const of = (b: Builder, value: Node): Node => {
    if (single !== undefined) return b.reshape(b.gather(value, 1, [single]), [batch]);
    return marginOf(b, value, oneHotRows(b, b.input(labels, [batch], 'int32'), count));
  };
  const what = single === undefined ? 'the margin of the label' : `score ${single} of ${name}`;
  return {
    graph: gradientOf(model.graph, { of, at: input, straightThrough }),
    meanings: {
      ...Object.fromEntries(model.inputs.map(({ name: own }) => [own, 'as in the model'])),
      [input]: 'the input',
      ...(single === undefined ? { [labels]: 'the class of each row' } : {}),
      [freeName(model.graph, 'value')]: `${what}, one number a row`,
      [freeName(model.graph, 'gradient')]: `its gradient with respect to ${input}`,
    },
  };
}

/** Inputs `lower` and `upper`; for each output its ends over that box, rounded outward; `finite`. */
export function emitIntervals(model: Model, semantics: Semantics): Emitted {
  requireProvable(model, semantics);
  const name = realInput(model);
  const node = inputNamed(model.graph, name);
  const b = new Builder();
  const named = (side: string): string => freeName(model.graph, side);
  const box = {
    lower: b.input(named('lower'), node.shape),
    upper: b.input(named('upper'), node.shape),
  };
  const centre = b.mul(b.add(box.lower, box.upper), 0.5);
  const copies = replayLowered(b, model.graph, new Map([[node.id, centre]]), ['range']);
  const support = (): Node => {
    throw new RangeError('a box is its own support');
  };
  const sets = new Map([[centre.id, { centre, box, isBox: true, support }]]);
  const propagation = propagateIntervals(b, b.graph({}), sets, roundingModel(semantics));
  const meanings: Record<string, string> = {
    ...Object.fromEntries(model.inputs.map(({ name: own }) => [own, 'as in the model'])),
    [named('lower')]: `the least value of each element of ${name}`,
    [named('upper')]: `the greatest value of each element of ${name}`,
  };
  const results: Record<string, Node> = {};
  for (const output of model.graph.outputs) {
    const copy = copies.get(output.id);
    if (!copy) throw new RangeError(`the output ${output.name} was not copied`);
    const ends = propagation.boundsOf(copy);
    for (const side of ['lower', 'upper'] as const) {
      // A value that no input reaches needs an identity of its own to be an output twice.
      results[`${output.name}_${side}`] = b.mul(ends[side], 1);
      meanings[`${output.name}_${side}`] =
        `no input of the box gives ${side === 'lower' ? 'less' : 'more'} (${semantics} semantics)`;
    }
  }
  const finite = named('finite');
  meanings[finite] = '1 where every value inside was finite; else the bounds say nothing';
  return { graph: b.graph({ ...results, [finite]: propagation.finite() }), meanings };
}

/**
 * Inputs `centre`, `lower`, `upper`, `radius` and `labels`, one ball a row; outputs `marginLower` and
 * `finite`. One graph serves every radius and every box of valid values.
 */
export function emitBounds(classifier: Classifier, threat: Threat, semantics: Semantics): Emitted {
  const { input, proven, graph, separation, sides } = classifier;
  const ball = `the ${normSymbol(threat.norm.name)} ball`;
  const scores = graph.outputs.some(({ id }) => id === proven.id)
    ? 'score'
    : 'score before its last operation';
  const enough = separation > 0 ? `more than ${separation}` : 'positive';
  return {
    graph: marginBoundGraph(classifier, threat, semantics),
    meanings: {
      ...Object.fromEntries(sides.map(({ port }) => [`side/${port.name}`, 'as in the model'])),
      centre: `${input} in the middle of ${ball}`,
      lower: `least values of ${ball} (and of valid inputs), rounded down; at most centre`,
      upper: `greatest values of ${ball} (and of valid inputs), rounded up; at least centre`,
      radius: threat.norm.isBox
        ? `of ${ball}; unused, since lower and upper say all`
        : `of ${ball}, rounded up`,
      labels: 'the class of each row',
      marginLower: `no input in ${ball} and between lower and upper has a smaller margin, the label's ${scores} less the greatest other (${semantics} semantics): ${enough} proves that none changes the answer`,
      finite: '1 where every value inside was finite; else the bound says nothing',
    },
  };
}

/** The one input that can be changed little by little; the others stay inputs of what is derived. */
function realInput({ inputs, random }: Model): string {
  const drawn = new Set(random.map(({ name }) => name));
  const [input, ...others] = inputs.filter(
    ({ name, type }) => type === 'float32' && !drawn.has(name),
  );
  if (!input || others.length > 0) {
    throw new UsageError(
      `The model has ${input ? others.length + 1 : 0} real-valued inputs; exactly one is needed here.`,
    );
  }
  return input.name;
}

/** "name float32 [batch, 10]: meaning" for every input and output. */
export function describeEmitted({ graph, meanings }: Emitted): {
  inputs: readonly PortLine[];
  outputs: readonly PortLine[];
} {
  const line = (name: string, { type, shape }: Node): PortLine => ({
    name,
    type,
    shape,
    meaning: meanings[name] ?? '',
  });
  return {
    inputs: inputNodes(graph).map((node) => line(node.attributes.name, node)),
    outputs: graph.outputs.map(({ name, id }) => line(name, nodeAt(graph, id))),
  };
}

export interface PortLine {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly (number | string)[];
  readonly meaning: string;
}
