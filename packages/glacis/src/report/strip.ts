/**
 * The four numbers of a run, each with its 95 % interval on a track from 0 to 100 %, and beneath them
 * all inputs as one bar: proven, undecided, broken, misclassified.
 */
import type { AccuracyRecord, Run } from '@glacis/core';
import { html, type Html } from './html.ts';
import { count, percent, percentRange } from './numbers.ts';
import { legend, type Key } from './section.ts';
import { credibleUpper, measuredUpper, tally } from './tally.ts';

interface Figure {
  readonly key: keyof AccuracyRecord<unknown>;
  readonly tone: string;
  readonly title: string;
}

const figures: readonly Figure[] = [
  { key: 'clean', tone: 'clean', title: 'Clean' },
  { key: 'noise', tone: 'noise', title: 'Under noise' },
  { key: 'robustUpper', tone: 'attack', title: 'Under attack, at most' },
  { key: 'certifiedLower', tone: 'proof', title: 'Proven, at least' },
];

export function strip(run: Run): Html {
  return html`<dl class="strip">${figures.map((figure) => number(run, figure))}</dl>
    ${whole(run)}`;
}

function number(run: Run, { key, tone, title }: Figure): Html {
  const believed = key === 'robustUpper' ? credibleUpper(run) : null;
  const value = believed ?? run.accuracy[key];
  const interval = believed === null ? run.intervals[key] : null;
  const at = (fraction: number): string => `${(fraction * 100).toFixed(2)}%`;
  const span =
    interval !== null &&
    html`<i
      class="span"
      style="left:${at(interval[0])};width:${at(interval[1] - interval[0])}"
    ></i>`;
  const mark = value !== null && html`<i class="at" style="left:${at(value)}"></i>`;
  const caption =
    believed !== null
      ? disbelieved(run, believed)
      : value === null
        ? 'not run'
        : interval !== null && html`95% interval <span>${percentRange(interval)}</span>`;
  return html`<div class="${tone}">
    <dt>${title}</dt>
    <dd>
      <span class="big" data-key="${key}">${percent(value)}</span
      ><span class="track">${span}${mark}</span><small>${caption}</small>
    </dd>
  </div>`;
}

/** What stood before the diagnosis, where that is more; else what plain gradients leave standing. */
function disbelieved(run: Run, believed: number): Html | string {
  const measured = percent(measuredUpper(run));
  if (measured !== percent(believed)) return html`measured <del>${measured}</del>, not credible`;
  const plain = run.masking?.gradientUpper ?? null;
  return plain === null || percent(plain) === measured
    ? 'perhaps fewer: gradients are masked'
    : html`plain gradients say <del>${percent(plain)}</del>`;
}

/** Every input, once. */
function whole(run: Run): Html | null {
  const t = tally(run);
  if (t.total === 0) return null;
  const parts: readonly { fill: Key['fill']; name: string; count: number }[] = [
    { fill: 'proof', name: 'proven', count: run.verdicts.certified },
    { fill: 'open', name: 'undecided', count: t.open },
    { fill: 'attack', name: 'broken', count: run.verdicts.falsified },
    { fill: 'faint', name: 'misclassified', count: t.misclassified },
  ];
  const said = parts.map((part) => `${count(part.count)} ${part.name}`).join(', ');
  return html`<div class="whole" role="img" aria-label="Of ${count(t.total)} inputs: ${said}">
      ${parts
        .filter((part) => part.count > 0)
        .map((part) => html`<i class="fill-${part.fill}" style="flex:${part.count} 0 0"></i>`)}
    </div>
    ${legend(
      parts.map((part) => ({
        fill: part.fill,
        text: html`<b>${count(part.count)}</b> ${part.name}`,
      })),
    )}`;
}
