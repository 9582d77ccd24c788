/** The margin over a plane as filled contours: two tones that meet where the answer changes, the surer the deeper. */
import { isNarrow, type Canvas, type ChartOptions } from './canvas.ts';
import { ascending, quantile } from './quantile.ts';

export interface MarginGrid {
  /** [side × side], row by row, the lowest first. */
  readonly margins: readonly number[];
  readonly side: number;
  readonly xRange: readonly [number, number];
  readonly yRange: readonly [number, number];
}

interface Axis {
  readonly label: string;
  readonly ticks: number;
}

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

/** The frame, which is nearly square, its axes, and the scale of colours. */
export function contourFrame(grid: MarginGrid, width: number, x: Axis, y: Axis): ChartOptions {
  const centred = { labelArrow: 'none', labelAnchor: 'center' } as const;
  return {
    width,
    height: Math.round((width - 60) * 0.94 + 50),
    marginLeft: 48,
    marginRight: 12,
    marginTop: 8,
    marginBottom: 42,
    x: {
      ...centred,
      domain: [...grid.xRange],
      label: x.label,
      labelOffset: 38,
      ticks: isNarrow(width) ? 4 : x.ticks,
    },
    y: { ...centred, ...y, domain: [...grid.yRange], labelOffset: 42 },
    color: {
      type: 'threshold',
      domain: thresholdsOf(grid),
      range: tones.map((tone) => `var(--${tone})`),
    },
  };
}

export function filledContours(grid: MarginGrid, plot: Canvas['plot']) {
  const lowest = grid.margins.reduce((least, value) => Math.min(least, value), -1) - 1;
  return plot.contour([...grid.margins], {
    ...placed(grid),
    thresholds: [lowest, ...thresholdsOf(grid)],
    fill: plot.identity,
    clip: true,
  });
}

/** Where values on the same points are at a level. */
export function contourLine(
  grid: MarginGrid,
  plot: Canvas['plot'],
  { values, level }: { readonly values: readonly number[]; readonly level: number },
  style: { readonly strokeWidth: number; readonly strokeDasharray?: string },
) {
  return plot.contour([...values], {
    ...placed(grid),
    thresholds: [level],
    value: plot.identity,
    stroke: 'var(--ink)',
    clip: true,
    ...style,
  });
}

/** Over the ends of filled regions: where they meet the frame there is no boundary to show. */
export function coveredFrame(plot: Canvas['plot']) {
  return plot.frame({ stroke: 'var(--paper)', strokeWidth: 2.5 });
}

function placed({ side, xRange, yRange }: MarginGrid) {
  const [x1, x2] = xRange;
  const [y1, y2] = yRange;
  return { width: side, height: side, x1, x2, y1, y2 } as const;
}

function thresholdsOf({ margins }: MarginGrid): number[] {
  return ascending([...levels(margins, -1), 0, ...levels(margins, 1)]);
}

/** Levels on one side of zero, at equal shares of what lies there. */
function levels(margins: readonly number[], side: 1 | -1): number[] {
  const there = ascending(margins.filter((value) => value * side > 0).map(Math.abs));
  return [0.25, 0.5, 0.75].map((share) => side * (quantile(there, share) ?? share));
}
