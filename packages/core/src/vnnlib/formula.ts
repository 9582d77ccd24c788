/**
 * Reads one condition: and/or over comparisons over + − × of variables and numerals. The open brackets
 * are kept on a stack of our own, so depth in the text is no depth in the program; nests of the same
 * connective are flattened, and what remains nested is bounded. Types are checked as the standard says
 * (query_language.tex, "Typing"): all operands of a comparison have one type.
 */
import { isNumeral } from '../tensor/decimal.ts';
import { combine } from './combine.ts';
import { isInteger } from './element-types.ts';
import type { Lexer } from './lexer.ts';
import type { Expression, Formula, Variable } from './query.ts';
import { positionIn, VnnlibError } from './vnnlib-error.ts';

/** How a version of the language resolves the names of its variables. */
export interface Scope {
  /** Reads the variable at the current word, indices and all, and goes past it. */
  readonly variable: (lexer: Lexer) => { readonly variable: Variable; readonly type: string };
  /** Whether a comparison without any variable has no type, and so is an error (2.0). */
  readonly isTyped: boolean;
}

/** Brackets open at once, and levels that remain after flattening. */
const [MOST_OPEN, DEEPEST] = [20_000, 1000];
/** Longer lists nested in one of the same kind stay nested: copying them at each level would be square. */
const FLATTENED = 64;

type Relation = '<' | '<=' | '>' | '>=' | '==' | '!=';
type Operator = 'and' | 'or' | '+' | '-' | '*' | Relation;

const operators = new Map<string, Operator>(
  (['and', 'or', '+', '-', '*', '<', '<=', '>', '>=', '==', '!='] as const).map((o) => [o, o]),
);
operators.set('=', '==');

/** One open bracket and what has been read inside. */
class Frame {
  readonly operator: Operator;
  readonly at: number;
  formulas: Formula[] = [];
  expressions: Expression[] = [];
  depth = 0;
  type: string | null = null;
  /** Offset of a numeral with a fraction, −1 for none: integer types have no such constant. */
  fraction = -1;

  constructor(operator: Operator, at: number) {
    this.operator = operator;
    this.at = at;
  }

  get isConnective(): boolean {
    return this.operator === 'and' || this.operator === 'or';
  }
}

/** Reads the condition at the current word and goes past it. */
export function readFormula(lexer: Lexer, scope: Scope): Formula {
  const stack: Frame[] = [];
  if (lexer.kind !== '(') lexer.fail(`expected a condition, found ${lexer.found}`);
  for (;;) {
    const frame = stack.at(-1);
    if (lexer.kind === '(') stack.push(open(lexer, frame, stack.length));
    else if (lexer.kind === ')' && frame) {
      stack.pop();
      const parent = stack.at(-1);
      const isDone = close(lexer, scope, frame, parent);
      lexer.advance();
      if (isDone) return isDone;
    } else if (lexer.kind === 'atom' && frame) leaf(lexer, scope, frame);
    else lexer.fail(`expected an operand or ')', found ${lexer.found}`);
  }
}

function open(lexer: Lexer, parent: Frame | undefined, depth: number): Frame {
  const at = lexer.start;
  if (depth >= MOST_OPEN) refuse(lexer, `more than ${MOST_OPEN} brackets are open here`, at);
  lexer.advance();
  const operator = operators.get(lexer.word);
  if (operator === undefined || lexer.kind === 'end') {
    lexer.fail(`expected an operator after '(', found ${lexer.found}`);
  }
  lexer.advance();
  const frame = new Frame(operator, at);
  const isArithmetic = operator === '+' || operator === '-' || operator === '*';
  if (!parent && isArithmetic) lexer.fail(`'${operator}' is a number, not a condition`, at);
  if (parent && parent.isConnective === isArithmetic) {
    const wants = isArithmetic ? 'conditions' : 'numbers';
    lexer.fail(`'${parent.operator}' takes ${wants}, found '${operator}'`, at);
  }
  return frame;
}

function leaf(lexer: Lexer, scope: Scope, frame: Frame): void {
  if (frame.isConnective) {
    lexer.fail(`'${frame.operator}' takes conditions, found ${lexer.found}`);
  }
  const { start: at } = lexer;
  if (isLetter(lexer.text.charCodeAt(at))) {
    const { variable, type } = scope.variable(lexer);
    unify(lexer, frame, type, at);
    frame.expressions.push(variable);
    return;
  }
  const { word } = lexer;
  if (!isNumeral(word)) lexer.failUnknown();
  if (scope.isTyped && frame.fraction < 0 && !/^[+-]?\d+$/.test(word)) frame.fraction = at;
  frame.expressions.push({ kind: 'constant', text: word, at });
  lexer.advance();
}

const isLetter = (code: number): boolean => (code | 32) >= 97 && (code | 32) <= 122;

function unify(lexer: Lexer, frame: Frame, type: string | null, at: number): void {
  if (type === null || frame.type === type) return;
  if (frame.type !== null) {
    lexer.fail(`this is ${type}, but it is combined with ${frame.type}: types must agree`, at);
  }
  frame.type = type;
}

/** Ends a bracket: hands its value to the parent, or gives the whole formula. */
function close(
  lexer: Lexer,
  scope: Scope,
  frame: Frame,
  parent: Frame | undefined,
): Formula | null {
  const { operator } = frame;
  if (operator === '+' || operator === '-' || operator === '*') {
    if (frame.expressions.length === 0) lexer.fail(`'${operator}' has no operands`, frame.at);
    if (parent) {
      unify(lexer, parent, frame.type, frame.at);
      if (parent.fraction < 0) parent.fraction = frame.fraction;
      const { expression, levels } = combine(operator, frame.expressions, frame.at);
      const isContinued = parent.expressions.length === 0 && continues(parent, expression);
      deepen(lexer, parent, frame.depth + levels + (isContinued ? 0 : 1));
      parent.expressions.push(expression);
    }
    return null;
  }
  const isConnective = operator === 'and' || operator === 'or';
  const formula = isConnective
    ? connective(operator, frame)
    : comparison(lexer, scope, operator, frame);
  if (!parent) return formula;
  adopt(lexer, parent, formula, frame);
  return null;
}

/** Whether a first operand becomes part of its parent instead of a level below it. */
function continues(parent: Frame, { kind }: Expression): boolean {
  return parent.operator === '*' ? kind === 'product' : kind === 'sum';
}

function deepen(lexer: Lexer, parent: Frame, depth: number): void {
  parent.depth = Math.max(parent.depth, depth);
  if (parent.depth > DEEPEST) refuse(lexer, `this is nested more than ${DEEPEST} deep`, parent.at);
}

function connective(kind: 'and' | 'or', { formulas, at }: Frame): Formula {
  const [only] = formulas;
  return only && formulas.length === 1 ? only : { kind, parts: formulas, at };
}

function adopt(lexer: Lexer, parent: Frame, formula: Formula, from: Frame): void {
  if (formula.kind === parent.operator) {
    const isFirst = parent.formulas.length === 0;
    if (isFirst || formula.parts.length <= FLATTENED) {
      // A list just read belongs to nobody else: the first one is continued, not copied.
      if (isFirst) parent.formulas = formula.parts as Formula[];
      else for (const part of formula.parts) parent.formulas.push(part);
      parent.depth = Math.max(parent.depth, from.depth);
      return;
    }
  }
  deepen(lexer, parent, from.depth + 1);
  parent.formulas.push(formula);
}

function comparison(
  lexer: Lexer,
  scope: Scope,
  operator: Relation,
  { at, type, fraction, expressions }: Frame,
): Formula {
  const [left, right, surplus] = expressions;
  if (!left || !right || surplus) {
    lexer.fail(`'${operator}' compares two numbers, found ${expressions.length}`, at);
  }
  if (type === null && scope.isTyped) {
    lexer.fail('this compares constants alone, which have no type', at);
  }
  if (type !== null && isInteger(type) && fraction >= 0) {
    lexer.fail(`a constant with a fraction is no ${type}`, fraction);
  }
  if (operator === '>' || operator === '>=') {
    const relation = operator === '>' ? '<' : '<=';
    return { kind: 'comparison', relation, left: right, right: left, at };
  }
  return { kind: 'comparison', relation: operator, left, right, at };
}

function refuse(lexer: Lexer, message: string, at: number): never {
  throw new VnnlibError('unsupported', message, positionIn(lexer.text, at));
}
