/**
 * The diagnosis to look at: accuracy under plain gradients beside all attacks, the margin along the attack, the
 * landscape around one input, gradients as maps, and how loose bounds become from layer to layer.
 */
import type { MaskingFigures, Run } from '@glacis/core';
import type { Canvas } from './canvas.ts';
import { climbChart, curveChart, loosenessChart } from './masking-charts.ts';
import { landscapeChart } from './landscape-chart.ts';
import { gradientMaps } from './gradient-maps.ts';
import { html, type Html } from './html.ts';
import { legend } from './section.ts';

export async function maskingFigures(run: Run, canvas: Canvas): Promise<Html | null> {
  const figures = run.masking?.figures ?? null;
  if (figures === null) return null;
  const maps = await gradientMaps(figures.gradients);
  return html`<div class="evidence">
    ${figures.curve.length > 1 && curve(figures, run, canvas)}
    ${figures.climb.length > 1 && climb(figures, canvas)}
    ${figures.landscape !== null && landscape(figures.landscape, canvas)}
    ${
      maps !== null &&
      html`<figure>
        <figcaption>
          <b>What the margin's gradient looks at.</b> Red pixels raise the margin, blue ones lower
          it; a credible gradient follows the shape of what is seen, a masked one is noise or
          nothing.
        </figcaption>
        ${maps}
      </figure>`
    }
    ${figures.looseness.length > 0 && looseness(figures, canvas)}
  </div>`;
}

function curve(figures: MaskingFigures, run: Run, canvas: Canvas): Html {
  const said =
    'Accuracy against ε: what iterated gradients leave standing, and what all attacks leave standing.';
  return html`<figure>
    <figcaption>
      <b>Accuracy against ε.</b> The gap between the lines is what gradients do not see.
    </figcaption>
    ${legend([
      { fill: 'noise', shape: 'line', text: 'after iterated gradients alone' },
      { fill: 'attack', shape: 'line', text: 'after all attacks' },
    ])}
    ${canvas.fitted((width) => curveChart(figures.curve, run.threat, width, canvas), said)}
  </figure>`;
}

function climb({ climb: steps }: MaskingFigures, canvas: Canvas): Html {
  const said = 'Margin at each step of the attack, in units of the margin at the start.';
  return html`<figure>
    <figcaption>
      <b>The margin along the attack</b>, in units of that at the start: the median, and the band in
      which eight of ten inputs lie. An attack that works falls steadily; below zero an input is
      broken.
    </figcaption>
    ${canvas.fitted((width) => climbChart(steps, width, canvas), said)}
  </figure>`;
}

function landscape(plane: NonNullable<MaskingFigures['landscape']>, canvas: Canvas): Html {
  const said = `The margin on a plane through input ${plane.index}; the outlined region is within ε.`;
  return html`<figure class="plane">
    <figcaption>
      <b>The landscape around input #${plane.index}.</b> To the right the way its gradient points,
      upwards a random direction, in radii of ε; the outline holds what is within ε, the line is
      where the attack went, up to the ring.
    </figcaption>
    ${legend([
      { fill: 'proof', text: 'answered right' },
      { fill: 'attack', text: 'broken' },
      { fill: 'ink', shape: 'line', text: 'the attack' },
    ])}
    ${canvas.fitted((width) => landscapeChart(plane, Math.min(width, 540), canvas), said)}
  </figure>`;
}

function looseness({ looseness: layers }: MaskingFigures, canvas: Canvas): Html {
  const said = 'Mean width of the bounds of each layer, by intervals, CROWN and α-CROWN.';
  return html`<figure>
    <figcaption>
      <b>How loose bounds become</b>, layer by layer, around one input: mean widths on a logarithmic
      scale.
    </figcaption>
    ${legend([
      { fill: 'faint', shape: 'line', text: 'interval' },
      { fill: 'clean', shape: 'line', text: 'CROWN' },
      { fill: 'proof', shape: 'line', text: 'α-CROWN' },
    ])}
    ${canvas.fitted((width) => loosenessChart(layers, width, canvas), said)}
  </figure>`;
}
