/**
 * What `--trace` writes: JSON with one line for each run of an attack on an input, its margins by step.
 * Attacks run one after another, those of one input in the order of the lines.
 */
import type { Run, SampleTrace } from '@glacis/core';

/** As much as float32 tells. */
const DIGITS = 7;

export function traceText(run: Run, traces: readonly SampleTrace[]): string {
  const { glacis, seed, command, model, data, threat, criterion } = run;
  const head = { schema: 'glacis/traces/1', glacis, seed, command, model, data, threat, criterion };
  const lines = traces.map(({ index, method, radius, margins }) =>
    JSON.stringify({ index, method, radius, margins: Array.from(margins, rounded) }),
  );
  return `${JSON.stringify(head).slice(0, -1)},"traces":[\n${lines.join(',\n')}\n]}\n`;
}

/** null where the margin was no number: then the original file said what it was. */
function rounded(margin: number): number | null {
  return Number.isFinite(margin) ? Number(margin.toPrecision(DIGITS)) : null;
}
