/**
 * The directions that a check of gradients asks: at points the model's own entrance suggests, then, where
 * little could be compared, in other ways and places; and what they say together.
 */
import type { Model, Runtime } from '@glacis/core';
import { type Derivative, openDerivative, stepsBetween } from './derivative.ts';
import {
  checkDirections,
  type DirectionErrors,
  type DirectionsAsked,
  type LeftOut,
  NONE,
} from './directions.ts';
import { effortFor, harder } from './effort.ts';
import { type Entrance, spreadBefore } from './entrance.ts';
import { type Layout, randomPoints } from './points.ts';
import { SLOPE_TOLERANCE } from './segment.ts';
import { type Evaluation, isVast } from './sessions.ts';

/** Of points at which something may be compared where little can be at the usual ones. */
const SCALES = [30, 1000, 0.1];
/** The share of directions that is enough, of a model whose runs are not dear. */
const ENOUGH = 1 / 4;
/** So many directions have to disagree; where some do, others are asked. */
const [FEWEST_DISAGREEING, OTHERS] = [3, 2];
const KEPT_SHARE = 0.99;

/** Points, and the same taken back through the model's entrance, where it has one. */
export interface Probes {
  readonly usual: Float32Array;
  readonly points: Float32Array;
  readonly entrance: Entrance | undefined;
}

export async function gradientErrors(
  layout: Layout,
  runtime: Runtime,
  original: Evaluation,
  asked: { readonly probes: Probes; readonly seed: number; readonly valuesPerRow: number },
): Promise<DirectionErrors & { readonly onlySteps: boolean }> {
  const { model, parts } = layout;
  const found = { errors: [] as number[], leftOut: { ...NONE } };
  if (!parts.some(({ real }) => real) || isVast(model.graph)) {
    return { ...found, onlySteps: false };
  }
  const derivatives: Derivative[] = [];
  for (const { name } of model.graph.outputs) {
    derivatives.push(await openDerivative(layout, runtime, { ...asked, output: name }));
  }
  const onlySteps = derivatives.every(({ ways }) => ways.every((way) => way.onlySteps));
  const asking = async (attempt: DirectionsAsked): Promise<void> => {
    const { errors, leftOut } = await checkDirections(layout, derivatives, original, attempt);
    found.errors.push(...errors);
    for (const kind of REASONS) found.leftOut[kind] += leftOut[kind];
  };
  for (const attempt of onlySteps ? [] : attempts(layout, asked)) {
    await asking(attempt);
    const others = attempt.effort.once ? 0 : OTHERS;
    for (let other = 1; other <= others && isUndecided(found.errors); other++) {
      await asking({ ...attempt, seed: attempt.seed + other });
    }
    const { dear, directions } = attempt.effort;
    if (found.errors.length >= (dear ? 1 : ENOUGH * directions)) break;
  }
  for (const derivative of derivatives) await derivative.release();
  return { ...found, onlySteps };
}

function isUndecided(errors: readonly number[]): boolean {
  const disagreeing = errors.filter(isTooLarge).length;
  return verdictOn(disagreeing, errors.length) === null;
}

/**
 * Where little can be compared: lesser elements of the outputs beside greater ones, more of everything,
 * then points nearer to zero and farther away. What jumps everywhere does so at other points too.
 */
function attempts(
  layout: Layout,
  { probes, seed }: { readonly probes: Probes; readonly seed: number },
): DirectionsAsked[] {
  const { usual, points, entrance } = probes;
  const effort = effortFor(layout.model);
  const count = usual.length / layout.size;
  const spread = entrance && spreadBefore(entrance);
  const first = { rows: points, count, seed, effort, spread };
  if (effort.once) return [first];
  const more = { ...first, effort: harder(effort) };
  const here = [first, { ...first, relative: true }, more];
  if (stepOps(layout.model).length > 0) return here;
  const elsewhere = [
    ...(entrance ? [usual] : []),
    ...SCALES.map((scale) => randomPoints(layout, count, seed, scale)),
  ];
  return [
    ...here,
    ...elsewhere
      .slice(0, effort.dear ? 1 : elsewhere.length)
      .map((rows) => ({ ...(effort.dear ? more : first), rows, spread: undefined })),
  ];
}

export const isTooLarge = (error: number): boolean => !(error <= SLOPE_TOLERANCE);

/** null: too few disagree to tell. */
export function verdictOn(disagreeing: number, compared: number): boolean | null {
  if (disagreeing <= (1 - KEPT_SHARE) * compared) return true;
  return disagreeing >= FEWEST_DISAGREEING ? false : null;
}

/** Of equal counts, the first is named. */
export const REASONS: readonly LeftOut[] = ['noise', 'jumps', 'kinks', 'flat'];

/** Names of the step ops on the way from inputs to outputs. */
export function stepOps({ graph, inputs }: Model): string[] {
  const steps = inputs.flatMap(({ name }) =>
    graph.outputs.flatMap((output) => stepsBetween(graph, name, output.name)),
  );
  return [...new Set(steps.map(({ op, label }) => label || op))];
}
