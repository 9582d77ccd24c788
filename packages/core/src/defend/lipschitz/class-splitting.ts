/**
 * Smooth losses of several classes under ‖w_j − w_k‖_q ≤ L for every pair: alternating directions (Boyd et al. 2011,
 * § 3) on d_jk = w_j − w_k, in float64, until the duality gap closes. For the loss stands a parabola of each
 * sample's own curvature, so that one matrix serves all classes: Σ ‖w_j − w_k‖² is K·‖W‖² for weights of sum 0.
 */
import { choleskyFactor, choleskySolve } from '../../tensor/cholesky.ts';
import {
  classCertificate,
  type ClassData,
  type ClassScorer,
  differences,
  type DualPoint,
  excess,
  pairsOf,
  pullOf,
  reachedAt,
  scoresOf,
  shortened,
} from './class-certificate.ts';
import { balancingBiases } from './class-biases.ts';
import type { ClassLoss } from './class-loss.ts';
import { type Descent, projections } from './linear-descent.ts';

/** The gaps with which a search is content, each until so many steps; the best so far has to do then. */
const CONTENT = [
  { gap: 1e-13, until: 2000 },
  { gap: 1e-9, until: 6000 },
  { gap: 1e-7, until: 50_000 },
] as const;
const MOST_STEPS = CONTENT[2].until;
const CHECKED = 25;
/** Least curvature that a sample counts with, as a share of the greatest. */
const FLAT = 0.002;
/** Over-relaxation; the ratio of residuals from which the penalty ρ is changed, and by how much. */
const [RELAXED, UNEVEN, CHANGE] = [1.6, 5, 2];
/** Least ρ, as a share of the first: while no difference has come to its limit all residuals ask for less. */
const LEAST_PENALTY = 1e-5;

/** With the dual point found beside it. */
export interface FoundScorer {
  readonly scorer: ClassScorer;
  readonly dual: DualPoint;
}

/** Of centred columns. */
export function split(data: ClassData, loss: ClassLoss, descent: Descent): FoundScorer {
  const { x, y, classes } = data;
  const width = x.length / y.length;
  const size = pairsOf(classes).length * width;
  let scorer: ClassScorer = {
    weights: new Float64Array(classes * width),
    biases: new Float64Array(classes),
  };
  let bending = secondMoments(data, loss, reachedAt(data, loss, scoresOf(data, scorer)));
  const scale = bending.reduce((sum, value, i) => sum + (i % (width + 2) === 0 ? value : 0), 0);
  let penalty = Math.max(scale / (width + 1) / classes, 1e-12);
  const least = LEAST_PENALTY * penalty;
  let factor = factorOf(bending, width, penalty * classes);
  const parted: Parted = { apart: new Float64Array(size), priced: new Float64Array(size) };
  let best: { readonly found: FoundScorer; readonly gap: number } | undefined;
  for (let step = 1; step <= MOST_STEPS; step++) {
    const reached = reachedAt(data, loss, scoresOf(data, scorer));
    scorer = descended(data, scorer, reached, { ...parted, penalty, factor });
    const { unmet, moved } = partedNext(scorer.weights, classes, parted, descent);
    if (step % CHECKED > 0 && step < MOST_STEPS) continue;
    const settled = allowed(data, loss, scorer, descent);
    const own = reachedAt(data, loss, scoresOf(data, settled));
    const dual = { reached: own, flows: parted.priced.map((value) => value * penalty) };
    const { gap } = classCertificate(data, loss, settled, dual, descent);
    if (!best || gap < best.gap) best = { found: { scorer: settled, dual }, gap };
    const { gap: enough } = CONTENT.find(({ until }) => step <= until) ?? CONTENT[2];
    if (best.gap <= enough) break;
    const primal = unmet / Math.max(lengthOf(scorer.weights), 1e-30);
    const ratio = Math.max(primal, 1e-16) / Math.max(moved / lengthOf(parted.priced), 1e-16);
    const change = ratio > 1 ? CHANGE : 1 / CHANGE;
    if ((ratio >= UNEVEN || ratio <= 1 / UNEVEN) && penalty * change >= least) {
      penalty *= change;
      parted.priced.forEach((value, i) => (parted.priced[i] = value / change));
    }
    bending = secondMoments(data, loss, own);
    factor = factorOf(bending, width, penalty * classes);
  }
  if (!best) throw new RangeError('no classifier was found');
  return best.found;
}

/** Differences d that are allowed, and the prices s of w_j − w_k = d over ρ: [pairs, columns]. */
interface Parted {
  readonly apart: Float64Array;
  readonly priced: Float64Array;
}

/** To the least of the parabola and ρ/2·Σ ‖w_j − w_k − d_jk + s_jk‖². */
function descended(
  data: ClassData,
  { weights, biases }: ClassScorer,
  reached: Float64Array,
  {
    apart,
    priced,
    penalty,
    factor,
  }: Parted & { readonly penalty: number; readonly factor: Float64Array },
): ClassScorer {
  const { classes } = data;
  const width = weights.length / classes;
  const right = pullOf(data, reached);
  right.forEach((value, i) => (right[i] = value - penalty * classes * (weights[i] ?? 0)));
  pairsOf(classes).forEach(([from, to], pair) => {
    for (let j = 0; j < width; j++) {
      const at = pair * width + j;
      const flow = penalty * ((apart[at] ?? 0) - (priced[at] ?? 0));
      right[from * width + j] = (right[from * width + j] ?? 0) + flow;
      right[to * width + j] = (right[to * width + j] ?? 0) - flow;
    }
  });
  const over = excess(data, reached);
  const next = { weights: weights.slice(), biases: biases.slice() };
  const column = new Float64Array(width + 1);
  for (let k = 0; k < classes; k++) {
    column.set(right.subarray(k * width, (k + 1) * width));
    column[width] = -(over[k] ?? 0);
    choleskySolve(factor, column);
    for (let j = 0; j < width; j++) {
      next.weights[k * width + j] = (weights[k * width + j] ?? 0) + (column[j] ?? 0);
    }
    next.biases[k] = (biases[k] ?? 0) + (column[width] ?? 0);
  }
  return next;
}

/** Moves d and s; how far differences are from d, and how far d went. */
function partedNext(
  weights: Float64Array,
  classes: number,
  { apart, priced }: Parted,
  { normName, limit }: Descent,
): { readonly unmet: number; readonly moved: number } {
  const width = weights.length / classes;
  let [unmet, moved] = [0, 0];
  differences(weights, classes).forEach((own, pair) => {
    const start = pair * width;
    const next = own.map((value, j) => {
      const kept = apart[start + j] ?? 0;
      unmet += (value - kept) ** 2;
      return (priced[start + j] ?? 0) + RELAXED * value + (1 - RELAXED) * kept;
    });
    priced.set(next, start);
    projections[normName](next, limit);
    next.forEach((value, j) => {
      moved += (value - (apart[start + j] ?? 0)) ** 2;
      apart[start + j] = value;
      priced[start + j] = (priced[start + j] ?? 0) - value;
    });
  });
  return { unmet: Math.sqrt(unmet), moved: Math.sqrt(moved) };
}

function lengthOf(a: Float64Array): number {
  return Math.max(Math.sqrt(a.reduce((sum, value) => sum + value * value, 0)), 1e-30);
}

/** The weights shortened until they are allowed, and the biases that are best then. */
function allowed(
  data: ClassData,
  loss: ClassLoss,
  { weights, biases }: ClassScorer,
  descent: Descent,
): ClassScorer {
  const own = { weights: shortened(weights, data.classes, descent), biases };
  return { ...own, biases: balancingBiases(data, loss, own) };
}

/** (1/n) Σ hᵢ·xᵢxᵢᵀ with a column of ones, for the curvatures h of the loss: [columns + 1, columns + 1]. */
function secondMoments(
  { x, y, classes }: ClassData,
  loss: ClassLoss,
  reached: Float64Array,
): Float64Array {
  const width = x.length / y.length;
  const size = width + 1;
  const moments = new Float64Array(size * size);
  const sample = new Float64Array(size).fill(1);
  for (let row = 0; row < y.length; row++) {
    const own = loss.curvature(reached.subarray(row * classes, (row + 1) * classes));
    const weight = Math.max(own, FLAT * loss.greatestCurvature) / y.length;
    sample.set(x.subarray(row * width, (row + 1) * width));
    for (let i = 0; i < size; i++) {
      const factor = weight * (sample[i] ?? 0);
      // The lower half is read.
      for (let j = 0; j <= i; j++) {
        moments[i * size + j] = (moments[i * size + j] ?? 0) + factor * (sample[j] ?? 0);
      }
    }
  }
  return moments;
}

/** With the penalty's share on all columns but that of ones. */
function factorOf(moments: Float64Array, width: number, ridge: number): Float64Array {
  const size = width + 1;
  const matrix = moments.map(
    (value, i) => value + (i % (size + 1) === 0 && i < width * size ? ridge : 0),
  );
  return choleskyFactor(matrix, size);
}
