/**
 * A formula as constraints: bounds of single inputs, linear rows over all variables, and clauses —
 * disjunctions of the same. Nothing is multiplied out here. What holds or fails whatever the variables
 * is settled; a constraint is never stronger than the query, so what it excludes is excluded.
 */
import { addUp, overDown, overUp } from '../tensor/float64.ts';
import { differenceOf, type Linear } from './linear.ts';
import type { Comparison, Formula } from './query.ts';
import { type Fail, type Interval, negative, type Reading } from './reading.ts';
import type { Tick } from './tick.ts';

/** Σ coefficientsᵢ · v[variablesᵢ] ≤ bound (< when strict). */
export interface Row {
  readonly variables: Int32Array;
  readonly coefficients: Float64Array;
  /** How far each true coefficient may lie from the one given; null where all are exact. */
  readonly spread: Float64Array | null;
  readonly bound: number;
  readonly isStrict: boolean;
  /** Whether only inputs occur. */
  readonly isOfInputs: boolean;
  /** Offset of the comparison in the query. */
  readonly at: number;
}

/** One end of one input. */
export interface Bound {
  readonly variable: number;
  readonly side: 'lower' | 'upper';
  readonly value: number;
  readonly isStrict: boolean;
  readonly at: number;
}

/** All of these at once: bounds, rows, and one alternative of each clause. */
export interface Conjunct {
  readonly bounds: Bound[];
  readonly rows: Row[];
  readonly clauses: (readonly Conjunct[])[];
  /** Offset of a condition that is false whatever the variables; −1 for none. */
  falseAt: number;
}

interface Compiler {
  readonly inputCount: number;
  readonly reading: Reading;
  readonly fail: Fail;
  readonly tick: Tick;
}

const fresh = (): Conjunct => ({ bounds: [], rows: [], clauses: [], falseAt: -1 });

export function constraintsOf(formula: Formula, compiler: Compiler): Conjunct {
  const conjunct = fresh();
  impose(conjunct, formula, compiler);
  return conjunct;
}

function impose(into: Conjunct, formula: Formula, compiler: Compiler): void {
  compiler.tick();
  if (formula.kind === 'comparison') compare(into, formula, compiler);
  else if (formula.kind === 'and') {
    for (const part of formula.parts) impose(into, part, compiler);
  } else {
    const alternatives = formula.parts.map((part) => constraintsOf(part, compiler));
    imposeClause(into, alternatives, formula.at);
  }
}

const isTrue = ({ bounds, rows, clauses }: Conjunct): boolean =>
  bounds.length === 0 && rows.length === 0 && clauses.length === 0;

function imposeClause(into: Conjunct, given: readonly Conjunct[], at: number): void {
  // A disjunction directly inside another is part of it.
  const alternatives = given
    .filter(({ falseAt }) => falseAt < 0)
    .flatMap((alternative) => {
      const { bounds, rows, clauses } = alternative;
      const [only] = clauses;
      return only && clauses.length === 1 && bounds.length + rows.length === 0
        ? only
        : [alternative];
    });
  if (alternatives.some(isTrue)) return;
  const [only] = alternatives;
  if (!only) into.falseAt = at;
  else if (alternatives.length > 1) into.clauses.push(alternatives);
  else {
    for (const bound of only.bounds) into.bounds.push(bound);
    for (const row of only.rows) into.rows.push(row);
    for (const clause of only.clauses) into.clauses.push(clause);
  }
}

function compare(into: Conjunct, comparison: Comparison, compiler: Compiler): void {
  const { relation, left, right, at } = comparison;
  // Nearly every line of a file is one end of one input; the general way gives the same.
  if (relation === '<=' && left.kind === 'variable' && right.kind === 'constant') {
    if (left.index < compiler.inputCount) {
      const value = compiler.reading.of(right).upper;
      into.bounds.push({ variable: left.index, side: 'upper', value, isStrict: false, at });
      return;
    }
  } else if (relation === '<=' && left.kind === 'constant' && right.kind === 'variable') {
    if (right.index < compiler.inputCount) {
      const value = compiler.reading.of(left).lower;
      into.bounds.push({ variable: right.index, side: 'lower', value, isStrict: false, at });
      return;
    }
  }
  const difference = differenceOf(left, right, compiler.reading, compiler.fail);
  if (relation === '!=') {
    const sides = [difference, opposite(difference)].map((side) => {
      const conjunct = fresh();
      atMost(conjunct, side, true, at, compiler);
      return conjunct;
    });
    imposeClause(into, sides, at);
    return;
  }
  atMost(into, difference, relation === '<', at, compiler);
  if (relation === '==') atMost(into, opposite(difference), false, at, compiler);
}

function opposite({ terms, constant }: Linear): Linear {
  return {
    terms: new Map([...terms].map(([variable, own]) => [variable, negative(own)])),
    constant: negative(constant),
  };
}

/** Imposes Σ c·v + k ≤ 0. */
function atMost(
  into: Conjunct,
  { terms, constant }: Linear,
  isStrict: boolean,
  at: number,
  { inputCount }: Compiler,
): void {
  const bound = 0 - constant.lower;
  if (terms.size === 0) {
    if (isStrict ? !(bound > 0) : !(bound >= 0)) into.falseAt = at;
    return;
  }
  if (terms.size === 1) {
    const [[variable, coefficient] = [0, constant]] = terms;
    const isSigned = coefficient.lower > 0 || coefficient.upper < 0;
    if (variable < inputCount && isSigned) {
      const { side, value } = endOf(coefficient, bound);
      into.bounds.push({ variable, side, value, isStrict, at });
      return;
    }
  }
  into.rows.push(rowOf(terms, bound, isStrict, at, inputCount));
}

/** c·x ≤ d as a bound of x, rounded outward: the loosest over c's interval. */
function endOf({ lower, upper }: Interval, d: number): Pick<Bound, 'side' | 'value'> {
  if (lower > 0) return { side: 'upper', value: overUp(d, d >= 0 ? lower : upper) };
  return { side: 'lower', value: overDown(d, d >= 0 ? upper : lower) };
}

function rowOf(
  terms: ReadonlyMap<number, Interval>,
  bound: number,
  isStrict: boolean,
  at: number,
  inputCount: number,
): Row {
  const variables = Int32Array.from(terms.keys());
  const coefficients = Float64Array.from(terms.values(), ({ lower }) => lower);
  const spread = Float64Array.from(terms.values(), ({ lower, upper }) => addUp(upper, 0 - lower));
  const isExact = spread.every((width) => width === 0);
  const isOfInputs = variables.every((variable) => variable < inputCount);
  return {
    variables,
    coefficients,
    spread: isExact ? null : spread,
    bound,
    isStrict,
    isOfInputs,
    at,
  };
}

/** The disjuncts that multiplying out would give, before any is found empty. */
export function countDisjuncts({ clauses }: Conjunct): number {
  let product = 1;
  for (const alternatives of clauses) {
    let sum = 0;
    for (const alternative of alternatives) sum += countDisjuncts(alternative);
    product *= sum;
  }
  return product;
}
