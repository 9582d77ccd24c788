/**
 * A linear classifier of two classes as a network: f = z₁ − z₀ is linear in the parameters θ and affine in
 * the input, f(x) = φ(x)·θ with φ(x) = φ(0) + Σ xⱼ·Jⱼ. That is measured, not read off the graph, so that
 * scaling in front and any layout of the weights are part of it. The best classifier of its Lipschitz
 * constant is found in the input's own units and written back as the shortest θ that has it.
 */
import { Builder } from '../../graph/builder.ts';
import { BATCH } from '../../graph/dimension.ts';
import { ancestors, dependents, type Graph, type Node } from '../../graph/graph.ts';
import { writeModel } from '../../onnx/write.ts';
import type { Runtime, Session } from '../../runtime/runtime.ts';
import { RandomBlock } from '../../tensor/random.ts';
import { floats, rowSize, takeRows, type Tensor } from '../../tensor/tensor.ts';
import { isAffine } from '../../transforms/affine.ts';
import { gradientWith } from '../../transforms/gradient.ts';
import type { Labelled } from '../labelled.ts';
import { TrainableNetwork, type Values } from '../network.ts';
import { fitLinear, type LinearFit, type LinearFitOptions } from './linear-fit.ts';

export interface FittedNetwork {
  readonly values: Values;
  readonly fit: LinearFit;
}

/** Scores are compared on so many samples, this closely. */
const [COMPARED, AGREEMENT] = [16, 1e-3];
/** Taken off weights, so that float32's rounding does not lift them above L. */
const ROUNDING = 2 ** -22;

/**
 * Throws RangeError where the network is not linear, or not of two classes, where features share weights,
 * and what fitLinear throws.
 */
export async function fitLinearNetwork(
  graph: Graph,
  data: Labelled,
  runtime: Runtime,
  options: LinearFitOptions,
): Promise<FittedNetwork> {
  const network = new TrainableNetwork(graph);
  if (network.classes !== 2) {
    throw new RangeError(
      `the network has ${network.classes} classes, and two are told apart exactly`,
    );
  }
  const session = await runtime.session(writeModel(scoreGraph(network)));
  try {
    const features = await featuresOf(session, network);
    await requireLinear(session, network, features, data);
    const x = Float64Array.from(data.x.data);
    const y = Float64Array.from(data.y, (label) => (label === 1 ? 1 : -1));
    const fit = await fitLinear({ x, y }, options);
    return { fit, values: { ...network.initial, parameters: written(network, features, fit) } };
  } finally {
    await session.release();
  }
}

/** Whether a network is of two classes, and nothing in it bends. */
export function isLinearPair({ graph, input, output, classes }: TrainableNetwork): boolean {
  const fed = dependents(graph, [input.id]);
  const needed = ancestors(graph, [output.id]);
  const path = graph.nodes.filter(({ id }) => fed[id] && needed[id] && id !== input.id);
  return classes === 2 && path.every((node) => isAffine(node, (id) => fed[id] ?? false));
}

/** x, parameters → `score` [batch] (z₁ − z₀), and `features`, the gradient of their sum by the parameters. */
function scoreGraph(network: TrainableNetwork): Graph {
  const b = new Builder();
  const x = b.input('x', [BATCH, ...network.sampleShape]);
  const over = network.over(b);
  const signs = b.floats([-1, 1], [1, 2]);
  const score = b.sum(b.mul(over.logits(x), signs), [1]);
  const pieces = network.parts.trained.entries.flatMap(({ id }) => over.parameters.get(id) ?? []);
  const flat = gradientWith(b, score, pieces).map((piece): Node => {
    const size = piece.shape.reduce<number>((product, dim) => product * Number(dim), 1);
    return b.reshape(piece, [size]);
  });
  return b.graph({ score, features: b.concat(flat, 0) });
}

interface Features {
  /** φ(0). */
  readonly origin: Float64Array;
  /** Jⱼ for each feature of the input. */
  readonly slopes: readonly Float64Array[];
}

async function featuresOf(session: Session, network: TrainableNetwork): Promise<Features> {
  const { sampleShape, initial } = network;
  const size = sampleShape.reduce((product, dim) => product * dim, 1);
  const at = async (feature: number | null): Promise<Float64Array> => {
    const x = new Float32Array(size);
    if (feature !== null) x[feature] = 1;
    const fed = { ...network.feeds(initial), x: floats(x, [1, ...sampleShape]) };
    const { features } = await session.run(fed);
    return Float64Array.from(features?.data ?? [], Number);
  };
  const origin = await at(null);
  const slopes: Float64Array[] = [];
  for (let feature = 0; feature < size; feature++) {
    const moved = await at(feature);
    slopes.push(moved.map((value, k) => value - (origin[k] ?? 0)));
  }
  return { origin, slopes };
}

/** At random parameters and real samples, scores must be φ(x)·θ; and no two features may share a weight. */
async function requireLinear(
  session: Session,
  network: TrainableNetwork,
  { origin, slopes }: Features,
  { x, y }: Labelled,
): Promise<void> {
  const random = new RandomBlock(0, 0, 0);
  const theta = Float32Array.from(origin, (_, k) => random.normal(k));
  const rows = takeRows(
    x,
    Array.from({ length: Math.min(COMPARED, y.length) }, (_, i) => i),
  );
  const values = { ...network.initial, parameters: floats(theta) };
  const { score } = await session.run({ ...network.feeds(values), x: rows });
  const size = rowSize(rows);
  Array.from(score?.data ?? [], Number).forEach((value, row) => {
    let [expected, scale] = [inner(origin, theta), 1];
    slopes.forEach((slope, j) => {
      const part = (rows.data[row * size + j] ?? 0) * inner(slope, theta);
      expected += part;
      scale += Math.abs(part);
    });
    if (Math.abs(value - expected) <= AGREEMENT * scale) return;
    throw new RangeError('the network is not linear: what is exact is for linear classifiers');
  });
  const used = new Set<number>();
  for (const slope of slopes) {
    slope.forEach((value, k) => {
      if (value === 0) return;
      if (used.has(k)) throw new RangeError('features of the input share weights of the network');
      used.add(k);
    });
  }
}

function inner(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

/** The parameters of a classifier: each weight along its own feature, the rest by the shifts. */
function written(
  network: TrainableNetwork,
  { origin, slopes }: Features,
  { weights, bias }: LinearFit,
): Tensor<'float32'> {
  const theta = new Float64Array(origin.length);
  slopes.forEach((slope, j) => {
    const square = inner(slope, slope);
    const wanted = (weights[j] ?? 0) * (1 - ROUNDING);
    if (square === 0 && wanted !== 0) throw new RangeError(`feature ${j} has no weight`);
    if (square > 0)
      slope.forEach((value, k) => (theta[k] = (theta[k] ?? 0) + (value * wanted) / square));
  });
  const shifts = new Set<number>();
  for (const { role, offset, value } of network.parts.trained.entries) {
    if (role !== 'shift') continue;
    for (let k = 0; k < value.data.length; k++) shifts.add(offset + k);
  }
  const missing = bias - inner(origin, theta);
  const along = origin.map((value, k) => (shifts.has(k) ? value : 0));
  const square = inner(along, along);
  if (square === 0) throw new RangeError('the network has no bias to set');
  return floats(theta.map((value, k) => value + ((along[k] ?? 0) * missing) / square));
}
