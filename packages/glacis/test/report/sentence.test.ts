/** The first sentence says what the run counted, in English that fits the numbers. */
import { describe, expect, it } from 'vitest';
import type { MaskingRecord, Run, SampleRecord, Verdict } from '@glacis/core';
import { headline, plainText } from '../../src/report/sentence.ts';
import { fakeRun } from './fixture.ts';

/** A run with exactly these verdicts, in this order, and so many broken by noise. */
function runOf(verdicts: readonly Verdict[], noise: number, overrides: Partial<Run> = {}): Run {
  let fallen = 0;
  return fakeRun({
    samples: verdicts.length,
    errorRate: 0,
    overrides,
    each: (sample): SampleRecord => {
      const verdict = verdicts[sample.index] ?? 'unknown';
      const noiseBroken = verdict === 'falsified' && fallen < noise;
      if (noiseBroken) fallen += 1;
      return { ...sample, verdict, noiseBroken };
    },
  });
}

function repeat(count: number, verdict: Verdict): Verdict[] {
  return new Array<Verdict>(count).fill(verdict);
}

const mixed = [
  ...repeat(2, 'misclassified'),
  ...repeat(70, 'falsified'),
  ...repeat(12, 'certified'),
  ...repeat(16, 'unknown'),
];

describe('the sentence', () => {
  it('names what is right, what chance changes, what an adversary changes and what is proven', () => {
    expect(plainText(headline(runOf(mixed, 3)))).toBe(
      'Of 100 inputs, 98 are classified correctly; random perturbations of size 0.1 change 3 of them; a deliberate one changes 70; for 12 it is proven that nothing can. The other 16 are undecided.',
    );
  });

  it('says all and none where it is all and none', () => {
    expect(plainText(headline(runOf(repeat(5, 'certified'), 0)))).toBe(
      'All 5 inputs are classified correctly; random perturbations of size 0.1 change none of them; no deliberate one was found that changes any; for all it is proven that nothing can.',
    );
    expect(plainText(headline(runOf(repeat(3, 'falsified'), 3)))).toBe(
      'All 3 inputs are classified correctly; random perturbations of size 0.1 change all of them; a deliberate one changes all; for none it is proven that nothing can.',
    );
  });

  it('speaks of a single input in the singular', () => {
    expect(plainText(headline(runOf(['certified'], 0)))).toBe(
      'The one input examined is classified correctly; random perturbations of size 0.1 do not change its answer; no deliberate one was found that changes it; it is proven that nothing can.',
    );
    expect(plainText(headline(runOf(['misclassified', 'falsified'], 0)))).toContain(
      'Of 2 inputs, 1 is classified correctly',
    );
    expect(plainText(headline(runOf(['misclassified'], 0)))).toBe(
      'The one input examined is misclassified as it is: there is nothing to attack.',
    );
  });

  it('has nothing to attack when nothing is right, and nothing to say of no inputs', () => {
    expect(plainText(headline(runOf(repeat(7, 'misclassified'), 0)))).toBe(
      'None of the 7 inputs is classified correctly: there is nothing to attack.',
    );
    expect(plainText(headline(runOf([], 0)))).toBe('No input has been examined yet.');
  });

  it('leaves out what was not run', () => {
    const run = runOf(mixed, 0);
    const accuracy = { ...run.accuracy, noise: null, certifiedLower: null };
    expect(plainText(headline({ ...run, accuracy }))).toBe(
      'Of 100 inputs, 98 are classified correctly; a deliberate perturbation of size 0.1 changes 70; no proof was attempted.',
    );
    const proofOnly = { ...run.accuracy, noise: null, robustUpper: null };
    expect(plainText(headline({ ...run, accuracy: proofOnly }))).toBe(
      'Of 100 inputs, 98 are classified correctly; no attack was run; for 12 it is proven that no perturbation of size 0.1 changes the answer.',
    );
  });

  it('says when the run is unfinished', () => {
    const run = runOf(mixed, 0, { partial: true });
    expect(plainText(headline(run))).toMatch(/^Unfinished run\. Of 100 inputs/);
    const data = { ...run.data, samples: 1000 };
    expect(plainText(headline({ ...run, data }))).toMatch(
      /^Unfinished run, 100 of 1,000 inputs so far\. Of 100 inputs/,
    );
  });

  it('counts features under ℓ0 and writes 8/255 as it was meant', () => {
    const run = runOf(mixed, 1);
    const threat = { ...run.threat, norm: 'l0' as const, eps: 3 };
    expect(plainText(headline({ ...run, threat }))).toContain('perturbations of 3 features change');
    const levels = { ...run.threat, eps: 8 / 255 };
    expect(plainText(headline({ ...run, threat: levels }))).toContain('of size 8/255 change');
  });

  it('is not credible at most N % when masking is confirmed, and warns when it is suspected', () => {
    const masking: MaskingRecord = {
      verdict: 'confirmed',
      credibleUpper: 0.12,
      measuredUpper: null,
      gradientUpper: null,
      figures: null,
      indicators: [],
    };
    const run = runOf(mixed, 0, { masking });
    expect(plainText(headline(run))).toMatch(/^Not credible: at most 12% of the inputs/);
    expect(plainText(headline(run))).toContain('not the 28% the attacks report');
    const beaten = { ...masking, credibleUpper: 0.28, gradientUpper: 0.98 };
    expect(plainText(headline({ ...run, masking: beaten }))).toContain(
      'not the 98% that plain gradients report',
    );
    const before = { ...masking, measuredUpper: 0.6, gradientUpper: 0.98 };
    expect(plainText(headline({ ...run, masking: before }))).toContain(
      'not the 60% the attacks report',
    );
    const suspected = plainText(
      headline({ ...run, masking: { ...masking, verdict: 'suspected' } }),
    );
    expect(suspected).toMatch(/^Of 100 inputs/);
    expect(suspected).toContain('Gradient masking is suspected');
  });
});
