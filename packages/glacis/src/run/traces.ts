/**
 * What `--trace` writes: JSON with one line for each run of an attack on an input, its margins by step.
 * Attacks run one after another, those of one input in the order of the lines.
 */
import { open } from 'node:fs/promises';
import type { Run, SampleTrace } from '@glacis/core';

const SCHEMA = 'glacis/traces/1';
const BEGINNING = '{"schema":"glacis/traces/';

/** As much as float32 tells. */
const DIGITS = 7;

export function traceText(run: Run, traces: readonly SampleTrace[]): string {
  const { glacis, seed, command, model, data, threat, criterion } = run;
  const head = { schema: SCHEMA, glacis, seed, command, model, data, threat, criterion };
  const lines = traces.map(({ index, method, radius, margins }) =>
    JSON.stringify({ index, method, radius, margins: Array.from(margins, rounded) }),
  );
  return `${JSON.stringify(head).slice(0, -1)},"traces":[\n${lines.join(',\n')}\n]}\n`;
}

/** Whether a file holds traces. */
export async function holdsTraces(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(BEGINNING.length) });
    return buffer.toString('latin1', 0, bytesRead) === BEGINNING;
  } finally {
    await file.close();
  }
}

/** null where the margin was no number: then the original file said what it was. */
function rounded(margin: number): number | null {
  return Number.isFinite(margin) ? Number(margin.toPrecision(DIGITS)) : null;
}
