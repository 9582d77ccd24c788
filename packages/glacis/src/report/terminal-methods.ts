/** What each method decided and cost, as a table for 40 to 120 columns. */
import type { Run } from '@glacis/core';
import type { Ink } from './ink.ts';
import { count, duration, shortCount } from './numbers.ts';
import { padded, printable, shortened } from './terminal-text.ts';

export function methodTable(run: Run, columns: number, ink: Ink): string[] {
  if (run.methods.length === 0) return [];
  const narrow = columns < 64;
  const size = narrow ? 6 : 10;
  const first = Math.min(24, columns - 5 * size);
  const heads = narrow
    ? ['asked', 'done', 'fwd', 'grad', 'sec']
    : ['asked', 'decided', 'forwards', 'gradients', 'seconds'];
  const line = (cells: readonly string[]): string =>
    cells.map((cell) => padded(cell, size, 'left')).join('');
  const body = run.methods.map((method) => {
    const { id, side, asked, decided, forwards, gradients } = method;
    const name = padded(shortened(printable(id), first), first);
    const numbers = [asked, decided, forwards, gradients].map((value) => fitting(value, size));
    return `${ink[side](name)}${line([...numbers, secondsIn(method.seconds)])}`;
  });
  const total = `${duration(run.seconds.total)} in all${run.partial ? ', unfinished' : ''}`;
  return [ink.dim(padded('method', first) + line(heads)), ...body, ink.dim(total)];
}

/** A count in less than so many columns: in full, or else rounded. */
function fitting(value: number, columns: number): string {
  const full = count(value);
  return full.length < columns ? full : shortCount(value);
}

function secondsIn(value: number): string {
  return value < 100 ? value.toFixed(value < 10 ? 2 : 1) : shortCount(value);
}
