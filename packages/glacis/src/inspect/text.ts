/** An inspection as text: a table of layers, what cannot be read, what was checked and written. */
import { counted, count } from '../report/numbers.ts';
import { type Ink, inkOf } from '../report/ink.ts';
import {
  columnsOf,
  named,
  padded,
  printable,
  sentenceOf,
  shortened,
} from '../report/terminal-text.ts';
import type { CheckResult } from './check.ts';
import type { LeftOut } from './directions.ts';
import { lipschitzText } from './lipschitz-text.ts';
import type { Inspection } from './inspection.ts';
import type { PortLine } from './emit.ts';

const [MOST_NAME, GAP] = [36, '  '];

export function inspectionText(inspection: Inspection, color: boolean, width: number): string {
  const ink = inkOf(color);
  const blocks = [
    heading(inspection, ink),
    layers(inspection, ink, Math.max(60, Math.min(120, width))),
    support(inspection, ink),
    check(inspection, ink),
    lipschitzText(inspection.lipschitz, ink),
    emitted(inspection, ink),
  ];
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`;
}

/** Symbols in it come from the file. */
function sizes(shape: readonly (number | string)[]): string {
  return named(`[${shape.join(', ')}]`);
}

function heading({ model }: Inspection, ink: Ink): string[] {
  const { path, opset, producer, parameters, inputs, outputs, batched, lifted } = model;
  const made = producer === '' ? '' : ` · ${named(producer)}`;
  const port = ({ name, type, shape }: (typeof inputs)[number]): string =>
    `${named(name)} ${ink.dim(`${type} ${sizes(shape)}`)}`;
  return [
    ink.bold(printable(path)) +
      ink.dim(` · opset ${opset}${made} · ${count(parameters)} parameters`),
    ...inputs.map((input) => `${padded('input', 9)}${port(input)}`),
    ...outputs.map((output) => `${padded('output', 9)}${port(output)}`),
    ...(batched === false
      ? ['Rows are run one by one: in a batch they would meet, or its shapes allow none.']
      : []),
    ...(lifted === true
      ? ['The file takes one row at a time, which judges; searches and bounds run many at once.']
      : []),
  ];
}

function layers({ layers: rows }: Inspection, ink: Ink, width: number): string[] {
  if (rows.length === 0) return [];
  const cells = rows.map(({ name, op, shape, parameters, supported }) => ({
    name: named(name),
    op: named(op, MOST_NAME),
    shape: shape ? sizes(shape) : '?',
    parameters: parameters > 0 ? count(parameters) : '',
    supported,
  }));
  const widest = (of: (cell: (typeof cells)[number]) => string, least: number): number =>
    cells.reduce((most, cell) => Math.max(most, columnsOf(of(cell))), least);
  const op = widest((cell) => cell.op, 2);
  const shape = Math.min(
    40,
    widest((cell) => cell.shape, 12),
  );
  const number = widest((cell) => cell.parameters, 10);
  const name = Math.max(8, Math.min(MOST_NAME, width - op - shape - number - 3 * GAP.length));
  const line = (a: string, b: string, c: string, d: string): string =>
    [
      padded(shortened(a, name), name),
      padded(b, op),
      padded(shortened(c, shape), shape),
      padded(d, number, 'left'),
    ].join(GAP);
  return [
    ink.dim(line('layer', 'op', 'output shape', 'parameters')),
    ...cells.map((cell) => {
      const text = line(cell.name, cell.op, cell.shape, cell.parameters);
      return cell.supported ? text : ink.attack(text);
    }),
  ];
}

function support({ unsupported, problem, ops }: Inspection, ink: Ink): string[] {
  if (unsupported.length > 0) {
    return [
      ink.attack(`Not supported: ${counted(unsupported.length, 'node')}.`),
      ...unsupported.map(({ op, node, advice }) => `  ${named(node)} (${named(op)}): ${advice}.`),
    ];
  }
  if (problem !== null) return [ink.attack(`Not supported: ${sentenceOf(problem)}.`)];
  const kinds = Object.keys(ops).length;
  return [
    ink.proof(`Supported: all ${counted(kinds, 'kind')} of operators in the file can be read.`),
  ];
}

function check({ check: result }: Inspection, ink: Ink): string[] {
  if (!result) return [];
  const { outputMaxError, outputTolerance, rows, steps } = result;
  return [
    `Outputs, ${rows} random rows, together and one by one: largest relative error ${outputMaxError.toExponential(1)} (allowed ${outputTolerance.toExponential(0)}).`,
    gradients(result),
    ...(steps.length > 0
      ? [
          `Steps, whose derivative is 0 by definition: ${steps.map((step) => named(step)).join(', ')}.`,
        ]
      : []),
    verdict(result, ink),
  ];
}

function verdict({ passed, gradientChecked, disagreeing }: CheckResult, ink: Ink): string {
  if (passed === null) {
    return gradientChecked
      ? `Check without a verdict: the outputs agree, and the gradient disagrees along ${counted(disagreeing, 'direction')}, too few to tell.`
      : 'Check without a verdict: the outputs agree, and no gradient could be compared.';
  }
  return passed ? ink.proof('Check passed.') : ink.attack('Check failed.');
}

const REASONS: Readonly<Record<LeftOut, string>> = {
  kinks: 'at kinks',
  jumps: 'at jumps of the model',
  noise: 'where float32 rounding hides the slope',
  flat: 'where the outputs do not change at all, and the gradient is 0',
};

function gradients({
  gradientMaxError,
  gradientUnchecked,
  directions,
  leftOut,
}: CheckResult): string {
  const kinds = (['kinks', 'jumps', 'noise', 'flat'] as const).filter((kind) => leftOut[kind] > 0);
  const reasons = kinds.map((kind) => `${leftOut[kind]} ${REASONS[kind]}`).join(', ');
  switch (gradientUnchecked) {
    case null: {
      const lost = kinds.reduce((sum, kind) => sum + leftOut[kind], 0);
      const compared = counted(directions - lost, 'random direction');
      const left = lost > 0 ? `; ${counted(lost, 'direction')} left out: ${reasons}` : '';
      return `Gradients, ${compared}: largest relative error ${gradientMaxError.toExponential(1)} (allowed 1e-3 for 99%)${left}.`;
    }
    case 'no real input':
      return 'Gradients: there is nothing to compare, since no input is real-valued.';
    case 'only steps':
      return 'Gradients: there is nothing to compare, since only steps lead from the inputs to the outputs: they are 0 by definition.';
    case 'too many operations':
      return 'Gradients: not compared, since the model has more than 10,000 operations.';
    case 'kinks':
    case 'jumps':
    case 'noise':
    case 'flat':
      return `Gradients: nothing could be compared; all ${counted(directions, 'direction')} had to be left out: ${reasons}.`;
  }
}

function emitted({ emitted: written }: Inspection, ink: Ink): string[] {
  if (!written) return [];
  const line = (kind: string, { name, type, shape, meaning }: PortLine): string =>
    `${padded(kind, 9)}${named(name)} ${ink.dim(`${type} ${sizes(shape)}`)} ${meaning}`;
  return [
    `Written: ${printable(written.path)}`,
    ...written.inputs.map((port) => line('input', port)),
    ...written.outputs.map((port) => line('output', port)),
  ];
}
