/**
 * The report: one HTML file, complete in itself — no script, no network, no font but the reader's own.
 * Everything on it is computed from the run document and the few inputs that come with it.
 */
import type { Run } from '@glacis/core';
import { bracketSection } from './bracket-chart.ts';
import { openCanvas } from './canvas.ts';
import { classSection } from './classes.ts';
import { curveSection } from './curve-chart.ts';
import { gallerySection } from './gallery.ts';
import { glossarySection } from './glossary.ts';
import { html, isolated, trusted, type Html } from './html.ts';
import type { ReportInput } from './input.ts';
import { maskingFigures } from './masking-figures.ts';
import { methodSection } from './methods.ts';
import { maskingSection, noteSection } from './notes.ts';
import { baseName, counted, epsilon, normSymbol } from './numbers.ts';
import { planeSection } from './plane.ts';
import { provenanceSection } from './provenance.ts';
import { counts, headline, plainText, type Sentence } from './sentence.ts';
import { strip } from './strip.ts';
import { styleSheet } from './style.ts';
import { tally } from './tally.ts';

export type { GalleryItem, PlanePicture, ReportInput } from './input.ts';

/** A self-contained HTML page about one run. */
export async function renderReport(input: ReportInput): Promise<string> {
  const { run, plane, classes } = input;
  const canvas = await openCanvas();
  const name = baseName(run.model.path);
  const masked = run.masking !== null && run.masking.verdict !== 'none';
  const masking = maskingSection(run, await maskingFigures(run, canvas));
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="description" content="${plainText(headline(run))}" />
        <title>${name} – Glacis robustness report</title>
        <style>
          ${trusted(styleSheet)}
        </style>
      </head>
      <body>
        <header>${opening(run, name)}${strip(run)}</header>
        <main>
          ${masked && masking} ${plane != null && planeSection(plane, classes, canvas)}
          ${curveSection(run, canvas)} ${bracketSection(run, classes, canvas)}
          ${await gallerySection(input)} ${classSection(run, classes)} ${methodSection(run)}
          ${!masked && masking} ${noteSection(run)} ${provenanceSection(run)}
          ${glossarySection(run)}
        </main>
        <footer>Made by Glacis ${run.glacis}. Schema ${run.schema}.</footer>
      </body>
    </html> `;
  return page.markup;
}

/** A long gentle slope up to a wall: what a glacis is. */
const emblem = trusted(
  '<svg viewBox="0 0 52 22" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linejoin="round" stroke-linecap="round"><path d="M1 20 L36 9 V13 H40 V3 H51 V20"/><path d="M1 20 H51" opacity=".45"/></svg>',
);

function opening(run: Run, name: string): Html {
  const { norm, eps, clip } = run.threat;
  const { total } = tally(run);
  const confirmed = run.masking?.verdict === 'confirmed';
  return html`<p class="eyebrow">${emblem}Glacis robustness report</p>
    <h1 class="${name.length > 36 ? 'long' : ''}">${isolated(name)}</h1>
    <p class="meta">
      <span>${normSymbol(norm)} perturbations, ε = ${epsilon(eps)}</span
      ><span>${counted(total, 'input')} from ${isolated(baseName(run.data.path))}</span
      >${clip !== null && html`<span>values in [${clip[0]}, ${clip[1]}]</span>`}${run.partial && html`<span class="attack">unfinished run</span>`}
    </p>
    <p class="lead">${toned(headline(run))}</p>
    ${confirmed && html`<p class="counts">${toned(counts(run))}</p>`}`;
}

function toned(sentence: Sentence): Html[] {
  return sentence.map(({ text, tone }) =>
    tone === null ? html`${text}` : html`<span class="tone ${tone}">${text}</span>`,
  );
}
