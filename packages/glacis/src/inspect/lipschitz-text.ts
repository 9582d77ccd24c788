/** Lipschitz constants as text: of the scores over all inputs, and of the margins over a ball. */
import type { Ink } from '../report/ink.ts';
import { named, padded, shortened } from '../report/terminal-text.ts';
import type { LipschitzRecord, LocalLipschitzRecord } from './lipschitz.ts';

const [MOST_NAME, GAP] = [36, '  '];
/** Margins that are printed; --json has all. */
const MOST_MARGINS = 10;

type Constants = Pick<LipschitzRecord, 'linf' | 'l2' | 'l1'>;

function line(name: string, op: string, values: readonly string[]): string {
  return [
    padded(shortened(named(name), MOST_NAME), MOST_NAME),
    padded(op, 12),
    ...values.map((value) => padded(value, 10, 'left')),
  ].join(GAP);
}

function cells({ linf, l2, l1 }: Constants): string[] {
  return [linf, l2, l1].map((value) => (value === null ? '–' : value.toPrecision(4)));
}

export function lipschitzText(found: LipschitzRecord | null, ink: Ink): string[] {
  if (!found) return [];
  const { unbounded } = found;
  // What only moves or adds, and most activations, change nothing.
  const changing = found.layers.filter(({ linf, l2, l1 }) =>
    [linf, l2, l1].some((value) => value === null || Math.abs(value - 1) > 1e-4),
  );
  return [
    ink.dim(line('Lipschitz constants over all inputs', '', ['linf', 'l2', 'l1'])),
    ...changing.map((layer) => line(layer.label, layer.op, cells(layer))),
    ink.bold(line('scores', '', cells(found))),
    ...(unbounded
      ? [`None is known: ${unbounded.op} (${named(unbounded.label)}) may change without bound.`]
      : [ink.dim('Scores change at most so much per change of the input, both in the same norm.')]),
    ...(found.local ? ['', ...localText(found.local, ink)] : []),
  ];
}

function localText({ ball, answer, all, margins }: LocalLipschitzRecord, ink: Ink): string[] {
  if (!all) return [`Over the ${ball} none is known: a value inside is not finite.`];
  const norms = ['linf', 'l2', 'l1'] as const;
  const more = margins.length - MOST_MARGINS;
  return [
    ink.dim(`Over the ${ball}: margins of class ${answer}`),
    ink.dim(line('all margins together, measured in', '', norms)),
    ...norms.map((norm) => line(`per change of the input in ${norm}`, '', cells(all[norm]))),
    ink.dim(line('each margin, per change in', '', norms)),
    ...margins
      .slice(0, MOST_MARGINS)
      .map((margin) => line(`over class ${margin.class}`, '', cells(margin))),
    ...(more > 0 ? [`… ${more} more (--json)`] : []),
  ];
}
