/** Gradients as pictures: each input, the margin's gradient there, and that of a surrogate beside it. */
import type { GradientMap } from '@glacis/core';
import { html, type Html } from './html.ts';
import { layoutOf, openPainter, rangeOf } from './picture.ts';

/** Null where the inputs are no pictures. */
export async function gradientMaps(maps: readonly GradientMap[]): Promise<Html | null> {
  const drawable = maps.filter(({ shape }) => layoutOf(shape) !== null);
  if (drawable.length === 0) return null;
  const painter = await openPainter();
  const cards = drawable.flatMap(({ index, shape, input, own, other }) => {
    const layout = layoutOf(shape);
    if (!layout) return [];
    const nothing = new Float32Array(input.length);
    const picture = (source: Html, alt: string, title: string): Html =>
      html`<figure>
        <img src="${source}" width="${layout.width}" height="${layout.height}" alt="${alt}" />
        <figcaption>${title}</figcaption>
      </figure>`;
    const pixels = Float32Array.from(input);
    const map = (values: readonly number[], alt: string, title: string): Html =>
      picture(painter.change(nothing, Float32Array.from(values), layout), alt, title);
    return [
      html`<figure class="card">
        <div class="pictures">
          ${picture(painter.image(pixels, layout, rangeOf(pixels, pixels)), `Input ${index}`, `#${index}`)}
          ${map(own, `The model's gradient at input ${index}`, "the model's gradient")}
          ${other !== null && map(other, `A surrogate's gradient at input ${index}`, "a surrogate's")}
        </div>
      </figure>`,
    ];
  });
  return html`<div class="cards">${cards}</div>`;
}
