/**
 * The run by class of the true label: which classes are read, which fall, which are proven.
 */
import type { Run, SampleRecord } from '@glacis/core';
import { html, isolated, type Html } from './html.ts';
import { className } from './input.ts';
import { absent, count, percent, provenRadius, radius } from './numbers.ts';
import { lowerOf, median, upperOf } from './quantile.ts';
import { section, table, type Cell } from './section.ts';
import { isCorrect } from './tally.ts';

const mostClasses = 60;

export function classSection(run: Run, classes: readonly string[] | undefined): Html | null {
  if (run.criterion.kind === 'error') return null;
  const groups = new Map<number, SampleRecord[]>();
  for (const sample of run.samples) {
    const group = groups.get(sample.label);
    if (group === undefined) groups.set(sample.label, [sample]);
    else group.push(sample);
  }
  if (groups.size === 0) return null;
  const labels = [...groups.keys()].sort((a, b) => a - b);
  const shown = labels.slice(0, mostClasses);
  const rows = shown.map((label) => [
    { content: isolated(className(classes, label)) },
    ...cells(groups.get(label) ?? [], run),
  ]);
  const left = labels.length - shown.length;
  const body = html`${table(
    [
      { title: 'Class' },
      ...['inputs', 'clean', 'attacked', 'proven', 'median upper', 'median lower'].map((title) => ({
        title,
        numeric: true,
      })),
    ],
    rows,
    groups.size > 1 ? [{ content: 'All' }, ...cells(run.samples, run)] : null,
  )}${left > 0 && html`<p class="quiet">${count(left)} more classes not shown.</p>`}`;
  return section(
    'By class',
    html`By true label. The medians are over the correctly classified inputs of the class: half of
    them break below the upper, half are proven beyond the lower.`,
    body,
  );
}

function cells(samples: readonly SampleRecord[], run: Run): Cell[] {
  const right = samples.filter(isCorrect);
  const { robustUpper, certifiedLower } = run.accuracy;
  const fraction = (part: number): number => (samples.length === 0 ? 0 : part / samples.length);
  const clean = fraction(right.length);
  const standing = fraction(right.filter((sample) => sample.verdict !== 'falsified').length);
  const proven = fraction(right.filter((sample) => sample.verdict === 'certified').length);
  return [
    { content: count(samples.length) },
    { content: percent(clean), part: { fraction: clean, tone: 'clean' } },
    robustUpper === null
      ? { content: absent }
      : { content: percent(standing), part: { fraction: standing, tone: 'attack' } },
    certifiedLower === null
      ? { content: absent }
      : { content: percent(proven), part: { fraction: proven, tone: 'proof' } },
    { content: medianUpper(right) },
    {
      content: right.some((sample) => sample.lower !== null)
        ? provenRadius(median(right.map(lowerOf)))
        : absent,
    },
  ];
}

/** Half or more were never broken: there is no median radius to state. */
function medianUpper(right: readonly SampleRecord[]): string {
  const middle = median(right.map(upperOf));
  return middle === null || !Number.isFinite(middle) ? absent : radius(middle);
}
