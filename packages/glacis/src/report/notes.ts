/**
 * What the reader should know: the signs of gradient masking, each with its evidence and what to do,
 * and the run's notes on what was assumed, matched or left out.
 */
import type { IndicatorRecord, MaskingRecord, Run } from '@glacis/core';
import { html, isolated, type Html } from './html.ts';
import { counted, percent, radius } from './numbers.ts';
import { section } from './section.ts';
import { measuredUpper } from './tally.ts';

export function maskingSection(run: Run, figures: Html | null): Html | null {
  const { masking } = run;
  if (masking === null) return null;
  const fired = masking.indicators.filter((indicator) => indicator.fired);
  const silent = masking.indicators.filter(
    ({ fired: isFired, value }) => !isFired && value !== null,
  );
  const absent = masking.indicators.filter(
    ({ fired: isFired, value }) => !isFired && value === null,
  );
  const body = html`<p class="${masking.verdict === 'none' ? '' : 'alert'}">
      ${verdictWords(masking, measuredUpper(run))}
    </p>
    ${fired.map(indicatorBlock)}
    ${
      silent.length > 0 &&
      html`<p class="quiet">
        ${counted(silent.length, 'indicator')} did not fire:
        ${silent.map((indicator, index) => html`${index > 0 && '; '}${indicator.id}${measured(indicator)}`)}.
      </p>`
    }
    ${
      absent.length > 0 &&
      html`<p class="quiet">Not measured: ${absent.map(({ id }) => id).join('; ')}.</p>`
    }
    ${figures}`;
  return section(
    'Can the attacks be trusted?',
    html`A model can resist attacks by being robust, or by hiding its gradients. Only the first
    survives an attacker who knows better.`,
    body,
  );
}

/** `measured`: what the attacks before the diagnosis left standing. */
function verdictWords(
  { verdict, credibleUpper, gradientUpper }: MaskingRecord,
  measured: number | null,
): string {
  if (verdict === 'none')
    return 'No sign of gradient masking: the number under attack is credible.';
  if (verdict === 'suspected') {
    return 'Gradient masking is suspected. Take the number under attack as an upper bound that may be far too high.';
  }
  const ceiling =
    credibleUpper === null ? '' : ` The most that can be believed is ${percent(credibleUpper)}.`;
  if (credibleUpper !== null && percent(measured) === percent(credibleUpper)) {
    return `Gradient masking is confirmed. Plain gradients are blinded and leave ${percent(gradientUpper)} standing; other attacks of the audit found as much as the diagnosis did.${ceiling}`;
  }
  return `Gradient masking is confirmed. The attacks failed because they were blinded, not because the model is robust.${ceiling}`;
}

function measured({ value, threshold }: IndicatorRecord): string {
  if (value === null) return '';
  return ` (${radius(value)}${threshold === null ? '' : `, threshold ${radius(threshold)}`})`;
}

function indicatorBlock(indicator: IndicatorRecord): Html {
  return html`<div class="indicator">
    <h3 class="attack">${indicator.id}${measured(indicator)}</h3>
    <p>${indicator.evidence}</p>
    <p class="quiet">${indicator.meaning} ${indicator.advice}</p>
  </div>`;
}

export function noteSection(run: Run): Html | null {
  const failures = new Map<string, number[]>();
  for (const { error, index } of run.samples) {
    if (error !== null) failures.set(error, [...(failures.get(error) ?? []), index]);
  }
  const errors = [...failures].map(([error, indices]) => {
    const shown = indices
      .slice(0, 8)
      .map((index) => `#${index}`)
      .join(', ');
    const more = indices.length > 8 ? ', …' : '';
    return `${counted(indices.length, 'input')} ended in an error (${shown}${more}): ${error}`;
  });
  const notes = [...run.notes, ...errors];
  if (notes.length === 0) return null;
  return section(
    'Notes',
    html`What was assumed, matched, stripped or left out.`,
    html`<ul class="notes">
      ${notes.map((note) => html`<li>${isolated(note)}</li>`)}
    </ul>`,
  );
}
