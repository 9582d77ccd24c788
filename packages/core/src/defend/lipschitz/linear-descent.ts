/**
 * Smooth losses of a linear classifier under ‖w‖_q ≤ L: accelerated projected gradients (Beck & Teboulle 2009)
 * with adaptive restart (O'Donoghue & Candès 2015), in float64, until the duality gap closes.
 */
import type { NormName } from '../../audit/run.ts';
import { softThreshold } from '../../threats/crossing.ts';
import { centredColumns } from './centred-columns.ts';
import {
  certificateOf,
  type LinearClassifier,
  type LinearData,
  marginsOf,
  type NormPair,
  pull,
} from './linear-certificate.ts';
import type { LinearLoss } from './linear-loss.ts';

/** How changes of the input may be measured: weights are then bounded in the dual norm. */
export type InputNorm = Exclude<NormName, 'l0'>;

/** What is aimed at, and after how many steps the best so far has to do. */
const [GAP, MOST_STEPS, CHECKED] = [1e-12, 200_000, 50];

/** Onto the ball of the dual norm, in place. */
export const projections: Readonly<Record<InputNorm, (w: Float64Array, limit: number) => void>> = {
  linf: softThreshold,
  l2: (w, limit) => {
    const length = Math.hypot(...w);
    if (length > limit) w.forEach((value, i) => (w[i] = (value * limit) / length));
  },
  l1: (w, limit) => w.forEach((value, i) => (w[i] = Math.max(-limit, Math.min(limit, value)))),
};

export interface Descent {
  readonly norm: NormPair;
  readonly normName: InputNorm;
  readonly limit: number;
}

/** With the dual point of its margins. */
export interface Found {
  readonly classifier: LinearClassifier;
  readonly alpha: Float64Array;
}

/** On centred columns weights and bias do not mix, so that each has a step size of its own. */
export function descend(
  data: LinearData,
  loss: LinearLoss,
  { norm, normName, limit }: Descent,
): Found {
  const rows = data.y.length;
  const width = data.x.length / rows;
  const { centred: x, means } = centredColumns(data.x, rows);
  const centred = { x, y: data.y };
  const steps = {
    weights: 1 / (loss.curvature * largestEigenvalue(centred, width)),
    bias: 1 / loss.curvature,
  };
  const project = projections[normName];
  let now: LinearClassifier = { weights: new Float64Array(width), bias: 0 };
  let ahead = now;
  let momentum = 1;
  let best: { found: Found; gap: number } | undefined;
  for (let step = 1; step <= MOST_STEPS; step++) {
    const alpha = marginsOf(centred, ahead).map(loss.weight);
    const v = pull(centred, alpha, width);
    const drift = alpha.reduce((sum, a, i) => sum + a * (centred.y[i] ?? 0), 0) / rows;
    const weights = ahead.weights.map((value, j) => value + steps.weights * (v[j] ?? 0));
    project(weights, limit);
    const next = { weights, bias: ahead.bias + steps.bias * drift };
    // A step against the momentum: it has gone too far (gradient restart).
    const against = dot(ahead, next, now) > 0;
    const following = against ? 1 : (1 + Math.sqrt(1 + 4 * momentum * momentum)) / 2;
    const share = against ? 0 : (momentum - 1) / following;
    ahead = {
      weights: weights.map((value, j) => value + share * (value - (now.weights[j] ?? 0))),
      bias: next.bias + share * (next.bias - now.bias),
    };
    now = next;
    momentum = following;
    if (step % CHECKED > 0 && step < MOST_STEPS) continue;
    const settled = { weights: now.weights, bias: bestBias(centred, loss, now) };
    const own = marginsOf(centred, settled).map(loss.weight);
    const { gap } = certificateOf(centred, loss, settled, own, { norm, limit });
    if (!best || gap < best.gap) best = { found: { classifier: settled, alpha: own }, gap };
    if (best.gap <= GAP) break;
  }
  const { classifier, alpha } = best?.found ?? { classifier: now, alpha: new Float64Array(rows) };
  const shift = means.reduce((sum, mean, j) => sum + mean * (classifier.weights[j] ?? 0), 0);
  return { classifier: { ...classifier, bias: classifier.bias - shift }, alpha };
}

/** (ahead − next)·(next − now) over weights and bias. */
function dot(ahead: LinearClassifier, next: LinearClassifier, now: LinearClassifier): number {
  const last = (ahead.bias - next.bias) * (next.bias - now.bias);
  return next.weights.reduce(
    (sum, value, j) => sum + ((ahead.weights[j] ?? 0) - value) * (value - (now.weights[j] ?? 0)),
    last,
  );
}

const POWER_STEPS = 100;

/** Of XᵀX/n, a little from above. */
function largestEigenvalue({ x, y }: LinearData, width: number): number {
  let vector = Float64Array.from({ length: width }, (_, j) => 1 + j / width);
  let value = 0;
  for (let step = 0; step < POWER_STEPS; step++) {
    const scores = marginsOf(
      { x, y: new Float64Array(y.length).fill(1) },
      { weights: vector, bias: 0 },
    );
    const next = pull({ x, y: new Float64Array(y.length).fill(1) }, scores, width);
    value = Math.hypot(...next);
    if (value === 0) return 1;
    vector = next.map((each) => each / value);
  }
  return value * 1.01;
}

/** The bias at which the loss is least for these weights, where Σ αᵢyᵢ = 0: bisection of a monotone slope. */
function bestBias(data: LinearData, loss: LinearLoss, { weights, bias }: LinearClassifier): number {
  const drift = (at: number): number =>
    marginsOf(data, { weights, bias: at }).reduce(
      (sum, margin, i) => sum + loss.weight(margin) * (data.y[i] ?? 0),
      0,
    );
  let reach = 1e-6;
  while (drift(bias - reach) < 0 || drift(bias + reach) > 0) reach *= 4;
  let [low, high] = [bias - reach, bias + reach];
  for (let round = 0; round < 60; round++) {
    const middle = (low + high) / 2;
    if (drift(middle) > 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
