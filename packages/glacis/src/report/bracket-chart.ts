/**
 * The chart of brackets: a horizontal bar per input, teal as far as proven, grey while undecided,
 * ending in a brick tick where an attack broke it. Misclassified inputs are listed below it.
 */
import type { Run } from '@glacis/core';
import { bracketsOf, mostSingleRows, type Bracket, type Brackets } from './brackets.ts';
import { axisBelow, epsilonMarks } from './axes.ts';
import { isNarrow, type Canvas, type ChartOptions } from './canvas.ts';
import { html, type Html } from './html.ts';
import { misclassified } from './misclassified.ts';
import { count, counted, normSymbol, percent, provenRadius, radius } from './numbers.ts';
import { horizon } from './quantile.ts';
import { legend, section, type Key } from './section.ts';
import { isCorrect } from './tally.ts';

export function bracketSection(
  run: Run,
  classes: readonly string[] | undefined,
  canvas: Canvas,
): Html | null {
  const end = horizon(run);
  const brackets = bracketsOf(run, end);
  const wrong = run.samples.filter((sample) => !isCorrect(sample));
  if (brackets.inputs === 0 && wrong.length === 0) return null;
  const dense = brackets.inputs > mostSingleRows;
  const figure =
    brackets.inputs > 0 &&
    html`<figure>
      ${legend(keysOf(brackets, dense))}
      ${canvas.fitted(
        (width) => chart(run, brackets, end, width, canvas),
        `Brackets of ${counted(brackets.inputs, 'input')} against ε, sorted by the radius at which each was broken.`,
      )}
      <figcaption>${caption(brackets, dense)}</figcaption>
    </figure>`;
  if (figure === false) {
    return section(
      'Misclassified',
      'An input that is misclassified as it is has no robustness to measure.',
      misclassified(wrong, classes),
    );
  }
  return section(
    dense ? 'All brackets' : 'Each input’s bracket',
    html`The robustness of one input, from both sides: nothing smaller than the teal bar can change
    the answer; the red tick did. Sorted, the most fragile first.`,
    html`${figure}${wrong.length > 0 && misclassified(wrong, classes)}`,
  );
}

function keysOf({ rows }: Brackets, dense: boolean): Key[] {
  const keys: Key[] = [
    { fill: 'proof', text: 'proven safe' },
    { fill: 'open', text: 'undecided' },
    { fill: 'attack', shape: 'tick', text: 'broken here' },
  ];
  if (rows.some((row) => row.estimate !== null)) {
    keys.push({ fill: 'ink', shape: 'tick', text: 'first-order estimate' });
  }
  return dense ? keys.map((key) => ({ ...key, text: html`${key.text} (median)` })) : keys;
}

function caption({ perRow, beyond, unbroken }: Brackets, dense: boolean): string {
  const parts: string[] = [];
  if (dense) {
    parts.push(
      `Each row is the median of about ${count(Math.round(perRow))} neighbours in the order of their upper bounds; the thin line spans their extremes.`,
    );
  }
  if (unbroken > 0) {
    parts.push(
      `${counted(unbroken, 'input')} never broken: ${unbroken === 1 ? 'its' : 'their'} bars have no tick and run to the edge.`,
    );
  }
  if (beyond > 0) parts.push(`${counted(beyond, 'input')} broken only beyond the right edge.`);
  return parts.join(' ');
}

function rowHeight(inputs: number): number {
  if (inputs <= 12) return 26;
  if (inputs <= 40) return 15;
  return inputs <= mostSingleRows ? 8 : 4;
}

function chart(
  run: Run,
  { rows, inputs }: Brackets,
  end: number,
  width: number,
  { plot }: Canvas,
): ChartOptions {
  const { eps, norm } = run.threat;
  const narrow = isNarrow(width);
  const named = inputs <= 40;
  const dense = inputs > mostSingleRows;
  const inset = dense ? 0 : 0.14;
  const y1 = (row: Bracket): number => row.rank + inset;
  const y2 = (row: Bracket): number => row.rank + 1 - inset;
  const tick = (value: 'upper' | 'estimate', stroke: string, strokeWidth: number) =>
    plot.ruleX(
      rows.filter((row) => row[value] !== null),
      { x: value, y1, y2, stroke, strokeWidth },
    );
  return {
    width,
    height: 70 + rows.length * rowHeight(inputs),
    marginLeft: named ? 52 : 44,
    marginRight: narrow ? 14 : 16,
    marginTop: 26,
    marginBottom: 42,
    x: {
      domain: [0, end],
      grid: true,
      ...axisBelow(`radius (${normSymbol(norm)})`, width),
    },
    y: { domain: [0, rows.length], reverse: true, axis: null },
    marks: [
      named
        ? plot.text(rows, {
            y: (row: Bracket) => row.rank + 0.5,
            text: (row: Bracket) => `#${row.sample?.index ?? ''}`,
            frameAnchor: 'left',
            dx: -10,
            textAnchor: 'end',
            fill: 'var(--soft)',
            fontVariant: 'tabular-nums',
          })
        : plot.axisY({
            anchor: 'left',
            label: null,
            tickSize: 0,
            ticks: quarters(rows.length),
            tickFormat: (rank: number) => percent(rank / rows.length),
          }),
      plot.rect(rows, {
        x1: 'lower',
        x2: (row: Bracket) => row.upper ?? end,
        y1,
        y2,
        fill: 'var(--open)',
        fillOpacity: 0.5,
        title: titleOf,
      }),
      plot.rect(rows, { x1: 0, x2: 'lower', y1, y2, fill: 'var(--proof)', title: titleOf }),
      dense ? extremes(rows, plot) : null,
      ...epsilonMarks(plot, eps, 16),
      tick('estimate', 'var(--ink)', dense ? 1.2 : 1.4),
      tick('upper', 'var(--attack)', 2.6),
    ],
  };
}

function quarters(rows: number): number[] {
  return [0, 0.25, 0.5, 0.75, 1].map((share) => share * rows);
}

function extremes(rows: readonly Bracket[], plot: Canvas['plot']) {
  const y = (row: Bracket): number => row.rank + 0.5;
  return plot.ruleY(rows, {
    y,
    x1: 'least',
    x2: 'greatest',
    stroke: 'var(--faint)',
    strokeWidth: 0.6,
    strokeOpacity: 0.8,
  });
}

function titleOf({ sample, lower, upper }: Bracket): string {
  if (sample === null)
    return `median: proven to ${provenRadius(lower)}, broken at ${radius(upper)}`;
  const by = (method: string | null): string => (method === null ? '' : ` (${method})`);
  const proven = `proven to ${provenRadius(sample.lower)}${by(sample.lowerMethod)}`;
  const broken =
    sample.upper === null
      ? 'never broken'
      : `broken at ${radius(sample.upper)}${by(sample.upperMethod)}`;
  return `#${sample.index}, label ${sample.label}: ${proven}, ${broken}, ${sample.verdict}`;
}
