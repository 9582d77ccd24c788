/**
 * What broke the model, to look at: each input beside its adversarial neighbour and, between them, the
 * difference made visible. Inputs that are not pictures show their most changed features instead.
 */
import type { Run } from '@glacis/core';
import { html, isolated, type Html } from './html.ts';
import { className, type GalleryItem, type ReportInput } from './input.ts';
import { count, counted, normSymbol, plainNumber, radius } from './numbers.ts';
import {
  largestChange,
  layoutOf,
  openPainter,
  rangeOf,
  type Layout,
  type Painter,
} from './picture.ts';
import { section, table } from './section.ts';

const mostCards = 24;
const mostFeatures = 8;

export async function gallerySection(input: ReportInput): Promise<Html | null> {
  const { gallery } = input;
  if (gallery.length === 0) return null;
  const painter = await openPainter();
  const cards = gallery.slice(0, mostCards).map((item) => {
    const layout = layoutOf(item.shape);
    return layout === null ? changesCard(item, input) : pictureCard(item, layout, input, painter);
  });
  const left = gallery.length - cards.length;
  return section(
    'What broke it',
    gallery.some((item) => layoutOf(item.shape) !== null)
      ? html`The input, what was added to it, and the result. The change is magnified to full
          colour: <span style="color:#ce5636">red</span> grew,
          <span style="color:#267aa8">blue</span> shrank.`
      : 'The features that were changed most, from what they were to what was enough to change the answer.',
    html`<div class="cards">${cards}</div>
      ${left > 0 && html`<p class="quiet">${counted(left, 'more example')} not shown.</p>`}`,
  );
}

function story(item: GalleryItem, run: Run): Html {
  return html`#${item.index} · ${normSymbol(run.threat.norm)} distance ${radius(item.distance)} ·
  ${isolated(item.method)}`;
}

function pictureCard(
  item: GalleryItem,
  layout: Layout,
  { run, classes }: ReportInput,
  painter: Painter,
): Html {
  const range = item.clip ?? rangeOf(item.original, item.adversarial);
  const largest = largestChange(item.original, item.adversarial);
  const name = (label: number | string | null): Html => isolated(className(classes, label));
  const wrong =
    String(item.label) === String(item.prediction) ? null : html` (is ${name(item.label)})`;
  const picture = (source: Html, alt: string, title: Html, note: Html | string): Html =>
    html`<figure>
      <img src="${source}" width="${layout.width}" height="${layout.height}" alt="${alt}" />
      <figcaption><b>${title}</b>${note}</figcaption>
    </figure>`;
  return html`<figure class="card">
    <div class="pictures">
      ${picture(painter.image(item.original, layout, range), `Input ${item.index}`, name(item.prediction), html`original${wrong}`)}
      ${picture(painter.change(item.original, item.adversarial, layout), 'The change, magnified', html`± ${radius(largest)}`, 'largest change')}
      ${picture(painter.image(item.adversarial, layout, range), `Input ${item.index}, perturbed`, name(item.adversarialPrediction), 'perturbed')}
    </div>
    <figcaption>${story(item, run)}</figcaption>
  </figure>`;
}

/** A table of the features that changed most, for inputs that are not pictures. */
function changesCard(item: GalleryItem, { run, classes, features }: ReportInput): Html {
  const changed = Array.from(item.original, (before, position) => {
    const after = item.adversarial[position] ?? before;
    return { position, before, after, delta: after - before };
  })
    .filter(({ delta }) => delta !== 0)
    .sort((a, b) => Math.abs(b.delta) - Math.abs(a.delta));
  const rows = changed
    .slice(0, mostFeatures)
    .map(({ position, before, after, delta }) => [
      { content: isolated(features?.[position] ?? `feature ${position}`) },
      { content: plainNumber(before, 3) },
      { content: `${delta > 0 ? '+' : ''}${radius(delta)}` },
      { content: plainNumber(after, 3) },
    ]);
  const rest = changed.length - rows.length;
  const name = (label: number | string | null): Html => isolated(className(classes, label));
  return html`<figure class="card">
    ${table([{ title: 'Changed' }, { title: 'from', numeric: true }, { title: 'by', numeric: true }, { title: 'to', numeric: true }], rows)}
    <figcaption>
      ${name(item.prediction)} → ${name(item.adversarialPrediction)} ·
      ${story(item, run)}${rest > 0 && ` · ${count(rest)} smaller ${rest === 1 ? 'change' : 'changes'}`}
    </figcaption>
  </figure>`;
}
