/**
 * What is to be decided: whether some input of a box, with the networks' values for it, satisfies one of
 * several conjunctions of linear constraints. The disjunctive normal form is made one disjunct at a time,
 * and disjuncts of the same box come one after another and share it.
 */
import type { Precision } from '../tensor/decimal.ts';
import { type Box, everything, Narrowing } from './box.ts';
import { type Conjunct, constraintsOf, countDisjuncts, type Row } from './constraint.ts';
import { nameOf, type Query, tensorsOf } from './query.ts';
import { type Constants, type Fail, Reading } from './reading.ts';
import { type Tick, timeless } from './tick.ts';
import { type Position, VnnlibError } from './vnnlib-error.ts';

export interface Disjunct {
  /** Of the joint inputs; every end is finite. */
  readonly box: Box;
  /** Over the joint vector: rows over inputs alone first narrowed the box and are kept. */
  readonly rows: readonly Row[];
}

export interface Contradiction {
  readonly sentence: string;
  readonly position: Position;
}

export interface Problem {
  readonly query: Query;
  readonly inputCount: number;
  readonly variableCount: number;
  /** Why no input at all satisfies the query, network or not: it is `unsat`. */
  readonly contradiction: Contradiction | null;
  /** At most so many disjuncts; those without any input are left out. */
  readonly size: number;
  /** The disjuncts, made as they are asked for, from the first one each time. */
  readonly disjuncts: () => Iterable<Disjunct>;
}

export interface ProblemOptions {
  /**
   * `outward` (default): every constraint is as loose as any reading of its numerals, for proofs.
   * `nearest`: numerals are the nearest floats, for a search.
   */
  readonly constants?: Constants;
  /** The type of the networks' values where the query says `real` (1.0 always does). Default float32. */
  readonly precision?: Precision;
  /** The most disjuncts that are multiplied out. */
  readonly mostDisjuncts?: number;
  readonly tick?: Tick;
}

export const MOST_DISJUNCTS = 1_000_000;

/**
 * The problem that a query poses. Throws `VnnlibError`: for an input that some disjunct leaves without a
 * bound (`invalid`); for products of variables, element types other than real and float32, inputs left
 * to an initializer, and more than `mostDisjuncts` disjuncts (`unsupported`).
 */
export function problemOf(query: Query, options: ProblemOptions = {}): Problem {
  const { constants = 'outward', precision = 'float32' } = options;
  const { mostDisjuncts = MOST_DISJUNCTS, tick = timeless } = options;
  const fail: Fail = (reason, message, at) => {
    throw new VnnlibError(reason, message, query.where(at));
  };
  requireDecidable(query, fail);
  const reading = new Reading(precision, constants, fail);
  const { inputCount, variableCount } = query;
  const base = constraintsOf(query.formula, { inputCount, reading, fail, tick });
  const size = countDisjuncts(base);
  if (size > mostDisjuncts) {
    const count = Number.isFinite(size) ? size.toLocaleString('en') : 'countless';
    const most = mostDisjuncts.toLocaleString('en');
    fail('unsupported', `the query has ${count} disjuncts, more than ${most}`, 0);
  }
  const posed = { query, inputCount, variableCount, size };
  const falsehood = base.falseAt >= 0 ? 'this holds for no value of the variables' : null;
  if (falsehood !== null) {
    const contradiction = { sentence: falsehood, position: query.where(base.falseAt) };
    return { ...posed, contradiction, disjuncts: () => [] };
  }
  requireMentioned(query, base, fail);
  const start = narrowed({ box: everything(inputCount), rows: [] }, base);
  if (typeof start === 'number') {
    const contradiction = contradictionOf(query, base, start);
    return { ...posed, contradiction, disjuncts: () => [] };
  }
  const clauses = inOrder(base.clauses);
  const disjuncts = (): Iterable<Disjunct> => expand(start, clauses, tick);
  requireBounded(query, isBounded(start.box) ? [start] : disjuncts(), fail);
  const [first] = disjuncts();
  if (first) return { ...posed, contradiction: null, disjuncts };
  const at = base.clauses[0]?.[0]?.bounds[0]?.at ?? 0;
  const sentence = 'every alternative contradicts what the query asks of the inputs';
  return { ...posed, contradiction: { sentence, position: query.where(at) }, disjuncts };
}

function requireDecidable(query: Query, fail: Fail): void {
  for (const { name, type, isInitialized, at } of tensorsOf(query)) {
    if (type !== 'real' && type !== 'float32') {
      const advice = 'Glacis proves over float32, or over real if it is declared so';
      fail('unsupported', `${name} is ${type}: ${advice}`, at);
    }
    if (isInitialized) {
      fail('unsupported', `${name} is left to the model's initializer: constrain its value`, at);
    }
  }
}

/** The state narrowed by a conjunct's bounds and rows, or the input that was left without a value. */
function narrowed(state: Disjunct, { bounds, rows: added }: Conjunct): Disjunct | number {
  const narrowing = new Narrowing(state.box);
  for (const bound of bounds) {
    narrowing.bound(bound);
    if (narrowing.emptyAt >= 0) return narrowing.emptyAt;
  }
  const rows = added.length === 0 ? state.rows : [...state.rows, ...added];
  // Rows that were there have narrowed the box already: only news can narrow it further.
  if (bounds.length > 0 || added.some((row) => row.isOfInputs)) narrowing.propagate(rows);
  return narrowing.emptyAt >= 0 ? narrowing.emptyAt : { box: narrowing.box, rows };
}

type Clause = readonly Conjunct[];

const isOfInputs = (clause: Clause): boolean =>
  clause.every(
    ({ rows, clauses }) => rows.every((row) => row.isOfInputs) && clauses.every(isOfInputs),
  );

/** Clauses over inputs alone first: they make the boxes, and empty ones end early. */
function inOrder(clauses: readonly Clause[]): Clause[] {
  const first = clauses.filter(isOfInputs);
  return first.length === 0
    ? [...clauses]
    : [...first, ...clauses.filter((c) => !first.includes(c))];
}

function* expand(state: Disjunct, pending: readonly Clause[], tick: Tick): Generator<Disjunct> {
  tick();
  const [clause, ...rest] = pending;
  if (!clause) {
    yield state;
    return;
  }
  for (const alternative of clause) {
    const next = narrowed(state, alternative);
    if (typeof next !== 'number')
      yield* expand(next, [...inOrder(alternative.clauses), ...rest], tick);
  }
}

const isBounded = ({ lower, upper }: Box): boolean =>
  lower.every((end) => end > -Infinity) && upper.every((end) => end < Infinity);

function requireBounded(query: Query, disjuncts: Iterable<Disjunct>, fail: Fail): void {
  for (const { box } of disjuncts) {
    const below = box.lower.indexOf(-Infinity);
    const above = box.upper.indexOf(Infinity);
    if (below < 0 && above < 0) continue;
    unbounded(query, below >= 0 ? below : above, below >= 0 ? 'lower' : 'upper', fail);
  }
}

function unbounded(query: Query, input: number, side: string, fail: Fail): never {
  const tensor = tensorsOf(query).find(
    ({ offset, size }) => input >= offset && input < offset + size,
  );
  return fail('invalid', `input ${nameOf(query, input)} has no ${side} bound`, tensor?.at ?? 0);
}

/** Before anything is allocated: a few words can declare more inputs than any memory holds. */
function requireMentioned(query: Query, base: Conjunct, fail: Fail): void {
  let mentions = 0;
  const mentioned = new Set<number>();
  const visit = ({ bounds, rows, clauses }: Conjunct, keep: boolean): void => {
    mentions += bounds.length;
    for (const { variables } of rows) mentions += variables.length;
    if (keep) {
      for (const { variable } of bounds) mentioned.add(variable);
      for (const { variables } of rows) variables.forEach((variable) => mentioned.add(variable));
    }
    for (const clause of clauses) for (const part of clause) visit(part, keep);
  };
  visit(base, false);
  if (mentions >= query.inputCount) return;
  visit(base, true);
  let missing = 0;
  while (mentioned.has(missing)) missing++;
  unbounded(query, missing, 'lower', fail);
}

/** Which two assertions leave an input no value. */
function contradictionOf(query: Query, { bounds }: Conjunct, input: number): Contradiction {
  const own = bounds.filter(({ variable }) => variable === input);
  const lower = own.filter(({ side }) => side === 'lower').sort((a, b) => b.value - a.value)[0];
  const upper = own.filter(({ side }) => side === 'upper').sort((a, b) => a.value - b.value)[0];
  const name = nameOf(query, input);
  if (lower && upper && lower.value >= upper.value) {
    const [from, to] = [lower, upper].map(({ value, isStrict, side, at }) => {
      const relation = side === 'lower' ? ['at least', 'above'] : ['at most', 'below'];
      return `${relation[Number(isStrict)]} ${value} (line ${query.where(at).line})`;
    });
    return { sentence: `${name} is ${from} and ${to}`, position: query.where(lower.at) };
  }
  const sentence = `the constraints among the inputs leave ${name} no value`;
  return { sentence, position: query.where(own[0]?.at ?? 0) };
}
