/**
 * The linear classifier of two classes that loses least among those whose scores change by at most L·‖δ‖_p
 * when the input changes by δ: ‖w‖_q ≤ L. What comes out is certified by its dual, whatever found it.
 */
import { Threat } from '../../threats/threat.ts';
import {
  type Certificate,
  certificateOf,
  type LinearClassifier,
  type LinearData,
  type NormPair,
} from './linear-certificate.ts';
import { descend, type InputNorm } from './linear-descent.ts';
import { hingeFit } from './linear-hinge.ts';
import { type LinearLossName, linearLosses } from './linear-loss.ts';

export interface LinearFitOptions {
  readonly loss: LinearLossName;
  /** p: how changes of the input are measured. */
  readonly norm: InputNorm;
  /** L > 0. */
  readonly limit: number;
}

export interface LinearFit extends LinearClassifier {
  readonly certificate: Certificate;
}

/** Throws RangeError. */
export function requireConstant(limit: number): void {
  if (limit > 0 && Number.isFinite(limit)) return;
  throw new RangeError(`a Lipschitz constant is positive and finite, not ${limit}`);
}

/**
 * Throws RangeError where a class is missing or L is not positive, and for the hinge in ℓ2, which is no
 * linear program.
 */
export async function fitLinear(data: LinearData, options: LinearFitOptions): Promise<LinearFit> {
  const { loss: name, norm: normName, limit } = options;
  requireConstant(limit);
  if (!data.y.includes(1) || !data.y.includes(-1)) throw new RangeError('one class has no samples');
  const { norm: own } = new Threat(normName, { eps: 0 });
  const norm: NormPair = {
    length: (a) => own.dualLength(a),
    dualLength: (a) => own.length(a),
  };
  const loss = linearLosses[name];
  const { classifier, alpha } =
    name === 'hinge'
      ? await hingeFit(data, normName, limit)
      : descend(data, loss, { norm, limit, normName });
  const certificate = certificateOf(data, loss, classifier, alpha, { norm, limit });
  return { ...classifier, certificate };
}
