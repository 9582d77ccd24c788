/** A query as the engine takes it: its alternatives, over inputs of which some stand for others. */
import { type Contradiction, problemOf } from '../vnnlib/problem.ts';
import type { Query } from '../vnnlib/query.ts';
import { type Tick, timeless } from '../vnnlib/tick.ts';
import { type Alternative, alternativesOf } from './alternatives.ts';
import { areOpposed } from './opposed-rows.ts';
import { tiesOf } from './ties.ts';

export interface Posed {
  /** Why there is nothing to decide. */
  readonly contradiction: Contradiction | null;
  /** Those whose rows do not contradict each other. */
  readonly alternatives: readonly Alternative[];
  /** As tiesOf gives them. */
  readonly ties: Int32Array;
}

/** The same for the same query, in every process. Throws VnnlibError for what is beyond Glacis, and what `tick` throws. */
export function posedBy(query: Query, tick: Tick = timeless): Posed {
  const problem = problemOf(query, { tick });
  const { contradiction, inputCount } = problem;
  const disjuncts = contradiction ? [] : [...problem.disjuncts()];
  const ties = tiesOf(disjuncts, inputCount);
  const alternatives = [...alternativesOf(query, disjuncts, ties, tick)].filter(
    ({ index }) => !areOpposed(disjuncts[index]?.rows ?? []),
  );
  return { contradiction, alternatives, ties };
}
