/**
 * The picture that explains everything, for data with two features: the margin over the plane as
 * filled contours, the decision boundary where it is zero, the input, the largest ball around it that
 * stays on its side, and the point where the two touch.
 */
import { ballOutlines } from './ball.ts';
import type { Canvas, ChartOptions } from './canvas.ts';
import {
  contourFrame,
  contourLine,
  coveredFrame,
  filledContours,
  type MarginGrid,
} from './contours.ts';
import { html, isolated, type Html } from './html.ts';
import { className, type PlanePicture } from './input.ts';
import { normSymbol, radius } from './numbers.ts';
import { legend, section } from './section.ts';

export function planeSection(
  plane: PlanePicture,
  classes: readonly string[] | undefined,
  canvas: Canvas,
): Html {
  const label = className(classes, plane.label);
  const description = `The plane of two features, coloured by the margin of the label; the ${normSymbol(plane.norm)} ball of radius ${radius(plane.radius)} around the input touches the decision boundary.`;
  const figure = html`<figure class="plane">
    ${legend([
      { fill: 'proof', text: html`classified ${isolated(label)}` },
      { fill: 'attack', text: 'classified otherwise' },
      { fill: 'ink', shape: 'line', text: 'decision boundary' },
    ])}
    ${canvas.fitted((width) => chart(plane, Math.min(width, 540), canvas), description)}
    <figcaption>
      The ball of radius ${radius(plane.radius)} (${normSymbol(plane.norm)}) around this input is
      the largest on which no mistake was found: the answer stays
      ${isolated(label)}.${plane.adversarial !== null && ' The marked point is where it touches the boundary: the nearest mistake found.'}
    </figcaption>
  </figure>`;
  return section(
    'The plane',
    html`Each point is an input. The deeper the colour, the surer the model; robustness is the
    distance from a point to where the colour changes.`,
    figure,
  );
}

function chart(plane: PlanePicture, width: number, { plot }: Canvas): ChartOptions {
  const { xRange, yRange, resolution, point, norm, adversarial, features } = plane;
  const margins = Array.from(plane.margin);
  const grid: MarginGrid = { margins, side: resolution, xRange, yRange };
  const outlines = ballOutlines(norm, point, plane.radius, plane);
  const spot = (at: readonly [number, number]) => [{ x: at[0], y: at[1] }];
  return {
    ...contourFrame(
      grid,
      width,
      { label: features[0], ticks: 6 },
      { label: features[1], ticks: 6 },
    ),
    marks: [
      filledContours(grid, plot),
      contourLine(grid, plot, { values: margins, level: 0 }, { strokeWidth: 1.6 }),
      coveredFrame(plot),
      ...outlines.map((outline) =>
        plot.line(outline, {
          curve: norm === 'l0' ? 'linear' : 'linear-closed',
          clip: true,
          stroke: 'var(--ink)',
          strokeWidth: 1.8,
          fill: norm === 'l0' ? 'none' : 'var(--paper)',
          fillOpacity: 0.45,
        }),
      ),
      adversarial === null
        ? null
        : plot.link(spot(point), {
            x1: 'x',
            y1: 'y',
            x2: adversarial[0],
            y2: adversarial[1],
            stroke: 'var(--ink)',
            strokeWidth: 1,
            strokeDasharray: '2 3',
          }),
      plot.dot(spot(point), {
        x: 'x',
        y: 'y',
        r: 4.5,
        fill: 'var(--ink)',
        stroke: 'var(--paper)',
        strokeWidth: 1.5,
      }),
      adversarial === null
        ? null
        : plot.dot(spot(adversarial), {
            x: 'x',
            y: 'y',
            r: 6,
            fill: 'var(--attack)',
            stroke: 'var(--paper)',
            strokeWidth: 1.8,
          }),
    ],
  };
}
