/** The line charts of a diagnosis: accuracy against ε, the margin along the attack, the width of bounds. */
import type { ClimbRecord, LoosenessRecord, MaskingFigures, Run } from '@glacis/core';
import { isNarrow, type Canvas } from './canvas.ts';
import { epsilon, normSymbol, percent } from './numbers.ts';

type Options = ReturnType<Parameters<Canvas['fitted']>[0]>;

const frame = (width: number): Options => ({
  width,
  height: isNarrow(width) ? 220 : 280,
  marginLeft: 48,
  marginRight: 14,
  marginTop: 20,
  marginBottom: 42,
});

const below = { labelArrow: 'none', labelAnchor: 'center', labelOffset: 38 } as const;

export function curveChart(
  curve: MaskingFigures['curve'],
  { norm, eps }: Run['threat'],
  width: number,
  { plot }: Canvas,
): Options {
  const line = (y: 'gradient' | 'all', tone: string) => [
    plot.line(curve, { x: 'eps', y, stroke: `var(--${tone})`, strokeWidth: 2 }),
    plot.dot(curve, { x: 'eps', y, r: 3, fill: 'var(--paper)', stroke: `var(--${tone})` }),
  ];
  return {
    ...frame(width),
    x: { label: `ε (${normSymbol(norm)})`, ticks: isNarrow(width) ? 4 : 8, ...below },
    y: {
      domain: [0, 1],
      label: null,
      ticks: 5,
      tickFormat: (value: number) => percent(value),
      grid: true,
      tickSize: 0,
    },
    marks: [
      plot.ruleY([0], { stroke: 'var(--rule)' }),
      plot.ruleX([eps], { stroke: 'var(--ink)' }),
      plot.text([eps], {
        x: (value: number) => value,
        text: () => `ε = ${epsilon(eps)}`,
        frameAnchor: 'top',
        dy: -14,
        fill: 'var(--ink)',
      }),
      ...line('gradient', 'noise'),
      ...line('all', 'attack'),
    ],
  };
}

export function climbChart(
  steps: readonly ClimbRecord[],
  width: number,
  { plot }: Canvas,
): Options {
  return {
    ...frame(width),
    x: { label: 'step of the attack', ticks: isNarrow(width) ? 4 : 8, ...below },
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
): Options {
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
      label: 'layer',
      ticks: layers.map((_, place) => place),
      tickFormat: (place: number) => (place === layers.length - 1 ? 'output' : String(place + 1)),
      ...below,
    },
    y: { type: 'log', label: null, grid: true, tickSize: 0, ticks: 4, tickFormat: '~g' },
    marks: lines,
  };
}
