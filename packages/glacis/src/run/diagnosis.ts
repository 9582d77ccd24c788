/**
 * The diagnosis of a run that has ended: what its attacks found is held against attacks that do not depend on
 * the gradient, in this process, and what they find in turn goes into the run.
 */
import { type AuditPart, diagnose, type Discovery, stopSignal, Stopped } from '@glacis/core';
import type { OptionValues } from '../cli/options.ts';
import type { Terminal } from '../cli/terminal.ts';
import type { Collected } from './collected.ts';
import type { Prepared } from './prepare.ts';

export type DiagnosisDepth = 'quick' | 'full';

/** How much an audit spends on its diagnosis. */
export function depthOf({ diagnose = 'quick' }: OptionValues): DiagnosisDepth | null {
  return diagnose === 'off' ? null : diagnose;
}

interface Diagnosing {
  readonly prepared: Prepared;
  readonly collected: Collected;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/** With fewer inputs not even attacks that break all of them prove at 95 % that they do better than one that breaks none. */
const FEWEST = 6;

/** Enters the diagnosis into what was collected, where one was asked for and the run is whole. */
export async function diagnoseRun({
  prepared,
  collected,
  terminal,
  signal,
}: Diagnosing): Promise<void> {
  const { diagnosis: depth, classifier, inputs, threat, surrogates, setup, deadline } = prepared;
  const total = inputs.indices.length;
  // A regression has no scores that compete, and without a radius nothing was attacked.
  const applies = threat.eps > 0 && classifier.criterion.kind !== 'error';
  const audited = collected.run(0);
  const right = audited.samples.filter(
    ({ verdict }) => verdict !== 'misclassified' && verdict !== 'error',
  ).length;
  if (depth === null || !applies || audited.partial || right === 0) return;
  const note = (text: string): void => {
    collected.note(text);
    terminal.note(text);
  };
  try {
    const { x, y, indices } = inputs;
    const diagnosis = await diagnose({
      classifier,
      runtime: classifier.programs.runtime,
      data: { x, y, indices },
      threat,
      seed: setup.seed,
      depth,
      surrogates,
      audited: audited.samples,
      signal: stopSignal({ signal, deadline, now: Date.now }),
      onProgress: (stage, fraction) =>
        terminal.progress({ stage: `diagnosis: ${stage}`, done: total, total, fraction }),
    });
    collected.diagnosed(diagnosis);
    if (depth === 'full' && right < FEWEST && diagnosis.masking.verdict === 'none') {
      const inputs = right === 1 ? 'one input' : `${right} inputs`;
      note(
        `With ${inputs} the diagnosis proves little: attacks are compared by intervals at 95 %.`,
      );
    }
    if (diagnosis.reach > threat.eps && diagnosis.masking.verdict !== 'none') {
      note(
        `The diagnosis counts what float32 rounds off as within ε: its attacks go up to ${diagnosis.reach}; verdicts keep to ε itself.`,
      );
    }
    if (diagnosis.whole) return;
    collected.cutShort();
    note(`${overBefore(signal)} the pictures of the diagnosis were.`);
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    collected.cutShort();
    note(`${overBefore(signal)} the diagnosis of masked gradients was.`);
  }
}

const overBefore = ({ aborted }: AbortSignal): string =>
  aborted ? 'The run was stopped before' : 'The time was over before';

/** The end of what counts as ε: a distance at ε itself lies below. */
const nextTo = (eps: number): number => eps * (1 + Number.EPSILON);

/** A part of a run in which discoveries have taken the place of breaks that are farther away. */
export function withDiscoveries(
  part: AuditPart,
  discoveries: readonly Discovery[],
  eps: number,
): AuditPart {
  const found = new Map(discoveries.map((discovery) => [discovery.index, discovery]));
  const samples = part.samples.map((sample) => {
    const discovery = found.get(sample.index);
    // Where no radius was sought, what breaks beyond ε says nothing about the nearest break.
    if (!discovery || !(discovery.broken.distance < (sample.upper ?? nextTo(eps)))) return sample;
    const { method, broken } = discovery;
    return {
      ...sample,
      upper: broken.distance,
      upperMethod: method,
      adversarialPrediction: broken.prediction,
      verdict: broken.distance <= eps ? ('falsified' as const) : sample.verdict,
    };
  });
  const adversarial = part.samples.map((sample, i) =>
    samples[i] === sample
      ? (part.adversarial[i] ?? null)
      : (found.get(sample.index)?.broken.x ?? null),
  );
  return { ...part, samples, adversarial };
}
