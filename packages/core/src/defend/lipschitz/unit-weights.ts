/**
 * Weights of spectral norm at most 1, from any: almost-orthogonal layers (Prach & Lampert 2022, theorem 1).
 * For a matrix P with D = diag(Σ_j |PᵀP|_ij), ‖P·D^(−½)‖₂ ≤ 1, with equality for orthogonal columns. Of W and
 * its transpose the one is taken whose Gram matrix is smaller: only there can all be orthogonal.
 */
import type { Builder } from '../../graph/builder.ts';
import { dependents, type Graph, type Node } from '../../graph/graph.ts';
import type { ConvGeometry } from '../../graph/ops/convolutions.ts';
import { rulesOf } from '../../transforms/lowering.ts';
import type { Parametrisation } from '../network.ts';
import type { Parameter } from '../parameters.ts';
import { inverseRoot } from './inverse-root.ts';
import { type StridedKernel, unitKernel } from './unit-kernel.ts';

/**
 * Weights through the formula above; scales cut off at ±1; shifts as they are. Throws RangeError for weights
 * that are computed before they weigh.
 */
export const unitWeights: Parametrisation = (b, { graph, parts, input }, parameters) => {
  const fed = dependents(graph, [input.id]);
  return new Map(
    parts.trained.entries.map((entry) => {
      const own = parameters.get(entry.id);
      if (!own) throw new RangeError(`${entry.name} is not among the parameters`);
      if (entry.role === 'weight') return [entry.id, unit(b, graph, fed, entry, own)];
      return [entry.id, entry.role === 'scale' ? b.max(b.min(own, 1), -1) : own];
    }),
  );
};

function unit(
  b: Builder,
  graph: Graph,
  fed: readonly boolean[],
  { id, name, value }: Parameter,
  weights: Node,
): Node {
  const turned = turnedFrom(graph, id);
  const user = graph.nodes.find(
    (node) => fed[node.id] && rulesOf(node).spectralNorm && node.operands.some((at) => turned[at]),
  );
  const isDirect = user?.operands.includes(id);
  if (user?.op === 'matMul' && value.shape.length === 2) return unitMatrix(b, weights);
  const isKernel = user?.op === 'conv' || user?.op === 'convTranspose';
  if (isKernel && isDirect) return unitKernel(b, weights, kernelOf(user.attributes));
  throw new RangeError(
    `the weights ${name} are computed before they weigh, or weigh in more than two dimensions: no norm of theirs is known`,
  );
}

/** For each node, whether it is the constant, transposed at most. */
function turnedFrom(graph: Graph, id: number): boolean[] {
  const turned = graph.nodes.map((node) => node.id === id);
  for (const node of graph.nodes) {
    if (node.op === 'transpose' && node.operands.some((at) => turned[at])) turned[node.id] = true;
  }
  return turned;
}

/** Taps that lie apart meet each other as neighbours do; with strides as well, every place is looked at. */
function kernelOf({ strides, dilations, groups }: ConvGeometry): StridedKernel {
  const isDilated = dilations.some((dilation) => dilation > 1);
  return { strides: isDilated ? strides.map(() => 1) : strides, groups };
}

/** [rows, columns] */
function unitMatrix(b: Builder, weights: Node): Node {
  const [rows = 1, columns = 1] = weights.shape.map(Number);
  const isFlat = rows <= columns;
  const gram = b.matMul(weights, weights, isFlat ? { transB: true } : { transA: true });
  return b.mul(weights, inverseRoot(b, b.sum(b.abs(gram), [isFlat ? 1 : 0], true)));
}
