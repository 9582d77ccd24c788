/**
 * The disjuncts of a problem as the engine takes them: the box that proofs are over, in float32 rounded
 * outward, and the one of the rounded query, in which witnesses lie.
 */
import { roundDown, roundUp } from '../tensor/float32.ts';
import { type Disjunct, problemOf } from '../vnnlib/problem.ts';
import type { Query } from '../vnnlib/query.ts';
import type { Tick } from '../vnnlib/tick.ts';
import { type Specification, specificationOf } from './specification.ts';
import { isTie } from './ties.ts';

export interface Ends {
  readonly lower: Float32Array;
  readonly upper: Float32Array;
}

export interface Alternative extends Ends {
  /** Which of the problem's disjuncts it is. */
  readonly index: number;
  readonly specification: Specification;
  /** Where a witness may lie; null where the rounded query leaves none. */
  readonly search: Ends | null;
}

/** Alternatives one after another; inputs that are tied to others (tiesOf) are points in their boxes. */
export function* alternativesOf(
  query: Query,
  disjuncts: readonly Disjunct[],
  ties: Int32Array,
  tick: Tick,
): Generator<Alternative> {
  const rounded = problemOf(query, { constants: 'nearest', tick });
  const others = rounded.contradiction ? [] : rounded.disjuncts();
  const nearest = others[Symbol.iterator]();
  let other = nearest.next();
  let index = 0;
  for (const disjunct of disjuncts) {
    tick();
    const lower = Float32Array.from(disjunct.box.lower, roundDown);
    const upper = Float32Array.from(disjunct.box.upper, roundUp);
    const rows = disjunct.rows.filter((row) => !isTie(row, ties));
    const specification = specificationOf({ rows }, query.variableCount);
    let search: Ends | null = null;
    // The rounded query may have lost disjuncts, but their order is the same.
    if (!other.done && isRounded(disjunct, other.value)) {
      search = inward(other.value);
      other = nearest.next();
    }
    ties.forEach((own, i) => {
      if (own === i) return;
      upper[i] = lower[i] ?? 0;
      if (search) search.upper[i] = search.lower[i] ?? 0;
    });
    yield { index, lower, upper, specification, search };
    index++;
  }
}

/** Whether a disjunct of the rounded query may come from this one. */
function isRounded({ box, rows }: Disjunct, rounded: Disjunct): boolean {
  return (
    rows.length === rounded.rows.length &&
    rows.every(({ at }, k) => at === rounded.rows[k]?.at) &&
    rounded.box.lower.every((value, i) => value >= (box.lower[i] ?? NaN)) &&
    rounded.box.upper.every((value, i) => value <= (box.upper[i] ?? NaN))
  );
}

function inward({ box }: Disjunct): Ends | null {
  const lower = Float32Array.from(box.lower, roundUp);
  const upper = Float32Array.from(box.upper, roundDown);
  return lower.every((value, i) => value <= (upper[i] ?? NaN)) ? { lower, upper } : null;
}
