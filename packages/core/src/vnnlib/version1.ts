/**
 * VNN-LIB 1.0 as all competition years use it: scalars `X_0 … X_n−1` (the flattened input) and
 * `Y_0 … Y_m−1` (the flattened output) of one network, declared as real numbers, and assertions over them.
 * What else SMT-LIB scripts contain (`set-logic`, `check-sat`) says nothing here and is passed over.
 */
import { readFormula, type Scope } from './formula.ts';
import type { Lexer } from './lexer.ts';
import type { Formula, Query, QueryTensor, Role, Variable } from './query.ts';
import { positionIn, quoted } from './vnnlib-error.ts';

/** The name of the one network, which 1.0 leaves unnamed. */
export const ONLY_NETWORK = 'network';

const passedOver = new Set([
  'set-logic',
  'set-info',
  'set-option',
  'check-sat',
  'get-model',
  'exit',
]);
const scalarName = /^([XY])_(0|[1-9]\d{0,8})$/;

/** A variable whose place in the joint vector is known once all are declared. */
interface Scalar {
  readonly variable: { kind: 'variable'; index: number };
  readonly letter: string;
  readonly number: number;
  readonly at: number;
}

class Scalars implements Scope {
  readonly isTyped = false;
  private readonly byName = new Map<string, Scalar>();

  declare(lexer: Lexer): void {
    const at = lexer.start;
    const name = lexer.takeAtom('the name of a variable');
    const [, letter, digits] = scalarName.exec(name) ?? [];
    if (letter === undefined || digits === undefined) {
      lexer.fail(
        `variables of VNN-LIB 1.0 are X_0, X_1, … and Y_0, Y_1, …, not ${quoted(name)}`,
        at,
      );
    }
    const before = this.byName.get(name);
    if (before) {
      const { line } = positionIn(lexer.text, before.at);
      lexer.fail(`${name} is declared twice, first on line ${line}`, at);
    }
    const number = Number(digits);
    this.byName.set(name, { variable: { kind: 'variable', index: number }, letter, number, at });
  }

  variable(lexer: Lexer): { variable: Variable; type: string } {
    const scalar = this.byName.get(lexer.word);
    if (!scalar) lexer.failUnknown();
    lexer.advance();
    return { variable: scalar.variable, type: 'real' };
  }

  /** X before Y; the numbers of each must run from 0 without a gap. */
  tensors(lexer: Lexer): QueryTensor[] {
    let offset = 0;
    return (['X', 'Y'] as const).map((letter) => {
      const own = [...this.byName.values()].filter((scalar) => scalar.letter === letter);
      const size = own.length;
      const stray = own.find(({ number }) => number >= size);
      if (stray) {
        const missing = own.map(({ number }) => this.byName.has(`${letter}_${number}`) && number);
        const first = firstGap(missing);
        lexer.fail(`${letter}_${stray.number} is declared but ${letter}_${first} is not`, stray.at);
      }
      for (const { variable, number } of own) variable.index = offset + number;
      const role: Role = letter === 'X' ? 'input' : 'output';
      const tensor = {
        name: letter,
        network: ONLY_NETWORK,
        role,
        type: 'real',
        shape: [size],
        size,
      };
      const at = own[0]?.at ?? 0;
      const declared = { ...tensor, offset, onnxName: null, isInitialized: false, at };
      offset += size;
      return declared;
    });
  }
}

function firstGap(numbers: readonly (number | false)[]): number {
  const present = new Set(numbers);
  let gap = 0;
  while (present.has(gap)) gap++;
  return gap;
}

/** Reads from the first bracket, which is the current word, to the end of the file. */
export function readVersion1(lexer: Lexer): Query {
  const scalars = new Scalars();
  const parts: Formula[] = [];
  while (lexer.kind !== 'end') {
    const at = lexer.take('(', "'(' of a declaration or an assertion");
    const command = lexer.takeAtom('declare-const or assert');
    if (command === 'assert') parts.push(readFormula(lexer, scalars));
    else if (command === 'declare-const' || command === 'declare-fun') {
      scalars.declare(lexer);
      if (command === 'declare-fun') {
        lexer.take('(', "'()', no arguments");
        lexer.take(')', "')': the variables of a query take no arguments");
      }
      const sort = lexer.start;
      const name = lexer.takeAtom('the sort Real');
      if (name !== 'Real')
        lexer.fail(`variables of VNN-LIB 1.0 are Real, not ${quoted(name)}`, sort);
    } else if (passedOver.has(command)) lexer.passOver();
    else lexer.fail(`${quoted(command)} is no command of VNN-LIB 1.0`, at + 1);
    lexer.take(')', "')'");
  }
  const tensors = scalars.tensors(lexer);
  const inputCount = tensors[0]?.size ?? 0;
  if (inputCount === 0) lexer.fail('this declares no input X_0', 0);
  return {
    version: { major: 1, minor: 0 },
    networks: [{ name: ONLY_NETWORK, equivalence: null, tensors, at: 0 }],
    inputCount,
    variableCount: inputCount + (tensors[1]?.size ?? 0),
    formula: { kind: 'and', parts, at: 0 },
    where: (at) => positionIn(lexer.text, at),
  };
}
