/**
 * What was tried and what it cost: each method's share of the work, in counts of forward and gradient
 * evaluations and in seconds.
 */
import type { MethodRecord, Run } from '@glacis/core';
import { html, isolated, type Html } from './html.ts';
import { count, duration, percent } from './numbers.ts';
import { section, table, type Cell } from './section.ts';

const sides: Readonly<Record<MethodRecord['side'], string>> = {
  noise: 'noise',
  attack: 'attack',
  proof: 'proof',
};

export function methodSection({ methods, seconds }: Run): Html | null {
  if (methods.length === 0) return null;
  const sum = (of: (method: MethodRecord) => number): number =>
    methods.reduce((total, method) => total + of(method), 0);
  const spent = sum((method) => method.seconds);
  const total: Cell[] = [
    { content: 'All' },
    { content: '' },
    { content: '' },
    { content: '' },
    { content: count(sum((method) => method.forwards)) },
    { content: count(sum((method) => method.gradients)) },
    { content: duration(spent) },
  ];
  const columns = ['asked', 'decided', 'left standing', 'forwards', 'gradients', 'time'];
  const body = html`${table(
      [{ title: 'Method' }, ...columns.map((title) => ({ title, numeric: true }))],
      methods.map((method) => row(method, spent)),
      methods.length > 1 ? total : null,
      'named',
    )}
    <p class="quiet">The whole run took ${duration(seconds.total)}${stages(seconds)}.</p>`;
  return section(
    'Methods and cost',
    html`Cheap methods went first and each passed on only what it could not decide. “Left standing”
    is the accuracy once the method, and those before it, had run.`,
    body,
  );
}

function row(method: MethodRecord, spent: number): Cell[] {
  return [
    {
      content: html`<span class="${method.side}" title="${sides[method.side]}"
        >${isolated(method.id)}</span
      >`,
    },
    { content: count(method.asked) },
    { content: count(method.decided) },
    { content: percent(method.accuracy) },
    { content: count(method.forwards) },
    { content: count(method.gradients) },
    {
      content: duration(method.seconds),
      part: { fraction: spent > 0 ? method.seconds / spent : 0, tone: method.side },
    },
  ];
}

function stages(seconds: Run['seconds']): Html | null {
  const named = Object.entries(seconds).filter(([stage]) => stage !== 'total');
  if (named.length === 0) return null;
  const list = named.map(
    ([stage, spent], index) => html`${index > 0 && ', '}${stage} ${duration(spent)}`,
  );
  return html` (${list})`;
}
