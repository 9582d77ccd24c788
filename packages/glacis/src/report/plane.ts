/**
 * The picture that explains everything, for data with two features: the margin over the plane as
 * filled contours, the decision boundary where it is zero, the input, the largest ball around it that
 * stays on its side, and the point where the two touch.
 */
import { ballOutlines } from './ball.ts';
import { isNarrow, type Canvas } from './canvas.ts';
import { html, isolated, type Html } from './html.ts';
import { className, type PlanePicture } from './input.ts';
import { normSymbol, radius } from './numbers.ts';
import { ascending, quantile } from './quantile.ts';
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

/** Levels of the margin on one side of zero, at equal shares of the picture. */
function levels(margin: readonly number[], side: 1 | -1): number[] {
  const there = ascending(margin.filter((value) => value * side > 0).map(Math.abs));
  return [0.25, 0.5, 0.75].map((q) => side * (quantile(there, q) ?? q));
}

function chart(
  plane: PlanePicture,
  width: number,
  { plot }: Canvas,
): ReturnType<Parameters<Canvas['fitted']>[0]> {
  const { xRange, yRange, resolution, point, norm, adversarial, features } = plane;
  const margin = Array.from(plane.margin);
  const thresholds = ascending([...levels(margin, -1), 0, ...levels(margin, 1)]);
  const grid = {
    width: resolution,
    height: resolution,
    x1: xRange[0],
    x2: xRange[1],
    y1: yRange[0],
    y2: yRange[1],
    smooth: true,
  } as const;
  const tones = [
    'attack-4',
    'attack-3',
    'attack-2',
    'attack-1',
    'proof-1',
    'proof-2',
    'proof-3',
    'proof-4',
  ];
  const lowest = margin.reduce((least, value) => Math.min(least, value), -1) - 1;
  const outlines = ballOutlines(norm, point, plane.radius, plane);
  const inside = { clip: true, stroke: 'var(--ink)', strokeWidth: 1.6 } as const;
  const spot = (at: readonly [number, number]) => [{ x: at[0], y: at[1] }];
  return {
    width,
    height: Math.round((width - 60) * 0.94 + 50),
    marginLeft: 48,
    marginRight: 12,
    marginTop: 8,
    marginBottom: 42,
    x: {
      domain: [...xRange],
      label: features[0],
      labelArrow: 'none',
      labelAnchor: 'center',
      labelOffset: 38,
      ticks: isNarrow(width) ? 4 : 6,
    },
    y: {
      domain: [...yRange],
      label: features[1],
      labelArrow: 'none',
      labelAnchor: 'center',
      labelOffset: 42,
      ticks: 6,
    },
    color: { type: 'threshold', domain: thresholds, range: tones.map((tone) => `var(--${tone})`) },
    marks: [
      plot.contour(margin, {
        ...grid,
        thresholds: [lowest, ...thresholds],
        fill: plot.identity,
        clip: true,
      }),
      plot.contour(margin, { ...grid, thresholds: [0], value: plot.identity, ...inside }),
      // Where the region meets the frame there is no boundary to show.
      plot.frame({ stroke: 'var(--paper)', strokeWidth: 2.5 }),
      ...outlines.map((outline) =>
        plot.line(outline, {
          curve: norm === 'l0' ? 'linear' : 'linear-closed',
          ...inside,
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
