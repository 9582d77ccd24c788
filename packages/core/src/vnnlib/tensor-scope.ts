/** Elements of declared tensors, as VNN-LIB 2.x names them in a condition. */
import type { Scope } from './formula.ts';
import type { Lexer } from './lexer.ts';
import type { QueryNetwork } from './query.ts';
import { quoted } from './vnnlib-error.ts';

const wholeNumber = /^\d{1,9}$/;

/** A list of whole numbers to its closing bracket; the opening one has been read. */
export function readIndices(lexer: Lexer): number[] {
  const list: number[] = [];
  while (lexer.kind !== ']') {
    if (list.length > 0) lexer.take(',', "',' or ']'");
    const at = lexer.start;
    const word = lexer.takeAtom('a whole number');
    if (!wholeNumber.test(word)) lexer.fail(`${quoted(word)} is no whole number below 10⁹`, at);
    list.push(Number(word));
  }
  lexer.advance();
  return list;
}

/** Resolves `name[i,…]`, or `name` alone for a scalar. */
export function scopeOf(networks: readonly QueryNetwork[]): Scope {
  const tensors = new Map(
    networks.flatMap(({ tensors }) => tensors).map((tensor) => [tensor.name, tensor]),
  );
  const isNetwork = new Set(networks.map(({ name }) => name));
  return {
    isTyped: true,
    variable: (lexer: Lexer) => {
      const { start: at, word } = lexer;
      const tensor = tensors.get(word);
      if (!tensor) {
        if (isNetwork.has(word)) lexer.fail(`${lexer.found} is a network, not a variable`);
        lexer.failUnknown();
      }
      lexer.advance();
      let given: number[] = [];
      const isIndexed = lexer.kind === '[';
      if (isIndexed) {
        lexer.advance();
        given = readIndices(lexer);
      }
      const { shape, name, type, offset } = tensor;
      if (given.length !== shape.length || (isIndexed && given.length === 0)) {
        const needs =
          shape.length === 0 ? 'is a scalar without indices' : `has ${shape.length} axes`;
        lexer.fail(`${name} ${needs}, found ${isIndexed ? given.length : 'no'} indices`, at);
      }
      let index = 0;
      for (const [axis, length] of shape.entries()) {
        const own = given[axis] ?? 0;
        if (own >= length) {
          lexer.fail(`index ${own} is outside of axis ${axis} of ${name} [${shape.join(',')}]`, at);
        }
        index = index * length + own;
      }
      return { variable: { kind: 'variable', index: offset + index }, type };
    },
  };
}
