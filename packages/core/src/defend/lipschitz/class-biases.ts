/** The biases at which a smooth loss is least for given weights: Newton's steps, shortened until they descend. */
import { choleskyFactor, choleskySolve } from '../../tensor/cholesky.ts';
import {
  type ClassData,
  type ClassScorer,
  excess,
  lossAt,
  reachedAt,
  scoresOf,
} from './class-certificate.ts';
import type { ClassLoss } from './class-loss.ts';

const [MOST_ROUNDS, MOST_HALVINGS, SETTLED] = [40, 30, 1e-15];
/** Keeps the system positive definite where some classes are all but certain. */
const RIDGE = 1e-12;

export function balancingBiases(
  data: ClassData,
  loss: ClassLoss,
  { weights, biases }: ClassScorer,
): Float64Array {
  const { classes } = data;
  const scores = scoresOf(data, { weights, biases });
  const shifted = (by: Float64Array): Float64Array =>
    scores.map((score, i) => score + (by[i % classes] ?? 0));
  let shift = new Float64Array(classes);
  let now = shifted(shift);
  let value = lossAt(data, loss, now);
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const reached = reachedAt(data, loss, now);
    const slope = excess(data, reached);
    if (slope.every((each) => Math.abs(each) <= SETTLED)) break;
    const step = slope.map((each) => -each);
    choleskySolve(choleskyFactor(curvatureOf(data, loss, reached), classes), step);
    const before = value;
    let size = 1;
    for (let halving = 0; halving < MOST_HALVINGS; halving++, size /= 2) {
      const ahead = shift.map((each, k) => each + size * (step[k] ?? 0));
      const there = shifted(ahead);
      const found = lossAt(data, loss, there);
      if (found > value) continue;
      [shift, now, value] = [ahead, there, found];
      break;
    }
    // Rounding is all that is left.
    if (value >= before) break;
  }
  return biases.map((bias, k) => bias + (shift[k] ?? 0));
}

/**
 * The second derivative by the biases, and 11ᵀ, along which there is none: of probabilities the mean of
 * diag(p) − p·pᵀ, else c·(1 − 11ᵀ/K).
 */
function curvatureOf(
  { y, classes }: ClassData,
  { isBounded, greatestCurvature: curvature }: ClassLoss,
  reached: Float64Array,
): Float64Array {
  const matrix = new Float64Array(classes * classes);
  const add = (i: number, j: number, value: number): void => {
    matrix[i * classes + j] = (matrix[i * classes + j] ?? 0) + value;
  };
  for (let i = 0; i < classes; i++) {
    add(i, i, RIDGE + (isBounded ? 0 : curvature));
    for (let j = 0; j < classes; j++) add(i, j, isBounded ? 1 : 1 - curvature / classes);
  }
  if (!isBounded) return matrix;
  for (let row = 0; row < y.length; row++) {
    for (let i = 0; i < classes; i++) {
      const own = (reached[row * classes + i] ?? 0) / y.length;
      add(i, i, own);
      for (let j = 0; j < classes; j++) add(i, j, -own * (reached[row * classes + j] ?? 0));
    }
  }
  return matrix;
}
