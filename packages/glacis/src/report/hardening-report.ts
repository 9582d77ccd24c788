/** The page about a training: what it bought, how it went, and the command that does it again. */
import type { EpochReport } from '@glacis/core';
import { isMasked, isWronglyRight, type Hardening } from '../run/hardening.ts';
import { accuracyAxis, axisBelow } from './axes.ts';
import { type Canvas, type ChartOptions, isNarrow, openCanvas } from './canvas.ts';
import { comparedRows } from './hardening-rows.ts';
import { html, isolated, type Html } from './html.ts';
import { baseName, counted, duration, epsilon, normSymbol, percent, radius } from './numbers.ts';
import { type Fact, fileFact, madeFrom } from './facts.ts';
import { emblem, page } from './page.ts';
import { legend, type Key, section, table } from './section.ts';

export async function hardeningReport(made: Hardening): Promise<string> {
  const canvas = await openCanvas();
  const name = baseName(made.out.path);
  return page({
    title: `${name} – Glacis hardening report`,
    description: made.verdict,
    header: opening(made, name),
    main: html`${boughtSection(made)} ${certificateSection(made)} ${lossSection(made, canvas)}
    ${validationSection(made, canvas)} ${madeFromSection(made)}`,
    footer: html`Made by Glacis ${made.glacis}. Schema ${made.schema}.`,
  });
}

function opening(
  { threat, method, history, data, verdict, compared }: Hardening,
  name: string,
): Html {
  const isWarned = isMasked(compared) || isWronglyRight(compared);
  return html`<p class="eyebrow">${emblem}Glacis hardening report</p>
    <h1 class="${name.length > 36 ? 'long' : ''}">${isolated(name)}</h1>
    <p class="meta">
      <span>${method} training, ${normSymbol(threat.norm)} ε = ${epsilon(threat.eps)}</span
      >${history.length > 0 && html`<span>${counted(history.length, 'epoch')}</span>`}<span
        >${counted(data.training, 'sample')} from ${isolated(baseName(data.path))}</span
      >
    </p>
    <p class="lead ${isWarned ? 'attack' : ''}">${verdict}</p>`;
}

function boughtSection({ compared }: Hardening): Html | null {
  if (!compared) return null;
  const rows = comparedRows(compared).map(({ title, before, after }) =>
    [title, before, after].map((content) => ({ content })),
  );
  const columns = [
    { title: counted(compared.after.data.samples, 'held-out input') },
    { title: 'before', numeric: true },
    { title: 'after', numeric: true },
  ];
  return section(
    'What it bought',
    html`Both models under the same attacks and proofs, on inputs that were not trained on.
    Gradients that agree are those at an input and at a random point within ε/10, by the cosine; one
    along the input points where the input differs from the mean of all.`,
    table(columns, rows),
  );
}

function certificateSection({ certificate }: Hardening): Html | null {
  if (!certificate) return null;
  const columns = [
    { title: 'classes' },
    { title: 'how fast scores part', numeric: true },
    { title: 'multiplier', numeric: true },
  ];
  const rows = certificate.pairs.map(({ classes, length, multiplier }) =>
    [classes.join(' and '), radius(length), radius(multiplier)].map((content) => ({ content })),
  );
  return section(
    'Nothing better',
    html`No classifier of this Lipschitz constant loses less by more than
    ${certificate.gap.toExponential(1)} of the loss: the relative duality gap. Complementary
    slackness is ${certificate.slackness.toExponential(1)}.`,
    table(columns, rows),
  );
}

function lossSection({ history, epochs }: Hardening, canvas: Canvas): Html | null {
  if (history.length < 2) return null;
  const description = `Mean training loss by epoch, from ${radius(history[0]?.loss ?? null)} to ${radius(history.at(-1)?.loss ?? null)}.`;
  const most = Math.max(...history.map(({ loss }) => loss));
  return section(
    'Loss',
    html`The mean over each epoch’s batches. While ε rises the task becomes harder, and the loss may
    rise with it.`,
    html`<figure>
      ${canvas.fitted(
        (width) => ({
          ...frame(history, epochs, width),
          y: { domain: [0, most * 1.05], label: null, ticks: 5, grid: true, tickSize: 0 },
          marks: [
            canvas.plot.ruleY([0], { stroke: 'var(--rule)' }),
            canvas.plot.line(history, { ...along, y: 'loss', stroke: 'var(--ink)' }),
          ],
        }),
        description,
      )}
    </figure>`,
  );
}

const along = { x: 'epoch', strokeWidth: 2 } as const;

function validationSection(
  { history, epochs, best, proves }: Hardening,
  canvas: Canvas,
): Html | null {
  const judged = history.flatMap(({ epoch, validated }) =>
    validated ? [{ epoch, clean: validated.clean, robust: validated.robust }] : [],
  );
  if (judged.length < 2) return null;
  const { plot } = canvas;
  const tone = proves ? 'proof' : 'attack';
  const keys: Key[] = [
    { fill: 'clean', shape: 'line', text: 'clean' },
    { fill: tone, shape: 'line', text: proves ? 'proven' : 'not broken by the training’s attack' },
  ];
  const last = judged.at(-1);
  const description = `Validation accuracy by epoch, at the end clean ${percent(last?.clean ?? null)}, robust ${percent(last?.robust ?? null)}.`;
  return section(
    'Accuracy on held-out data',
    html`After each epoch, at the whole ε. The line marks the epoch whose weights were kept: the
    most robust one.`,
    html`<figure>
      ${legend(keys)}
      ${canvas.fitted(
        (width) => ({
          ...frame(history, epochs, width),
          y: accuracyAxis(),
          marks: [
            plot.ruleY([0], { stroke: 'var(--rule)' }),
            ...(best ? keptMarks(canvas, best.epoch) : []),
            plot.line(judged, { ...along, y: 'clean', stroke: 'var(--clean)' }),
            plot.line(judged, { ...along, y: 'robust', stroke: `var(--${tone})` }),
          ],
        }),
        description,
      )}
    </figure>`,
  );
}

function keptMarks({ plot }: Canvas, epoch: number) {
  return [
    plot.ruleX([epoch], { stroke: 'var(--ink)' }),
    plot.text([epoch], {
      x: (value: number) => value,
      text: () => `kept: ${epoch}`,
      frameAnchor: 'top',
      dy: -16,
      fill: 'var(--ink)',
    }),
  ];
}

function frame(history: readonly EpochReport[], epochs: number, width: number): ChartOptions {
  const last = history.at(-1)?.epoch ?? epochs;
  const axis = axisBelow('epoch', width);
  return {
    width,
    height: isNarrow(width) ? 220 : 300,
    marginLeft: 44,
    marginRight: 16,
    marginTop: 26,
    marginBottom: 42,
    x: { domain: [1, last], ...axis, ticks: Math.min(axis.ticks, last - 1), tickFormat: 'd' },
  };
}

function madeFromSection(made: Hardening): Html {
  const { command, model, data, out, seconds, seed, threat, trainEps } = made;
  const ball = `${normSymbol(threat.norm)} ball of ε = `;
  const facts: Fact[] = [
    ['Trained from', fileFact(model.path, model.sha256)],
    ['Written to', fileFact(out.path, out.sha256)],
    ['Data', fileFact(data.path, data.sha256)],
    ['Held out', counted(data.validation, 'sample')],
    ['Validated and audited', `${ball}${epsilon(threat.eps)}`],
    ...(trainEps === null ? [] : [['Trained against', `${ball}${epsilon(trainEps)}`] as const]),
    ['Seed', String(seed)],
    ['Time', duration(seconds)],
  ];
  return madeFrom(
    'The same files, seed and command on the same processor give the same weights again.',
    command,
    facts,
  );
}
