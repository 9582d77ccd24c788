/**
 * The run in a terminal: the same sentence as on the page, the four numbers, the spread of the
 * brackets, the verdicts and what each method cost, in 40 to 120 columns, with or without colour.
 */
import { verdicts, type AccuracyRecord, type Run } from '@glacis/core';
import { inkOf, type Ink, type Paint } from './ink.ts';
import { gauge, histogram } from './histogram.ts';
import {
  baseName,
  count,
  counted,
  epsilon,
  normSymbol,
  percent,
  percentRange,
  provenRadius,
  radius,
} from './numbers.ts';
import { ascending, horizon, lowerOf, quantile, upperOf } from './quantile.ts';
import { maskingLines } from './masking-text.ts';
import { methodTable } from './terminal-methods.ts';
import { counts, headline, type Sentence, type Tone } from './sentence.ts';
import { credibleUpper, isCorrect, measuredUpper, tally } from './tally.ts';
import {
  columnsOf,
  padded,
  printable,
  shortened,
  wrapped,
  type StyledWord,
} from './terminal-text.ts';

export interface SummaryOptions {
  readonly color: boolean;
  /** Columns of the terminal; kept within 40 … 120. */
  readonly width: number;
  /** Path of the written report, if any. */
  readonly report?: string | null;
}

/** The summary; no line is wider than the terminal, except that the report's path is never cut. */
export function renderSummary(run: Run, { color, width, report = null }: SummaryOptions): string {
  const columns = Math.min(120, Math.max(40, Math.floor(width)));
  const ink = inkOf(color);
  const blocks = [
    heading(run, columns, ink),
    sentences(run, Math.min(columns, 88), ink),
    accuracies(run, columns, ink),
    spread(run, columns, ink),
    verdictLine(run, columns, ink),
    maskingLines(run, Math.min(columns, 88), ink),
    methodTable(run, columns, ink),
    report === null ? [] : [`${ink.dim('Report')}  ${printable(report)}`],
  ];
  const lines = blocks.filter((block) => block.length > 0).map((block) => block.join('\n'));
  return lines.join('\n\n');
}

function heading(run: Run, columns: number, ink: Ink): string[] {
  const { norm, eps } = run.threat;
  const { total } = tally(run);
  const size = eps === 0 ? normSymbol(norm) : `${normSymbol(norm)} ε = ${epsilon(eps)}`;
  const rest = ` · ${size} · ${counted(total, 'input')}`;
  const name = shortened(printable(baseName(run.model.path)), columns - columnsOf(rest));
  return [ink.bold(name) + ink.dim(rest)];
}

function sentences(run: Run, columns: number, ink: Ink): string[] {
  const first = wrapped(wordsOf(headline(run), ink), columns);
  if (run.masking?.verdict !== 'confirmed') return first;
  return [...first, '', ...wrapped(wordsOf(counts(run), ink), columns)];
}

/** The words of a sentence; punctuation after a coloured number stays with it. */
function wordsOf(sentence: Sentence, ink: Ink): StyledWord[] {
  const words: { text: string; parts: { text: string; paint: Paint }[] }[] = [];
  let joined = false;
  for (const { text, tone } of sentence) {
    const paint: Paint = tone === null ? ink.plain : (part) => ink.bold(ink[tone](part));
    text.split(' ').forEach((part, index) => {
      if (index > 0) joined = false;
      if (part === '') return;
      const last = words.at(-1);
      if (joined && last !== undefined) {
        last.text += part;
        last.parts.push({ text: part, paint });
      } else {
        words.push({ text: part, parts: [{ text: part, paint }] });
      }
      joined = true;
    });
  }
  return words.map(({ text, parts }) => ({
    text,
    paint: () => parts.map((part) => part.paint(part.text)).join(''),
  }));
}

const rows: readonly { key: keyof AccuracyRecord<unknown>; tone: Tone; title: string }[] = [
  { key: 'clean', tone: 'clean', title: 'clean' },
  { key: 'noise', tone: 'noise', title: 'under noise' },
  { key: 'robustUpper', tone: 'attack', title: 'under attack ≤' },
  { key: 'certifiedLower', tone: 'proof', title: 'proven ≥' },
];

function accuracies(run: Run, columns: number, ink: Ink): string[] {
  const cells = Math.min(48, columns - 40);
  return rows.map(({ key, tone, title }) => {
    const measured = run.accuracy[key];
    const believed = key === 'robustUpper' ? credibleUpper(run) : null;
    const value = believed ?? measured;
    const interval = run.intervals[key];
    const number = ink.bold(ink[tone](padded(percent(value), 6, 'left')));
    const range =
      value === null
        ? 'not run'
        : believed !== null
          ? percent(measuredUpper(run)) === percent(value)
            ? 'perhaps fewer'
            : `not ${percent(measuredUpper(run))}`
          : interval === null
            ? ''
            : percentRange(interval);
    const bar = gauge(value ?? 0, Math.max(1, cells));
    const drawn =
      value === null || cells < 8 ? '' : `  ${ink[tone](bar.filled)}${ink.dim(bar.rest)}`;
    return `${padded(title, 15)}${number}  ${ink.dim(padded(range, drawn === '' ? 0 : 13))}${drawn}`;
  });
}

/** Quantiles and a histogram of both bounds; an infinite quantile was never broken. */
function spread(run: Run, columns: number, ink: Ink): string[] {
  const right = run.samples.filter(isCorrect);
  if (right.length === 0) return [];
  const end = horizon(run);
  const bins = Math.min(48, columns - 55);
  const line = (title: string, values: readonly number[], tone: Tone): string => {
    const sorted = ascending(values);
    const quantiles = [0.1, 0.5, 0.9].map((q) => {
      const value = quantile(sorted, q) ?? 0;
      const text = tone === 'proof' ? provenRadius(value) : radius(value);
      return padded(Number.isFinite(value) ? text : 'never', 8, 'left');
    });
    const bars = bins >= 12 ? `  ${ink[tone](histogram(sorted, end, bins).trimEnd())}` : '';
    return `${padded(title, 15)}${quantiles.join('')}${bars}`.trimEnd();
  };
  const scale = bins >= 12 ? `  ${padded('0', bins - columnsOf(radius(end)))}${radius(end)}` : '';
  const heads = ['10%', 'median', '90%'].map((head) => padded(head, 8, 'left')).join('');
  const lines = [ink.dim(`${padded('radius', 15)}${heads}${scale}`)];
  if (right.some((sample) => sample.upper !== null)) {
    lines.push(line('broken at', right.map(upperOf), 'attack'));
  }
  if (right.some((sample) => sample.lower !== null)) {
    lines.push(line('proven to', right.map(lowerOf), 'proof'));
  }
  return lines.length > 1 ? lines : [];
}

function verdictLine(run: Run, columns: number, ink: Ink): string[] {
  const tones: Partial<Record<string, Paint>> = { certified: ink.proof, falsified: ink.attack };
  const named = verdicts.filter((verdict) => run.verdicts[verdict] > 0);
  const words = named.map((verdict, index): StyledWord => {
    const end = index < named.length - 1 ? ',' : '';
    const text = `${count(run.verdicts[verdict])} ${verdict}${end}`;
    return { text, paint: tones[verdict] ?? ink.plain };
  });
  return wrapped(words, columns);
}
