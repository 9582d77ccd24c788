/** A smoothed classifier's certificates in a terminal. */
import type { SmoothedRun } from '../commands/smooth.ts';
import { inkOf } from './ink.ts';
import { count, counted, duration, radius } from './numbers.ts';

export function smoothingText(
  run: SmoothedRun,
  { color }: { readonly color: boolean; readonly width: number },
): string {
  const ink = inkOf(color);
  const { sigma, n0, n, alpha, failureProbability, abstained } = run.smoothing;
  const { samples, threat, verdicts } = run;
  const radii = samples.flatMap(({ lower }) => (lower === null ? [] : [lower]));
  const sorted = radii.sort((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)];
  const total = counted(samples.length, 'input');
  const right = samples.filter(({ prediction, label }) => prediction === label).length;
  return [
    ink.bold(`The model smoothed by noise of σ = ${sigma}, in ℓ2`),
    ink.dim(`${count(n0)} samples select a class, ${count(n)} bound its probability, α = ${alpha}`),
    '',
    `${ink.proof(`${verdicts.certified} of ${total} certified`)}${
      threat.eps > 0 ? ` at ε = ${radius(threat.eps)}` : ''
    }`,
    `${right} answered right, ${verdicts.misclassified} wrong, ${abstained} not answered (abstained)`,
    ...(verdicts.timeout > 0 ? [`${verdicts.timeout} not begun: the time was over`] : []),
    ...(middle === undefined
      ? []
      : [`median certified radius ${radius(middle)}, largest ${radius(sorted.at(-1) ?? 0)}`]),
    '',
    `This is about the smoothed classifier, not about the model as it is deployed. With probability of`,
    `at least ${1 - failureProbability} all of it is right; nothing is clipped to the range of valid values.`,
    ink.dim(duration(run.seconds.total)),
  ].join('\n');
}
