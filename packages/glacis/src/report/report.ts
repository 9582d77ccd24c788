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
import { html, isolated, type Html } from './html.ts';
import type { ReportInput } from './input.ts';
import { maskingFigures } from './masking-figures.ts';
import { methodSection } from './methods.ts';
import { maskingSection, noteSection } from './notes.ts';
import { baseName, counted, epsilon, normSymbol } from './numbers.ts';
import { emblem, page } from './page.ts';
import { planeSection } from './plane.ts';
import { provenanceSection } from './provenance.ts';
import { counts, headline, plainText, type Sentence } from './sentence.ts';
import { strip } from './strip.ts';
import { tally } from './tally.ts';

export type { GalleryItem, PlanePicture, ReportInput } from './input.ts';

/** A self-contained HTML page about one run. */
export async function renderReport(input: ReportInput): Promise<string> {
  const { run, plane, classes } = input;
  const canvas = await openCanvas();
  const name = baseName(run.model.path);
  const masked = run.masking !== null && run.masking.verdict !== 'none';
  const masking = maskingSection(run, await maskingFigures(run, canvas));
  return page({
    title: `${name} – Glacis robustness report`,
    description: plainText(headline(run)),
    header: html`${opening(run, name)}${strip(run)}`,
    main: html`${masked && masking} ${plane != null && planeSection(plane, classes, canvas)}
    ${curveSection(run, canvas)} ${bracketSection(run, classes, canvas)}
    ${await gallerySection(input)} ${classSection(run, classes)} ${methodSection(run)}
    ${!masked && masking} ${noteSection(run)} ${provenanceSection(run)} ${glossarySection(run)}`,
    footer: html`Made by Glacis ${run.glacis}. Schema ${run.schema}.`,
  });
}

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
