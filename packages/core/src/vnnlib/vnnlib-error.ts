/** Where something stands in a query: both counted from 1; columns in UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A broken file may hold words of any length. */
const LONGEST = 120;

/** A word as a message shows it: shortened, and without what a terminal would obey. */
export function quoted(text: string): string {
  const shown = text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`;
  return `'${shown.replace(/[\p{Cc}\p{Cs}]/gu, escaped)}'`;
}

const escaped = (character: string): string =>
  `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;

/**
 * What can be wrong with a query: one sentence that names what and where. `invalid`: not VNN-LIB, or it
 * contradicts its own declarations or the network. `unsupported`: VNN-LIB that Glacis does not decide.
 */
export class VnnlibError extends Error {
  override readonly name = 'VnnlibError';
  readonly reason: 'invalid' | 'unsupported';
  readonly position: Position | null;

  constructor(reason: 'invalid' | 'unsupported', message: string, position: Position | null) {
    super(position ? `line ${position.line}, column ${position.column}: ${message}` : message);
    this.reason = reason;
    this.position = position;
  }
}

/** The place of an offset, found only when it is asked for: reading keeps no count of lines. */
export function positionIn(text: string, offset: number): Position {
  let [line, start] = [1, 0];
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) {
    line++;
    start = at + 1;
  }
  return { line, column: offset - start + 1 };
}
