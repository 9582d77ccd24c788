/**
 * The words of a VNN-LIB file, one at a time: brackets, commas, operators, quoted ONNX names, and atoms
 * (names and numerals). Comments run from a semicolon to the end of the line. Both versions of the
 * language share them. Nothing is kept but the offset, so a file of any length costs no memory.
 */
import { type Tick, timeless } from './tick.ts';
import { positionIn, quoted, VnnlibError } from './vnnlib-error.ts';

export type TokenKind =
  '(' | ')' | '[' | ']' | ',' | 'operator' | 'version' | 'string' | 'atom' | 'end';

const [SPACE, SEMICOLON] = [32, 59];
const [QUOTE, BACKSLASH, PLUS, MINUS, DOT, STAR] = [34, 92, 43, 45, 46, 42];

const brackets = new Map<number, TokenKind>(
  (['(', ')', '[', ']', ','] as const).map((kind) => [kind.charCodeAt(0), kind]),
);
/** Up to what ends an atom. A sign does not: exponents have one. */
const atomRest = /[^\s;"()[\],<>=!*]*/y;
const space = /\s*/y;
const comparing = new Set(['<', '>', '=', '!'].map((character) => character.charCodeAt(0)));
const versionToken = /<\d+\.\d+>/y;

const isDigit = (code: number): boolean => code >= 48 && code <= 57;

export class Lexer {
  readonly text: string;
  /** The current word: its kind and the offsets of its first character and of what follows it. */
  kind: TokenKind = 'end';
  start = 0;
  end = 0;

  private readonly tick: Tick;

  constructor(text: string, tick: Tick = timeless) {
    this.text = text;
    this.tick = tick;
    // A byte order mark is no part of the text.
    if (text.charCodeAt(0) === 0xfeff) this.end = 1;
    this.advance();
  }

  /** The current word as it is written. */
  get word(): string {
    return this.text.slice(this.start, this.end);
  }

  advance(): void {
    this.tick();
    const isHead = this.kind === '(';
    this.skip();
    const { text, end: at } = this;
    this.start = at;
    if (at >= text.length) {
      this.kind = 'end';
      return;
    }
    const code = text.charCodeAt(at);
    const bracket = brackets.get(code);
    if (bracket !== undefined) {
      this.kind = bracket;
      this.end = at + 1;
    } else if (comparing.has(code)) this.comparison(at);
    else if (code === STAR) this.operator(at + 1);
    else if (code === QUOTE) this.string(at);
    else if ((code === PLUS || code === MINUS) && isHead && this.isOperator(code, at)) {
      this.operator(at + 1);
    } else this.atom(at);
  }

  private skip(): void {
    const { text } = this;
    for (let at = this.end; ;) {
      const code = text.charCodeAt(at);
      if (code > SPACE && code !== SEMICOLON && code < 128) {
        this.end = at;
        return;
      }
      if (code === SEMICOLON) {
        const newline = text.indexOf('\n', at);
        at = newline < 0 ? text.length : newline;
        continue;
      }
      space.lastIndex = at;
      space.test(text);
      this.end = space.lastIndex;
      if (this.end === at || this.end >= text.length) return;
      at = this.end;
    }
  }

  /** At the head of a bracket a sign is an operator, unless it is that of a negative number. */
  private isOperator(sign: number, at: number): boolean {
    const [next, after] = [this.text.charCodeAt(at + 1), this.text.charCodeAt(at + 2)];
    return sign === PLUS || !(isDigit(next) || (next === DOT && isDigit(after)));
  }

  private operator(end: number): void {
    this.kind = 'operator';
    this.end = end;
  }

  private comparison(at: number): void {
    versionToken.lastIndex = at;
    const version = versionToken.exec(this.text);
    if (version) {
      this.kind = 'version';
      this.end = at + version[0].length;
      return;
    }
    let end = at + 1;
    while (comparing.has(this.text.charCodeAt(end))) end++;
    this.operator(end);
  }

  private atom(at: number): void {
    atomRest.lastIndex = at + 1;
    atomRest.test(this.text);
    this.kind = 'atom';
    this.end = atomRest.lastIndex;
  }

  private string(at: number): void {
    const { text } = this;
    let end = at + 1;
    while (end < text.length && text.charCodeAt(end) !== QUOTE) {
      end += text.charCodeAt(end) === BACKSLASH ? 2 : 1;
    }
    if (end >= text.length) this.fail('this quoted name has no closing quotation mark', at);
    this.kind = 'string';
    this.end = end + 1;
  }

  /** Takes the current word, which must be of this kind, and gives its offset. */
  take(kind: TokenKind, expected: string): number {
    if (this.kind !== kind) this.fail(`expected ${expected}, found ${this.found}`);
    const { start } = this;
    this.advance();
    return start;
  }

  /** Takes an atom and gives it as written. */
  takeAtom(expected: string): string {
    if (this.kind !== 'atom') this.fail(`expected ${expected}, found ${this.found}`);
    const { word } = this;
    this.advance();
    return word;
  }

  /** Goes to the next closing bracket. */
  passOver(): void {
    while (this.kind !== ')' && this.kind !== 'end') this.advance();
  }

  get found(): string {
    return this.kind === 'end' ? 'the end of the file' : quoted(this.word);
  }

  /** Ends at an atom that is neither a numeral nor a variable. */
  failUnknown(): never {
    if (/^[+-]?(nan|inf|infinity)$/i.test(this.word)) {
      this.fail(`${this.found} is no number: constants are finite`);
    }
    if (/^[a-z]/i.test(this.word)) this.fail(`${this.found} is not declared`);
    this.fail(`expected a number or a variable, found ${this.found}`);
  }

  fail(message: string, at = this.start): never {
    throw new VnnlibError('invalid', message, positionIn(this.text, at));
  }
}
