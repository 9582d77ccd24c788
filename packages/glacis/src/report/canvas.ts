/// <reference lib="dom" />
/**
 * Charts as markup: Observable Plot drawing into a linkedom document. Both are loaded on first use, so
 * that a run without a report never pays for them. Each chart is drawn twice, for a wide page and for
 * a phone, because text inside an SVG shrinks with it; the style sheet shows one of the two.
 */
import type * as PlotModule from '@observablehq/plot';
import { html, trusted, type Html } from './html.ts';

export type ChartOptions = PlotModule.PlotOptions;

export interface Canvas {
  readonly plot: typeof PlotModule;
  /** A chart's SVG; `description` is what a reader who cannot see it is told. */
  draw(options: ChartOptions, description: string): Html;
  /** The same chart for both widths, in pixels. */
  fitted(chart: (width: number) => ChartOptions, description: string): Html;
}

export const wideWidth = 780;
export const narrowWidth = 350;

export function isNarrow(width: number): boolean {
  return width < 500;
}

export async function openCanvas(): Promise<Canvas> {
  const [plot, { parseHTML }] = await Promise.all([
    import('@observablehq/plot'),
    import('linkedom'),
  ]);
  const { document } = parseHTML('<!doctype html><html><body></body></html>');

  const draw = (options: ChartOptions, description: string): Html => {
    const svg = plot.plot({
      document,
      className: 'chart',
      style: { fontSize: '12px' },
      ...options,
      ariaLabel: description,
    });
    // Plot's own style element would be repeated in each chart and paint the background white.
    svg.querySelector('style')?.remove();
    svg.setAttribute('role', 'img');
    return trusted(svg.outerHTML);
  };
  const fitted: Canvas['fitted'] = (chart, description) =>
    html`<div class="wide">${draw(chart(wideWidth), description)}</div>
      <div class="narrow">${draw(chart(narrowWidth), description)}</div>`;
  return { plot, draw, fitted };
}
