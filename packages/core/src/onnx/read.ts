/**
 * ONNX bytes → Model: the file's graph lowered into the IR, with one symbolic batch dimension in
 * front whatever the file says. Nothing is folded or fused. Files whose shapes do not allow a
 * symbolic batch are lowered for one sample and get an axis of samples in front of everything (`lifted`), or,
 * where an op forbids that, are run row by row (`batched` false).
 */
import type { ModelProto } from 'onnx-buf';
import type { Graph } from '../graph/graph.ts';
import type { ClassLabels } from './class-labels.ts';
import { checkPorts, inputsOf } from './declared-inputs.ts';
import { parametersOf } from './element-types.ts';
import type { Lowered, Reading } from './lower-graph.ts';
import { parse } from './parse.ts';
import { countsSamples, type Port, portOf } from './ports.ts';
import { type Precision, precisionOf, roundsWeights } from './precision.ts';
import { type PrepareOptions, prepare } from './prepare.ts';
import { nodesOf, qualified } from './proto.ts';
import { openRandomness, type RandomInput } from './randomness.ts';
import { lowered } from './samples.ts';
import { modelBytes } from './serialise.ts';

export interface Model {
  /**
   * The file itself, with external data and fixed inputs put in, inputs of another precision behind casts,
   * scores uncovered and randomness opened: what is judged by is always this.
   */
  readonly bytes: Uint8Array;
  /** Inputs and outputs have the batch dimension in front: symbolic, or 1 where `batched` is false. */
  readonly graph: Graph;
  /** Whether the graph runs any number of rows at once. */
  readonly batched: boolean;
  /** Whether only the graph does, and the file takes one at a time. */
  readonly lifted: boolean;
  /** Whether values inside have the axis of samples before all those that the file gives one sample. */
  readonly inFront: boolean;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Values inside that were asked for, in the shapes they have there; the graph gives them beside the outputs. */
  readonly hidden: readonly Port[];
  /** Whether the file's own first axis counts samples (else a sample is the whole tensor). */
  readonly batchAxis: boolean;
  /** What the file computes in; the graph is float32 in any case. */
  readonly precision: Precision;
  /** Whether double weights were rounded to float32: the graph is then nearly the file's network. */
  readonly rounded: boolean;
  /** Inputs that stand for the random numbers the file draws. */
  readonly random: readonly RandomInput[];
  /** What was done to the file, for people. */
  readonly notes: readonly string[];
  /** What the columns of an output are called, where the file says it. */
  readonly classLabels: ReadonlyMap<string, ClassLabels>;
  /** Number of elements of all initialisers. */
  readonly parameters: number;
  /** How often each operator occurs, in the file's words. */
  readonly operators: ReadonlyMap<string, number>;
}

export interface ReadOptions extends PrepareOptions {
  /** Lower for one sample at a time, whatever the shapes allow. */
  readonly rowByRow?: boolean;
}

/** Reads a model. Throws ModelError: `invalid` for broken files, `unsupported` for the rest. */
export function readModel(file: Uint8Array, options: ReadOptions = {}): Model {
  const proto = parse(file);
  const { changed, notes, classLabels, hidden } = prepare(proto, options);
  const known = { random: [], notes, classLabels, hidden: hidden.map((name) => ({ name })) };
  return readPrepared(proto, changed ? null : file, known, options.rowByRow ?? false);
}

/**
 * The same model over other bytes (the same file with something put before it), or lowered for one
 * sample at a time: what was done to the file is not done again. Throws ModelError.
 */
export function readAgain(
  model: Model,
  { bytes = model.bytes, rowByRow = false }: { bytes?: Uint8Array; rowByRow?: boolean } = {},
): Model {
  return readPrepared(parse(bytes), bytes, model, rowByRow);
}

interface Known extends Pick<Model, 'random' | 'notes' | 'classLabels'> {
  readonly hidden: readonly Pick<Port, 'name'>[];
}

/** `file`: the bytes of the proto, where they are known; `known`: what was found out about it before. */
function readPrepared(
  proto: ModelProto,
  file: Uint8Array | null,
  known: Known,
  rowByRow: boolean,
): Model {
  const inputs = inputsOf(proto);
  checkPorts(proto, inputs);
  const precision = precisionOf(proto);
  const hidden = new Set(known.hidden.map(({ name }) => name));
  const reading: Reading = { proto, inputs, batchAxis: inputs.every(countsSamples), hidden };
  const { graph, shapes, random, ...samples } = lowered(reading, rowByRow);
  const counts = new Map<string, number>();
  for (const node of nodesOf(proto)) {
    counts.set(qualified(node), (counts.get(qualified(node)) ?? 0) + 1);
  }
  if (random.length > 0 && proto.graph) openRandomness(proto.graph, random);
  return {
    bytes: file && random.length === 0 ? file : modelBytes(proto),
    graph,
    ...samples,
    inputs: inputsOf(proto),
    ...portsOf(proto, { graph, shapes }, precision, hidden),
    batchAxis: reading.batchAxis,
    precision,
    rounded: precision === 'float64' && roundsWeights(proto),
    random: [...known.random, ...random],
    notes: known.notes,
    classLabels: known.classLabels,
    parameters: (proto.graph?.initializer ?? []).reduce((sum, each) => sum + parametersOf(each), 0),
    operators: counts,
  };
}

/** Outputs that are read, and values inside; what the file does not declare is known from the graph. */
function portsOf(
  proto: ModelProto,
  { graph, shapes }: Pick<Lowered, 'graph' | 'shapes'>,
  precision: Precision,
  hidden: ReadonlySet<string>,
): Pick<Model, 'outputs' | 'hidden'> {
  const type = precision === 'float64' ? 'float64' : 'float32';
  const ports = graph.outputs.map(({ name }): Port => {
    const info = proto.graph?.output.find((output) => output.name === name);
    const port = info?.type ? portOf(info) : { name, type, shape: [] };
    const isKnown = port.shape.length > 0 && !hidden.has(name);
    return isKnown ? port : { ...port, shape: shapes.get(name) ?? [] };
  });
  return {
    outputs: ports.filter(({ name }) => !hidden.has(name)),
    hidden: ports.filter(({ name }) => hidden.has(name)),
  };
}
