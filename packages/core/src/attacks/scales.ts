/**
 * The units of a row: how far its label leads at the input, and how far the boundary lies were the
 * scores linear. Searches that weigh distance against lead in these units know no other scale, neither
 * of inputs nor of logits.
 */
import type { NearestBreaks, Slopes } from './nearest.ts';

export interface Scales {
  /** Of leads; above 0. */
  readonly lead: number;
  /** Of distances; above 0. */
  readonly distance: number;
}

/** The scales of each row, from what was seen at its input. */
export function scalesOf(breaks: NearestBreaks, { lead, gradient }: Slopes): Scales[] {
  const size = gradient.length / Math.max(1, lead.length);
  const move = new Float64Array(size);
  return Array.from(lead, (value, row) => {
    const slope = gradient.subarray(row * size, (row + 1) * size);
    const distance = breaks.moves.cross(breaks.centre(row), slope, -value, move);
    return { lead: Math.abs(value) || 1, distance: distance > 0 ? distance : 1 };
  });
}
