/** The lines that the gradients benchmark prints. */
import type { CheckResult } from 'glacis';
import { type Measurement, REPEATS, WANTED_RATIO, worst } from './measure.ts';

const NAME_WIDTH = 46;

const cell = (text: string, width: number): string => text.padStart(width);

export const header = [
  'Largest error of the outputs (allowed 1e-4; 3e-2 for float16 files) and of the directional derivatives',
  '(1e-3), directions compared of those tried, and the time of a gradient with its forward pass over a',
  `forward pass, by batch. Ratios above ${WANTED_RATIO} are timed again up to ${REPEATS} times, and the least is kept.`,
  [
    'network'.padEnd(NAME_WIDTH),
    cell('outputs', 9),
    cell('gradient', 9),
    cell('compared', 9),
    '  ratio at batch',
  ].join(''),
].join('\n');

export function line({ network, problem, check, times, untimed, reason }: Measurement): string {
  // Long names differ at their ends.
  const name = network.name.slice(1 - NAME_WIDTH).padEnd(NAME_WIDTH);
  if (!check) return `${name}  NOT READ  ${problem ?? ''}`;
  const { outputMaxError, gradientMaxError, gradientChecked, kinks, directions, passed } = check;
  const ratios = times.map(({ batch, ratio }) => `${batch}: ${ratio.toFixed(2)}`);
  const remarks = [reasonUnchecked(check), untimed ?? '', reason].filter((text) => text !== '');
  return [
    name,
    cell(outputMaxError.toExponential(0), 9),
    cell(gradientChecked ? gradientMaxError.toExponential(0) : '–', 9),
    cell(`${directions - kinks}/${directions}`, 9),
    passed === false ? '  FAILED  ' : '  ',
    ratios.join('  '),
    remarks.length > 0 ? `  (${remarks.join('; ')})` : '',
  ].join('');
}

const REASONS: Readonly<Record<NonNullable<CheckResult['gradientUnchecked']>, string>> = {
  'no real input': 'no real-valued input',
  'only steps': 'only steps, gradient 0 by definition',
  'too many operations': 'too many operations for a derivative',
  jumps: 'jumps along all directions',
  kinks: 'kinks along all directions',
  noise: 'lost to float32 rounding',
  flat: 'constant wherever it was looked at, gradient 0',
};

function reasonUnchecked({ gradientUnchecked }: CheckResult): string {
  return gradientUnchecked === null ? '' : `not comparable: ${REASONS[gradientUnchecked]}`;
}

export function summary(all: readonly Measurement[]): string {
  const checks = all.flatMap(({ check }) => check ?? []);
  const agree = checks.filter((check) => check.outputMaxError <= check.outputTolerance);
  const compared = checks.filter(({ gradientChecked }) => gradientChecked);
  const right = compared.filter(({ gradientMaxError }) => gradientMaxError <= 1e-3);
  const timed = all.filter(({ times }) => times.length > 0);
  const quick = timed.filter(({ times }) => worst(times) <= WANTED_RATIO);
  const why = new Map<string, number>();
  for (const { gradientUnchecked } of checks) {
    if (gradientUnchecked === null) continue;
    const reason = REASONS[gradientUnchecked];
    why.set(reason, (why.get(reason) ?? 0) + 1);
  }
  const reasons = [...why].map(([reason, count]) => `${count} ${reason}`).join(', ');
  return [
    `${all.length} networks: ${checks.length} load`,
    `${agree.length} agree with ONNX Runtime`,
    `${right.length} of ${compared.length} comparable gradients are right`,
    `${checks.length - compared.length} not comparable${reasons === '' ? '' : ` (${reasons})`}`,
    `${quick.length} of ${timed.length} timed gradients cost at most ${WANTED_RATIO} forward passes at every batch`,
  ].join('; ');
}
