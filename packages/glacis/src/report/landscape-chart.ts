/** The margin on a plane through an input, what of it lies within ε, and where the attack went. */
import type { LandscapeRecord } from '@glacis/core';
import type { Canvas, ChartOptions } from './canvas.ts';
import {
  contourFrame,
  contourLine,
  coveredFrame,
  filledContours,
  type MarginGrid,
} from './contours.ts';

export function landscapeChart(
  { margins, side, reach, distances, path }: LandscapeRecord,
  width: number,
  { plot }: Canvas,
): ChartOptions {
  const grid: MarginGrid = { margins, side, xRange: [-reach, reach], yRange: [-reach, reach] };
  const boundary = { values: margins, level: 0 };
  const within = { values: distances, level: 1 };
  const steps = path.map(([x, y]) => ({ x, y }));
  const x = { label: 'along the gradient, in ε', ticks: 8 };
  const y = { label: 'at random, in ε', ticks: 4 };
  return {
    ...contourFrame(grid, width, x, y),
    marks: [
      filledContours(grid, plot),
      contourLine(grid, plot, boundary, { strokeWidth: 1.2 }),
      contourLine(grid, plot, within, { strokeDasharray: '4 3', strokeWidth: 1.4 }),
      coveredFrame(plot),
      plot.line(steps, { x: 'x', y: 'y', stroke: 'var(--ink)', strokeWidth: 1.6, clip: true }),
      plot.dot(steps.slice(0, 1), { x: 'x', y: 'y', r: 4.5, fill: 'var(--ink)' }),
      // Hollow: the plane's colours say nothing of where the way ends, which may lie beside the plane.
      plot.dot(steps.slice(-1), {
        x: 'x',
        y: 'y',
        r: 4.5,
        fill: 'var(--paper)',
        stroke: 'var(--ink)',
      }),
    ],
  };
}
