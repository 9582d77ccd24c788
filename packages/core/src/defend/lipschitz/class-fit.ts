/**
 * The linear classifier of several classes that loses least among those of which no two scores come apart by more
 * than L·‖δ‖_p when the input changes by δ: ‖w_j − w_k‖_q ≤ L. What comes out is certified by its dual, whatever
 * found it.
 */
import { Threat } from '../../threats/threat.ts';
import { centredColumns } from './centred-columns.ts';
import {
  classCertificate,
  type ClassData,
  type ClassScorer,
  type LimitedNorm,
  shortened,
} from './class-certificate.ts';
import { classHinge } from './class-hinge.ts';
import { classLosses } from './class-loss.ts';
import { split } from './class-splitting.ts';
import type { Certificate, NormPair } from './linear-certificate.ts';
import { type LinearFitOptions, requireConstant } from './linear-fit.ts';

export interface ClassFit extends ClassScorer {
  readonly certificate: Certificate;
}

/**
 * Throws RangeError where a class has no samples or L is not positive, and for the hinge in ℓ2, which is no linear
 * program.
 */
export async function fitClasses(data: ClassData, options: LinearFitOptions): Promise<ClassFit> {
  const { loss: name, norm: normName, limit } = options;
  requireConstant(limit);
  for (let k = 0; k < data.classes; k++) {
    if (!data.y.includes(k)) throw new RangeError(`class ${k} has no samples`);
  }
  const { norm: own } = new Threat(normName, { eps: 0 });
  const norm: NormPair = {
    length: (a) => own.dualLength(a),
    dualLength: (a) => own.length(a),
  };
  const loss = classLosses[name];
  const { centred: x, means } = centredColumns(data.x, data.y.length);
  const centred = { ...data, x };
  const descent = { norm, normName, limit };
  const { scorer, dual } =
    name === 'hinge' ? await classHinge(centred, normName, limit) : split(centred, loss, descent);
  const exact = withinLimit(scorer, data.classes, descent);
  const certificate = classCertificate(centred, loss, exact, dual, descent);
  const width = means.length;
  const biases = exact.biases.map((bias, k) =>
    means.reduce((rest, mean, j) => rest - mean * (exact.weights[k * width + j] ?? 0), bias),
  );
  return { weights: exact.weights, biases, certificate };
}

/** Of sum 0, and shortened by what a solver's tolerance lets them be too long. */
function withinLimit(
  { weights, biases }: ClassScorer,
  classes: number,
  limited: LimitedNorm,
): ClassScorer {
  const width = weights.length / classes;
  const mean = (of: Float64Array, at: number, stride: number): number => {
    let sum = 0;
    for (let k = 0; k < classes; k++) sum += (of[k * stride + at] ?? 0) / classes;
    return sum;
  };
  const shift = mean(biases, 0, 1);
  const centred = weights.map((value, i) => value - mean(weights, i % width, width));
  return {
    weights: shortened(centred, classes, limited),
    biases: biases.map((value) => value - shift),
  };
}
