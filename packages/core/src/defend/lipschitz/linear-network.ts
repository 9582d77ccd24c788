/**
 * A linear classifier as a network: its scores are linear in the parameters θ and affine in the input,
 * f_h(x) = φ_h(x)·θ with φ_h(x) = φ_h(0) + Σ xⱼ·J_hj; of two classes the one score z₁ − z₀. That is measured, not read
 * off the graph, so that scaling in front and any layout of the weights are part of it. The best classifier of its
 * Lipschitz constant is found in the input's own units and written back as the shortest θ that has it.
 */
import { Builder } from '../../graph/builder.ts';
import { BATCH } from '../../graph/dimension.ts';
import { ancestors, dependents, type Graph, type Node } from '../../graph/graph.ts';
import { writeModel } from '../../onnx/write.ts';
import type { Runtime, Session } from '../../runtime/runtime.ts';
import { RandomBlock } from '../../tensor/random.ts';
import { floats, rowSize, sizeOf, takeRows, type Tensor } from '../../tensor/tensor.ts';
import { isAffine } from '../../transforms/affine.ts';
import { gradientWith } from '../../transforms/gradient.ts';
import type { Labelled } from '../labelled.ts';
import { TrainableNetwork, type Values } from '../network.ts';
import { fitClasses } from './class-fit.ts';
import type { Certificate } from './linear-certificate.ts';
import { fitLinear, type LinearFitOptions } from './linear-fit.ts';

export interface FittedNetwork {
  readonly values: Values;
  readonly certificate: Certificate;
  /** [scores, columns] and [scores]; of two classes there is one score, z₁ − z₀. */
  readonly weights: Float64Array;
  readonly biases: Float64Array;
}

/** Scores are compared on so many samples, this closely. */
const [COMPARED, AGREEMENT] = [16, 1e-3];
/** Taken off weights, so that float32's rounding does not lift them above L. */
const ROUNDING = 2 ** -22;

/**
 * Throws RangeError where the network is not linear, where scores or features share weights, and what fitLinear
 * throws.
 */
export async function fitLinearNetwork(
  graph: Graph,
  data: Labelled,
  runtime: Runtime,
  options: LinearFitOptions,
): Promise<FittedNetwork> {
  const network = new TrainableNetwork(graph);
  const session = await runtime.session(writeModel(scoreGraph(network)));
  try {
    const heads = await headsOf(session, network);
    await requireLinear(session, network, heads, data);
    const fit = await fitted(data, network.classes, options);
    return { ...fit, values: { ...network.initial, parameters: written(network, heads, fit) } };
  } finally {
    await session.release();
  }
}

async function fitted(
  data: Labelled,
  classes: number,
  options: LinearFitOptions,
): Promise<Omit<FittedNetwork, 'values'>> {
  const x = Float64Array.from(data.x.data);
  if (classes > 2) return fitClasses({ x, y: data.y, classes }, options);
  const y = Float64Array.from(data.y, (label) => (label === 1 ? 1 : -1));
  const { weights, bias, certificate } = await fitLinear({ x, y }, options);
  return { weights, biases: Float64Array.of(bias), certificate };
}

/** Whether nothing in a network bends. */
export function isLinear({ graph, input, output }: TrainableNetwork): boolean {
  const fed = dependents(graph, [input.id]);
  const needed = ancestors(graph, [output.id]);
  const path = graph.nodes.filter(({ id }) => fed[id] && needed[id] && id !== input.id);
  return path.every((node) => isAffine(node, (id) => fed[id] ?? false));
}

/** x, parameters → `score` [batch, scores], and `features` [scores, parameters]: gradients of their sums. */
function scoreGraph(network: TrainableNetwork): Graph {
  const b = new Builder();
  const x = b.input('x', [BATCH, ...network.sampleShape]);
  const over = network.over(b);
  const logits = over.logits(x);
  const isPair = network.classes === 2;
  const score = isPair
    ? b.sum(b.mul(logits, b.floats([-1, 1], [1, 2])), [1], true)
    : b.mul(logits, 1);
  const pieces = network.parts.trained.entries.flatMap(({ id }) => over.parameters.get(id) ?? []);
  const features = Array.from({ length: isPair ? 1 : network.classes }, (_, head): Node => {
    const own = b.slice(score, 1, head, head + 1);
    const flat = gradientWith(b, own, pieces).map((piece): Node => {
      const size = sizeOf(piece.shape.map(Number));
      return b.reshape(piece, [1, size]);
    });
    return b.concat(flat, 1);
  });
  return b.graph({ score, features: b.concat(features, 0) });
}

/** The numbers of a vector that are not 0. */
interface Sparse {
  readonly at: Int32Array;
  readonly values: Float64Array;
}

/** A score. */
interface Head {
  /** φ_h(0). */
  readonly origin: Sparse;
  /** J_hj for each feature of the input. */
  readonly slopes: readonly Sparse[];
}

async function headsOf(session: Session, network: TrainableNetwork): Promise<Head[]> {
  const { sampleShape, initial, parts } = network;
  const { size } = parts.trained;
  const at = async (feature: number | null): Promise<Float64Array> => {
    const x = new Float32Array(sizeOf(sampleShape));
    if (feature !== null) x[feature] = 1;
    const fed = { ...network.feeds(initial), x: floats(x, [1, ...sampleShape]) };
    const { features } = await session.run(fed);
    return Float64Array.from(features?.data ?? [], Number);
  };
  const origin = await at(null);
  const count = origin.length / size;
  const heads = Array.from({ length: count }, (_, head) => ({
    origin: sparse(origin.subarray(head * size, (head + 1) * size)),
    slopes: new Array<Sparse>(),
  }));
  for (let feature = 0; feature < sizeOf(sampleShape); feature++) {
    const moved = await at(feature);
    heads.forEach(({ slopes }, head) => {
      const own = moved.subarray(head * size, (head + 1) * size);
      slopes.push(sparse(own.map((value, k) => value - (origin[head * size + k] ?? 0))));
    });
  }
  return heads;
}

function sparse(vector: Float64Array): Sparse {
  const at = Int32Array.from(vector.keys()).filter((k) => vector[k] !== 0);
  return { at, values: Float64Array.from(at, (k) => vector[k] ?? 0) };
}

/** At random parameters and real samples, scores must be φ(x)·θ; and no weight may serve two features or scores. */
async function requireLinear(
  session: Session,
  network: TrainableNetwork,
  heads: readonly Head[],
  { x, y }: Labelled,
): Promise<void> {
  const random = new RandomBlock(0, 0, 0);
  const theta = Float32Array.from({ length: network.parts.trained.size }, (_, k) =>
    random.normal(k),
  );
  const rows = takeRows(
    x,
    Array.from({ length: Math.min(COMPARED, y.length) }, (_, i) => i),
  );
  const values = { ...network.initial, parameters: floats(theta) };
  const { score } = await session.run({ ...network.feeds(values), x: rows });
  const size = rowSize(rows);
  Array.from(score?.data ?? [], Number).forEach((value, i) => {
    const head = heads[i % heads.length];
    if (!head) throw new RangeError('the network has no score');
    const row = Math.floor(i / heads.length);
    let [expected, scale] = [inner(head.origin, theta), 1];
    head.slopes.forEach((slope, j) => {
      const part = (rows.data[row * size + j] ?? 0) * inner(slope, theta);
      expected += part;
      scale += Math.abs(part);
    });
    if (Math.abs(value - expected) <= AGREEMENT * scale) return;
    throw new RangeError('the network is not linear: what is exact is for linear classifiers');
  });
  const used = new Set<number>();
  for (const { at } of heads.flatMap(({ slopes }) => slopes)) {
    for (const k of at) {
      if (used.has(k)) {
        throw new RangeError('features of the input, or classes, share weights of the network');
      }
      used.add(k);
    }
  }
}

function inner({ at, values }: Sparse, theta: ArrayLike<number>): number {
  return values.reduce((sum, value, i) => sum + value * (theta[at[i] ?? 0] ?? 0), 0);
}

/** θ + factor·v. */
function add(theta: Float64Array, { at, values }: Sparse, factor: number): void {
  at.forEach((k, i) => (theta[k] = (theta[k] ?? 0) + factor * (values[i] ?? 0)));
}

/** The parameters of a classifier: each weight along its own feature, the rest by the shifts. */
function written(
  network: TrainableNetwork,
  heads: readonly Head[],
  { weights, biases }: Pick<FittedNetwork, 'weights' | 'biases'>,
): Tensor<'float32'> {
  const { size, entries } = network.parts.trained;
  const theta = new Float64Array(size);
  const square = ({ values }: Sparse): number => values.reduce((sum, v) => sum + v * v, 0);
  heads.forEach(({ slopes }, head) => {
    slopes.forEach((slope, j) => {
      const wanted = (weights[head * slopes.length + j] ?? 0) * (1 - ROUNDING);
      if (wanted === 0) return;
      if (slope.at.length === 0) throw new RangeError(`feature ${j} has no weight`);
      add(theta, slope, wanted / square(slope));
    });
  });
  const shifts = new Set<number>();
  for (const { role, offset, value } of entries) {
    if (role !== 'shift') continue;
    for (let k = 0; k < value.data.length; k++) shifts.add(offset + k);
  }
  const set = new Set<number>();
  heads.forEach(({ origin }, head) => {
    const missing = (biases[head] ?? 0) - inner(origin, theta);
    const own = [...origin.at.keys()].filter((i) => shifts.has(origin.at[i] ?? -1));
    const along: Sparse = {
      at: Int32Array.from(own, (i) => origin.at[i] ?? 0),
      values: Float64Array.from(own, (i) => origin.values[i] ?? 0),
    };
    if (own.length === 0) throw new RangeError('the network has no bias to set');
    if (along.at.some((k) => set.has(k))) throw new RangeError('classes share a bias');
    along.at.forEach((k) => set.add(k));
    add(theta, along, missing / square(along));
  });
  return floats(theta);
}
