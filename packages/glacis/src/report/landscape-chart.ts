/** The margin on a plane through an input as filled contours: two tones that meet where the answer changes. */
import type { LandscapeRecord } from '@glacis/core';
import { isNarrow, type Canvas } from './canvas.ts';
import { ascending, quantile } from './quantile.ts';

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

export function landscapeChart(
  { margins, side, reach, inside, path }: LandscapeRecord,
  width: number,
  { plot }: Canvas,
): ReturnType<Parameters<Canvas['fitted']>[0]> {
  const values = [...margins];
  const grid = { width: side, height: side, x1: -reach, x2: reach, y1: -reach, y2: reach } as const;
  const thresholds = ascending([...levels(values, -1), 0, ...levels(values, 1)]);
  const lowest = values.reduce((least, value) => Math.min(least, value), -1) - 1;
  const within = inside.map((own) => (own ? 1 : 0));
  const steps = path.map(([x, y]) => ({ x, y }));
  const along = { domain: [-reach, reach], labelArrow: 'none', labelAnchor: 'center' } as const;
  return {
    width,
    height: Math.round((width - 60) * 0.94 + 50),
    marginLeft: 48,
    marginRight: 12,
    marginTop: 8,
    marginBottom: 42,
    x: {
      ...along,
      label: 'along the gradient, in ε',
      labelOffset: 38,
      ticks: isNarrow(width) ? 4 : 8,
    },
    y: { ...along, label: 'at random, in ε', labelOffset: 42, ticks: 4 },
    color: { type: 'threshold', domain: thresholds, range: tones.map((tone) => `var(--${tone})`) },
    marks: [
      plot.contour(values, {
        ...grid,
        thresholds: [lowest, ...thresholds],
        fill: plot.identity,
        clip: true,
      }),
      plot.contour(values, {
        ...grid,
        thresholds: [0],
        value: plot.identity,
        stroke: 'var(--ink)',
        strokeWidth: 1.2,
        clip: true,
      }),
      plot.contour(within, {
        ...grid,
        thresholds: [0.5],
        value: plot.identity,
        stroke: 'var(--ink)',
        strokeDasharray: '4 3',
        strokeWidth: 1.4,
        clip: true,
      }),
      plot.frame({ stroke: 'var(--paper)', strokeWidth: 2.5 }),
      plot.line(steps, { x: 'x', y: 'y', stroke: 'var(--ink)', strokeWidth: 1.6, clip: true }),
      plot.dot(steps.slice(0, 1), { x: 'x', y: 'y', r: 4.5, fill: 'var(--ink)' }),
      plot.dot(steps.slice(-1), { x: 'x', y: 'y', r: 4.5, fill: 'var(--attack)' }),
    ],
  };
}

/** Levels on one side of zero, at equal shares of what lies there. */
function levels(margins: readonly number[], side: 1 | -1): number[] {
  const there = ascending(margins.filter((value) => value * side > 0).map(Math.abs));
  return [0.25, 0.5, 0.75].map((share) => side * (quantile(there, share) ?? share));
}
