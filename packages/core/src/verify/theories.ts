/**
 * The theories of the VNN-LIB standard (logics.tex), each by a query that is in it and in no smaller one.
 * Which of them are supported is found out by posing these queries, not by a list.
 */
import { parseVnnlib } from '../vnnlib/parse.ts';
import { problemOf } from '../vnnlib/problem.ts';
import { VnnlibError } from '../vnnlib/vnnlib-error.ts';

export interface Member {
  /** What network f declares between its input X [2] and its output Y [2]. */
  readonly inside?: string;
  /** Further networks. */
  readonly networks?: string;
  readonly assertions: readonly string[];
  readonly type?: string;
}

const box = (input: string): string[] =>
  [0, 1].map((i) => `(and (>= ${input}[${i}] 0) (<= ${input}[${i}] 1))`);

/** Numerals without a fraction are of every type. */
const bound = '(<= Y[0] 1)';

/** A second network, whose input is A and whose output is B. */
const another = (relation: string): Member => ({
  networks: `(declare-network g ${relation} (declare-input A real [2]) (declare-output B real [2]))`,
  assertions: [...box('A'), '(<= Y[0] B[0])'],
});

export function textOf({ inside = '', networks = '', assertions, type = 'real' }: Member): string {
  return [
    '(vnnlib-version <2.1>)',
    `(declare-network f (declare-input X ${type} [2]) ${inside} (declare-output Y ${type} [2]))`,
    networks,
    ...[...box('X'), ...assertions].map((assertion) => `(assert ${assertion})`),
  ].join('\n');
}

const hidden = '(declare-hidden H real [2] "hidden")';

/** By theory set and theory. */
export const theories = {
  'hidden-node-theories': {
    NH: { assertions: [bound] },
    H: { inside: hidden, assertions: ['(<= H[0] 1)'] },
  },
  'multiple-input-output-theories': {
    SIO: { assertions: [bound] },
    MIO: { inside: '(declare-input Z real [2])', assertions: [...box('Z'), bound] },
  },
  'multiple-network-theories': {
    SNET: { assertions: [bound] },
    MENET: another('(equal-to f)'),
    MINET: another('(isomorphic-to f)'),
    MNET: another(''),
  },
  'multiple-node-comparison-theories': {
    SNC: { assertions: ['(<= Y[0] Y[1])'] },
    MNC: { assertions: ['(<= (+ X[0] Y[0]) 0.1)'] },
  },
  'arithmetic-complexity-theories': {
    BND: { assertions: [bound] },
    OUTC: { assertions: ['(>= Y[0] Y[1])'] },
    LIN: { assertions: ['(<= (+ (* 0.5 X[0]) (* 0.75 X[1])) 1.0)', '(>= (+ Y[0] Y[1]) 0.5)'] },
    POLY: { assertions: ['(<= (* X[0] X[1]) 1.0)', '(>= (+ Y[0] Y[1]) 0.5)'] },
  },
} as const satisfies Record<string, Record<string, Member>>;

export type TheorySet = keyof typeof theories;

/** Whether a query is one that `verify` sets out to decide, whatever its networks. */
export function isDecided(text: string): boolean {
  try {
    problemOf(parseVnnlib(text));
    return true;
  } catch (error) {
    if (error instanceof VnnlibError && error.reason === 'unsupported') return false;
    throw error;
  }
}

/** Of a theory set, those that are supported. */
export function supportedTheories(set: TheorySet): string[] {
  const members: Readonly<Record<string, Member>> = theories[set];
  return Object.keys(members).filter((name) => {
    const member = members[name];
    return member !== undefined && isDecided(textOf(member));
  });
}

/** Whether queries over an element type are decided. */
export function isDecidedOver(type: string): boolean {
  return isDecided(textOf({ assertions: [bound], type }));
}

/** Whether conjunctions of disjunctions are more than multiplied out (to a disjunctive normal form). */
export function keepsDisjunctions(): boolean {
  const either = '(or (<= Y[0] 0) (>= Y[1] 1))';
  return problemOf(parseVnnlib(textOf({ assertions: [either, either] }))).size < 4;
}
