/**
 * Support vector machines of `ai.onnx.ml`: a kernel between the input and each support vector, and
 * linear functions of what it gives. Where the standard leaves the scores open, ONNX Runtime's rules.
 */
import { known } from '../../graph/dimension.ts';
import type { Node } from '../../graph/graph.ts';
import { power } from '../../graph/ops/powers.ts';
import type { Lowering, LoweringContext } from '../lowering.ts';
import { labelsOf, ofBoth, transformed } from './scores.ts';

/** Differences from every support vector are held for each row of a batch. */
const MOST_DIFFERENCES = 2 ** 20;

function featuresOf(c: LoweringContext, x: Node): number {
  if (x.shape.length !== 2) throw c.invalid('its input is no table of rows and features');
  return known(x.shape[1] ?? 0, 'features');
}

/** A matrix of a list attribute. */
function matrix(c: LoweringContext, name: string, rows: number, columns: number): Node {
  const numbers = c.floatList(name) ?? [];
  if (rows < 1 || numbers.length !== rows * columns) {
    throw c.invalid(`${name} has ${numbers.length} numbers where ${rows} × ${columns} are needed`);
  }
  return c.b.floats(numbers, [rows, columns]);
}

/** e^(−γ‖x − v‖²), of the differences themselves: products would cancel. */
function radial(c: LoweringContext, x: Node, vectors: Node, gamma: number): Node {
  const { b } = c;
  const [batch = 1, features = 1] = x.shape;
  const [count = 1] = vectors.shape;
  if (known(count, 'support vectors') * known(features, 'features') > MOST_DIFFERENCES) {
    throw c.unsupported(
      `${count} support vectors of ${features} features are too many for an RBF kernel: train with fewer`,
    );
  }
  const apart = b.sub(b.reshape(x, [batch, 1, features]), vectors);
  return b.exp(b.mul(b.sum(b.mul(apart, apart), [2]), -gamma));
}

/** The kernel between each row and each support vector: [batch, vectors]. */
function kernel(c: LoweringContext, x: Node, vectors: Node): Node {
  const { b } = c;
  const name = c.text('kernel_type', 'LINEAR');
  const [gamma = 0, offset = 0, degree = 0] = c.floatList('kernel_params') ?? [];
  if (name === 'RBF') return radial(c, x, vectors, gamma);
  const product = b.matMul(x, vectors, { transB: true });
  if (name === 'LINEAR') return product;
  const shifted = b.add(b.mul(product, gamma), offset);
  if (name === 'SIGMOID') return b.push('tanh', [shifted], {});
  if (name !== 'POLY') throw c.unsupported(`the kernel ${name} is not supported`);
  if (!Number.isInteger(degree) || degree < 0) {
    throw c.unsupported(`a polynomial kernel of the degree ${degree} is not supported`);
  }
  return power(b, shifted, degree);
}

function svmRegressor(c: LoweringContext): Node {
  const { b } = c;
  const x = c.real();
  const features = featuresOf(c, x);
  const count = c.int('n_supports', 0);
  const [rho = 0] = c.floatList('rho') ?? [];
  if (c.text('post_transform', 'NONE') !== 'NONE') {
    throw c.unsupported('a transformation of its result is not supported');
  }
  const similar = count > 0 ? kernel(c, x, matrix(c, 'support_vectors', count, features)) : x;
  const coefficients = matrix(c, 'coefficients', 1, count > 0 ? count : features);
  const value = b.add(b.matMul(similar, coefficients, { transB: true }), rho);
  // Inside or outside of one class: 1 or −1.
  return c.int('one_class', 0) === 0 ? value : b.sub(b.mul(b.greater(value, 0), 2), 1);
}

/**
 * For each pair of classes the coefficients of all support vectors, [vectors, pairs]: row j − 1 of the
 * file's coefficients is for the vectors of class i against class j, row i for those of j against i.
 */
function pairwise(c: LoweringContext, perClass: readonly number[], count: number): Node {
  const classes = perClass.length;
  const coefficients = c.floatList('coefficients') ?? [];
  if (coefficients.length !== (classes - 1) * count) {
    throw c.invalid(`${coefficients.length} coefficients do not fit ${count} support vectors`);
  }
  const starts = perClass.map((_, i) => perClass.slice(0, i).reduce((sum, n) => sum + n, 0));
  const pairs = (classes * (classes - 1)) / 2;
  const table = new Float32Array(c.listable(count * pairs));
  let pair = 0;
  for (let i = 0; i < classes - 1; i++) {
    for (let j = i + 1; j < classes; j++, pair++) {
      for (const [own, row] of [
        [i, j - 1],
        [j, i],
      ] as const) {
        const start = starts[own] ?? 0;
        for (let m = start; m < start + (perClass[own] ?? 0); m++) {
          table[m * pairs + pair] = coefficients[row * count + m] ?? 0;
        }
      }
    }
  }
  return c.b.floats(table, [count, pairs]);
}

function svmClassifier(c: LoweringContext): (Node | undefined)[] {
  const { b } = c;
  const x = c.real();
  const features = featuresOf(c, x);
  const classes = labelsOf(c, 'classlabels_ints');
  const perClass = c.intList('vectors_per_class') ?? [];
  const count = perClass.reduce((sum, n) => sum + n, 0);
  const rho = c.floatList('rho') ?? [];
  if (classes < 2) throw c.invalid('it needs at least two labels');
  if ((c.floatList('prob_a') ?? []).length > 0) {
    throw c.unsupported(
      'probabilities of support vector machines are not supported: train with probability=False, and wrap the scores in a calibration',
    );
  }
  if (count === 0) {
    const product = b.matMul(x, matrix(c, 'coefficients', classes, features), { transB: true });
    return [undefined, transformed(c, b.add(product, rho[0] ?? 0))];
  }
  const pairs = (classes * (classes - 1)) / 2;
  if (perClass.length !== classes || rho.length !== pairs || perClass.some((n) => n < 0)) {
    throw c.invalid(`its attributes do not fit ${classes} classes`);
  }
  const similar = kernel(c, x, matrix(c, 'support_vectors', count, features));
  const scores = b.add(b.matMul(similar, pairwise(c, perClass, count)), b.floats(rho, [pairs]));
  if (classes > 2) return [undefined, transformed(c, scores)];
  const isProbability = c.text('post_transform', 'NONE') !== 'NONE';
  return [undefined, ofBoth(c, scores, isProbability)];
}

export const supportVectors: Readonly<Record<string, Lowering>> = {
  'ai.onnx.ml.SVMClassifier': svmClassifier,
  'ai.onnx.ml.SVMRegressor': svmRegressor,
};
