/**
 * The rounding models of the design's "Soundness". u = 2⁻²⁴; γ_n = n·u / (1 − n·u) bounds the
 * relative error of a sum of n products in any order, with or without fused multiply-add. A few
 * units are added to every n: weights folded in float64, biases, and ends rounded once more.
 */
import type { RoundingModel } from '../graph/ops/definition.ts';
import type { Semantics } from '../audit/run.ts';

const UNIT = 2 ** -24;
const SLACK = 4;
const SMALLEST_NORMAL = 2 ** -126;

export function gamma(n: number): number {
  const error = n * UNIT;
  return error < 0.5 ? error / (1 - error) : Infinity;
}

/** `real` covers the bound's own arithmetic; `float32` also the network's. */
export function roundingModel(semantics: Semantics): RoundingModel {
  const evaluations = semantics === 'float32' ? 2 : 1;
  // The terms a γ multiplies are themselves summed in float32, up to a factor 1 − γ too small.
  const own = (n: number): number => gamma(n + SLACK) * (1 + 2 * gamma(n + SLACK));
  return {
    gamma: (n) => evaluations * own(n),
    own,
    tiny: (n) => evaluations * (n + SLACK) * SMALLEST_NORMAL,
  };
}

/** Leaves rounding out, to compare with tools that do; what is bounded so is not proven. */
export const noRounding: RoundingModel = { gamma: () => 0, own: () => 0, tiny: () => 0 };
