/** Reads a VNN-LIB query of version 1.0 or 2.x; which one, its first form says. */
import { Lexer } from './lexer.ts';
import type { Query } from './query.ts';
import type { Tick } from './tick.ts';
import { readVersion1 } from './version1.ts';
import { readVersion2 } from './version2.ts';
import { positionIn, VnnlibError } from './vnnlib-error.ts';

/** The least and the greatest version whose text this was written from; later minor ones only add to it. */
export const knownVersions = ['1.0', '2.1'] as const;

/**
 * The typed query in a text. Throws `VnnlibError` with line and column for what is not VNN-LIB, is not
 * typed as the standard asks, or declares names that do not fit; and what `tick` throws.
 */
export function parseVnnlib(text: string, tick?: Tick): Query {
  const lexer = new Lexer(text, tick);
  if (lexer.kind === 'end') throw new VnnlibError('invalid', 'this query is empty', null);
  if (!/^\(\s*vnnlib-version\b/.test(text.slice(lexer.start, lexer.start + 80))) {
    return readVersion1(lexer);
  }
  lexer.take('(', "'('");
  lexer.takeAtom('vnnlib-version');
  const { word, start } = lexer;
  lexer.take('version', 'a version such as <2.0>');
  lexer.take(')', "')'");
  const [major = 0, minor = 0] = word.slice(1, -1).split('.').map(Number);
  if (major === 1) return readVersion1(lexer);
  if (major === 2) return readVersion2(lexer, { major, minor });
  const message = `VNN-LIB ${major}.${minor} is not known: Glacis reads 1.0 and 2.x`;
  throw new VnnlibError('unsupported', message, positionIn(text, start));
}
