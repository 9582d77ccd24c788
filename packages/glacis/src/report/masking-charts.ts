/** The line charts of a diagnosis: accuracy against ε, the margin along the attack, the width of bounds. */
import type { ClimbRecord, LoosenessRecord, MaskingFigures, Run } from '@glacis/core';
import { accuracyAxis, axisBelow, epsilonMarks } from './axes.ts';
import { isNarrow, type Canvas, type ChartOptions } from './canvas.ts';
import { normSymbol } from './numbers.ts';

const frame = (width: number): ChartOptions => ({
  width,
  height: isNarrow(width) ? 220 : 280,
  marginLeft: 48,
  marginRight: 14,
  marginTop: 20,
  marginBottom: 42,
});

export function curveChart(
  curve: MaskingFigures['curve'],
  { norm, eps }: Run['threat'],
  width: number,
  { plot }: Canvas,
): ChartOptions {
  const line = (y: 'gradient' | 'all', tone: string) => [
    plot.line(curve, { x: 'eps', y, stroke: `var(--${tone})`, strokeWidth: 2 }),
    plot.dot(curve, { x: 'eps', y, r: 3, fill: 'var(--paper)', stroke: `var(--${tone})` }),
  ];
  return {
    ...frame(width),
    x: axisBelow(`ε (${normSymbol(norm)})`, width),
    y: accuracyAxis(),
    marks: [
      plot.ruleY([0], { stroke: 'var(--rule)' }),
      ...epsilonMarks(plot, eps, 14),
      ...line('gradient', 'noise'),
      ...line('all', 'attack'),
    ],
  };
}

export function climbChart(
  steps: readonly ClimbRecord[],
  width: number,
  { plot }: Canvas,
): ChartOptions {
  return {
    ...frame(width),
    x: axisBelow('step of the attack', width),
    y: { label: null, ticks: 5, grid: true, tickSize: 0 },
    marks: [
      plot.areaY(steps, {
        x: 'step',
        y1: 'low',
        y2: 'high',
        fill: 'var(--attack)',
        fillOpacity: 0.18,
      }),
      plot.ruleY([0], { stroke: 'var(--ink)' }),
      plot.line(steps, { x: 'step', y: 'middle', stroke: 'var(--attack)', strokeWidth: 2 }),
    ],
  };
}

export function loosenessChart(
  layers: readonly LoosenessRecord[],
  width: number,
  { plot }: Canvas,
): ChartOptions {
  const tones = { interval: 'faint', crown: 'clean', alphaCrown: 'proof' } as const;
  const lines = (Object.keys(tones) as (keyof typeof tones)[]).flatMap((method) => {
    const points = layers.flatMap(({ layer, [method]: value }, place) =>
      value !== null && value > 0 ? [{ place, layer, value }] : [],
    );
    const at = { x: 'place', y: 'value' } as const;
    const tone = `var(--${tones[method]})`;
    return [
      plot.line(points, { ...at, stroke: tone, strokeWidth: 2 }),
      plot.dot(points, { ...at, r: 3, fill: 'var(--paper)', stroke: tone, strokeWidth: 1.6 }),
    ];
  });
  return {
    ...frame(width),
    x: {
      domain: [0, Math.max(1, layers.length - 1)],
      ...axisBelow('layer', width),
      ticks: layers.map((_, place) => place),
      tickFormat: (place: number) => (place === layers.length - 1 ? 'output' : String(place + 1)),
    },
    y: { type: 'log', label: null, grid: true, tickSize: 0, ticks: 4, tickFormat: '~g' },
    marks: lines,
  };
}
