/** Inputs the model gets wrong as they are, in a sentence: they have no robustness to bracket. */
import type { SampleRecord } from '@glacis/core';
import { html, isolated, type Html } from './html.ts';
import { className } from './input.ts';
import { count, counted } from './numbers.ts';

const mostNamed = 24;

export function misclassified(
  wrong: readonly SampleRecord[],
  classes: readonly string[] | undefined,
): Html {
  const shown = wrong.slice(0, mostNamed);
  const items = shown.map(
    (sample, index) =>
      html`${index > 0 && ', '}#${sample.index} (${isolated(className(classes, sample.label))} taken
      for ${isolated(className(classes, sample.prediction))})`,
  );
  const rest = wrong.length - shown.length;
  return html`<p class="quiet">
    <strong
      >${counted(wrong.length, 'input')} misclassified as
      ${wrong.length === 1 ? 'it is' : 'they are'}</strong
    >, and so without a bracket: ${items}${rest > 0 && ` and ${count(rest)} more`}.
  </p>`;
}
