/** The diagnosis in a terminal: the verdict, what fired with its evidence and what to do, the rest by name. */
import type { IndicatorRecord, Run } from '@glacis/core';
import type { Ink, Paint } from './ink.ts';
import { counted, percent, radius } from './numbers.ts';
import { wrapped, type StyledWord } from './terminal-text.ts';

const INDENT = 2;

export function maskingLines({ masking }: Run, columns: number, ink: Ink): string[] {
  if (masking === null) return [];
  const { verdict, indicators, credibleUpper, gradientUpper } = masking;
  const tone = verdict === 'none' ? ink.proof : ink.attack;
  const fired = indicators.filter((indicator) => indicator.fired);
  const silent = indicators.filter(({ fired: isFired, value }) => !isFired && value !== null);
  const absent = indicators.filter(({ value }) => value === null);
  const ceiling = `${percent(gradientUpper)} withstand plain gradients, ${percent(credibleUpper)} the worst of all attacks`;
  const head: StyledWord[] = [
    ...wordsOf('gradient masking', ink.plain),
    ...wordsOf(`${verdict}:`, (text) => ink.bold(tone(text))),
    ...wordsOf(ceiling, ink.plain),
  ];
  return [
    ...wrapped(head, columns),
    ...fired.flatMap((indicator) => block(indicator, columns, ink)),
    ...listed(`${counted(silent.length, 'indicator')} did not fire:`, silent, columns, ink),
    ...listed('not measured:', absent, columns, ink),
  ];
}

function block(indicator: IndicatorRecord, columns: number, ink: Ink): string[] {
  const { id, value, threshold, evidence, advice } = indicator;
  const measured =
    value === null || threshold === null ? '' : `${radius(value)} (threshold ${radius(threshold)})`;
  const name = wordsOf(id, (text) => ink.bold(ink.attack(text)));
  return [
    ...indented([...name, ...wordsOf(measured, ink.plain)], columns, INDENT),
    ...indented(wordsOf(`${evidence} ${advice}`, ink.dim), columns, 2 * INDENT),
  ];
}

function listed(
  title: string,
  indicators: readonly IndicatorRecord[],
  columns: number,
  ink: Ink,
): string[] {
  if (indicators.length === 0) return [];
  const names = indicators.map(({ id }) => id).join(', ');
  return indented(wordsOf(`${title} ${names}`, ink.dim), columns, INDENT);
}

function wordsOf(text: string, paint: Paint): StyledWord[] {
  return text.split(' ').flatMap((word) => (word === '' ? [] : [{ text: word, paint }]));
}

function indented(words: readonly StyledWord[], columns: number, by: number): string[] {
  return wrapped(words, columns - by).map((line) => `${' '.repeat(by)}${line}`);
}
