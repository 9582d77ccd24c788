/** Bounds in a terminal: the ends of every output, and how wide each layer has become. */
import type { BoundsDocument, LayerRecord } from '../commands/bounds.ts';
import { inkOf } from './ink.ts';
import { duration, radius } from './numbers.ts';
import { padded, printable, shortened } from './terminal-text.ts';

/** Outputs that are printed; --json has all. */
const MOST_OUTPUTS = 40;
const CELL = 14;

export function boundsText(
  document: BoundsDocument,
  set: string,
  { color, width }: { readonly color: boolean; readonly width: number },
): string {
  const ink = inkOf(color);
  const columns = Math.min(120, Math.max(40, Math.floor(width)));
  const { lower, upper } = document.outputs;
  const cells = (values: readonly string[]): string =>
    values.map((value) => padded(value, CELL, 'left')).join('');
  const rows = lower.slice(0, MOST_OUTPUTS).map((low, i) => {
    const high = upper[i] ?? null;
    const width = low === null || high === null ? null : high - low;
    return `${padded(String(i), 8)}${cells([low, high, width].map(number))}`;
  });
  const more =
    lower.length > MOST_OUTPUTS ? [`… ${lower.length - MOST_OUTPUTS} more (--json)`] : [];
  const first = Math.max(12, columns - 5 * 10 - 2);
  const layerLine = (name: string, values: readonly string[]): string =>
    `${padded(shortened(printable(name), first), first)}${values
      .map((value) => padded(value, 10, 'left'))
      .join('')}`;
  const layers =
    document.layers.length === 0
      ? []
      : [
          '',
          ink.dim(layerLine('layer', ['values', 'least', 'most', 'width', 'bent'])),
          ...document.layers.map((layer, i) => layerLine(layer.label || `${i}`, summary(layer))),
          ink.dim('width: mean; bent: values whose interval holds 0'),
        ];
  const margin = document.margin === 'off' ? ', rounding left out: no proof' : '';
  const unknown =
    document.unknown === null ? [] : [`${document.unknown}: the outputs are unknown.`];
  return [
    ink.bold(`${document.method} over the ${set}`),
    ink.dim(`${document.semantics} semantics${margin}`),
    '',
    ink.dim(`${padded('output', 8)}${cells(['lower', 'upper', 'width'])}`),
    ...rows,
    ...more,
    ...unknown,
    ...layers,
    '',
    ink.dim(duration(document.seconds)),
  ].join('\n');
}

function summary({ lower, upper }: LayerRecord): string[] {
  const widths = lower.map((low, i) => (upper[i] ?? low) - low);
  const mean = widths.reduce((sum, each) => sum + each, 0) / Math.max(1, widths.length);
  const bent = lower.filter((low, i) => low < 0 && (upper[i] ?? 0) > 0).length;
  const least = lower.reduce((a, b) => Math.min(a, b), Infinity);
  const most = upper.reduce((a, b) => Math.max(a, b), -Infinity);
  return [String(lower.length), radius(least), radius(most), radius(mean), String(bent)];
}

function number(value: number | null): string {
  if (value === null) return 'unknown';
  return Number.isFinite(value) ? value.toPrecision(7) : String(value);
}
