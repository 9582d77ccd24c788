/**
 * The chart of accuracy against ε: what attacks leave standing above, what is proven below, the
 * undecided band between them, the clean line, chance, and the run's own ε.
 */
import type { Run } from '@glacis/core';
import { accuracyAxis, axisBelow, epsilonMarks } from './axes.ts';
import { isNarrow, type Canvas, type ChartOptions } from './canvas.ts';
import { curveOf, type Curve } from './curve.ts';
import { html, type Html } from './html.ts';
import { epsilon, normSymbol, percent } from './numbers.ts';
import { horizon } from './quantile.ts';
import { legend, section, type Key } from './section.ts';
import { credibleUpper, tally } from './tally.ts';

export function curveSection(run: Run, canvas: Canvas): Html | null {
  if (tally(run).correct === 0) return null;
  const end = horizon(run);
  const curve = curveOf(run, end);
  const keys: Key[] = [{ fill: 'clean', shape: 'dots', text: 'clean' }];
  if (curve.noise.length > 0) keys.push({ fill: 'noise', shape: 'line', text: 'under noise' });
  if (curve.hasAttack)
    keys.push({ fill: 'attack', shape: 'line', text: 'not broken by any attack' });
  if (curve.hasProof) keys.push({ fill: 'proof', shape: 'line', text: 'proven' });
  if (curve.hasAttack && curve.hasProof) keys.push({ fill: 'open', text: 'undecided' });
  const { clean, robustUpper, certifiedLower } = run.accuracy;
  const description = `Accuracy against ε. At ε = ${epsilon(run.threat.eps)}: clean ${percent(clean)}, under attack at most ${percent(robustUpper)}, proven at least ${percent(certifiedLower)}.`;
  const figure = html`<figure>
    ${legend(keys)} ${canvas.fitted((width) => chart(run, curve, end, width, canvas), description)}
  </figure>`;
  return section(
    'Accuracy against ε',
    html`How the fraction of right answers falls as perturbations grow. The true curve runs
    somewhere inside the grey band: above what is proven, below what attacks left standing.`,
    figure,
  );
}

function chart(run: Run, curve: Curve, end: number, width: number, { plot }: Canvas): ChartOptions {
  const narrow = isNarrow(width);
  const { eps, norm } = run.threat;
  const step = { x: 'eps', curve: 'step-after', strokeWidth: 2, strokeLinejoin: 'miter' } as const;
  const measured = run.curve.filter((point) => point.eps <= end);
  const dot = { x: 'eps', r: 3.2, fill: 'var(--paper)', strokeWidth: 1.8 } as const;
  return {
    width,
    height: narrow ? 260 : 400,
    marginLeft: 44,
    marginRight: narrow ? 14 : 16,
    marginTop: 26,
    marginBottom: 42,
    x: {
      domain: [0, end],
      ...axisBelow(`ε, size of the perturbation (${normSymbol(norm)})`, width),
    },
    y: accuracyAxis(),
    marks: [
      curve.hasAttack && curve.hasProof
        ? plot.areaY(curve.steps, {
            ...step,
            y1: 'proven',
            y2: 'standing',
            fill: 'var(--open)',
            fillOpacity: 0.38,
            strokeWidth: 0,
          })
        : null,
      plot.ruleY([0], { stroke: 'var(--rule)' }),
      plot.ruleY([curve.clean], {
        stroke: 'var(--clean)',
        strokeWidth: 1.5,
        strokeDasharray: '2 4',
      }),
      ...epsilonMarks(plot, eps, 16),
      curve.hasProof
        ? plot.line(curve.steps, { ...step, y: 'proven', stroke: 'var(--proof)' })
        : null,
      curve.hasAttack
        ? plot.line(curve.steps, { ...step, y: 'standing', stroke: 'var(--attack)' })
        : null,
      plot.line(curve.noise, { x: 'eps', y: 'fraction', stroke: 'var(--noise)', strokeWidth: 1.6 }),
      plot.dot(
        curve.noise.filter((point) => point.eps > 0),
        { ...dot, y: 'fraction', stroke: 'var(--noise)' },
      ),
      plot.dot(
        measured.filter((point) => point.robustUpper !== null),
        { ...dot, y: 'robustUpper', stroke: 'var(--attack)' },
      ),
      plot.dot(
        measured.filter((point) => point.certifiedLower !== null),
        { ...dot, y: 'certifiedLower', stroke: 'var(--proof)' },
      ),
      ...credibleMarks(run, plot),
    ],
  };
}

/** Where the attack curve would pass if its gradients were not masked. */
function credibleMarks(run: Run, plot: Canvas['plot']) {
  const ceiling = credibleUpper(run);
  if (ceiling === null) return [];
  const at = [{ eps: run.threat.eps, ceiling }];
  const spot = { x: 'eps', y: 'ceiling' } as const;
  return [
    plot.dot(at, {
      ...spot,
      r: 5,
      fill: 'var(--attack)',
      stroke: 'var(--paper)',
      strokeWidth: 1.5,
    }),
    plot.text(at, {
      ...spot,
      text: () => `credible: ≤ ${percent(ceiling)}`,
      dx: -10,
      textAnchor: 'end',
      fill: 'var(--attack)',
      stroke: 'var(--paper)',
      strokeWidth: 4,
    }),
  ];
}
