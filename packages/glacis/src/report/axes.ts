/** Axes that charts share: a labelled one below, accuracy beside it in percent, and the line at the run's ε. */
import { isNarrow, type Canvas } from './canvas.ts';
import { epsilon, percent } from './numbers.ts';

/** An axis with its label below the middle. */
export function axisBelow(label: string, width: number) {
  return {
    label,
    ticks: isNarrow(width) ? 4 : 8,
    labelArrow: 'none',
    labelAnchor: 'center',
    labelOffset: 38,
  } as const;
}

export function accuracyAxis() {
  return {
    domain: [0, 1],
    label: null,
    ticks: 5,
    tickFormat: (value: number) => percent(value),
    grid: true,
    tickSize: 0,
  };
}

/** A line at ε, and its label `rise` pixels above the frame. */
export function epsilonMarks(plot: Canvas['plot'], eps: number, rise: number) {
  return [
    plot.ruleX([eps], { stroke: 'var(--ink)' }),
    plot.text([eps], {
      x: (value: number) => value,
      text: () => `ε = ${epsilon(eps)}`,
      frameAnchor: 'top',
      dy: -rise,
      fill: 'var(--ink)',
    }),
  ];
}
