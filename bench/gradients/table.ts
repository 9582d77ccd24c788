/** The lines that the gradients benchmark prints. */
import { type Measurement, WANTED_RATIO, worst } from './measure.ts';

const NAME_WIDTH = 46;

const cell = (text: string, width: number): string => text.padStart(width);

export const header = [
  'network'.padEnd(NAME_WIDTH),
  cell('outputs', 9),
  cell('gradient', 9),
  cell('left out', 9),
  '  gradient with forward / forward at batch',
].join('');

export function line({ network, problem, check, times, reason }: Measurement): string {
  // Long names differ at their ends.
  const name = network.name.slice(1 - NAME_WIDTH).padEnd(NAME_WIDTH);
  if (!check) return `${name}${problem ?? ''}`;
  const { outputMaxError, gradientMaxError, kinks, directions, passed } = check;
  const ratios = times.map(({ batch, ratio }) => `${batch}: ${ratio.toFixed(2)}`);
  return [
    name,
    cell(outputMaxError.toExponential(0), 9),
    cell(kinks === directions ? '–' : gradientMaxError.toExponential(0), 9),
    cell(`${kinks}/${directions}`, 9),
    passed ? '  ' : '  FAILED  ',
    ratios.join('  '),
    reason === '' ? '' : `  (${reason})`,
  ].join('');
}

export function summary(all: readonly Measurement[]): string {
  const read = all.filter(({ check }) => check !== null);
  const passed = read.filter(({ check }) => check?.passed);
  const timed = read.filter(({ times }) => times.length > 0);
  const quick = timed.filter(({ times }) => worst(times) <= WANTED_RATIO);
  return [
    `${all.length} networks: ${read.length} read`,
    `${passed.length} agree with ONNX Runtime (1e-4) and with central differences (1e-3)`,
    `${quick.length} of ${timed.length} gradients within ${WANTED_RATIO} forward passes at every batch`,
  ].join('; ');
}
