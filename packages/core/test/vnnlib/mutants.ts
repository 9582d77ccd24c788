/** Queries broken from a seed: pieces left out, doubled, replaced; words put in; texts cut short. */
import type { Draw } from '../generators/draw.ts';

/** What is put into a text: words of the language, and what no language has. */
export const words = [
  '( ) [ ] , ; " - + * < <= == != = <2.0> and or assert declare-const declare-input declare-hidden',
  'equal-to f Real X_0 Y_0 X_99999999 X[0,0] Y [] [1,5] "name" real int8 initialized 0 -1 1e5 -.5 1.',
  `1e999999999 NaN ${'9'.repeat(3000)} \0 \u00e9 \ud800 \ufeff`,
]
  .flatMap((line) => line.split(' '))
  .concat('\n', ' ');

function once(text: string, draw: Draw): string {
  const at = draw.integer(0, text.length);
  const length = draw.integer(0, 12);
  const piece = text.slice(at, at + length);
  const elsewhere = draw.integer(0, text.length);
  switch (draw.integer(0, 4)) {
    case 0:
      return text.slice(0, at) + text.slice(at + length);
    case 1:
      return text.slice(0, elsewhere) + piece + text.slice(elsewhere);
    case 2:
      return `${text.slice(0, at)} ${draw.pick(words)} ${text.slice(at)}`;
    case 3:
      return text.slice(0, at);
    default:
      return text.slice(0, at) + draw.pick(words) + text.slice(at + length);
  }
}

/** Broken once, and so many times at most. */
export function mutated(text: string, draw: Draw, most = 5): string {
  let broken = text;
  for (let rounds = draw.integer(1, most); rounds > 0; rounds--) broken = once(broken, draw);
  return broken;
}

/** The same words with some digits, signs and relations changed: most are queries again. */
export function misprinted(text: string, draw: Draw): string {
  const rate = draw.next() / 20;
  return text
    .replace(/\d/g, (digit) => (draw.chance(rate) ? String(draw.integer(0, 9)) : digit))
    .replace(/[<>]=?/g, (relation) =>
      draw.chance(rate) ? draw.pick(['<', '<=', '>', '>=', '==', '!=']) : relation,
    )
    .replace(/\b(and|or)\b/g, (word) => (draw.chance(rate) ? draw.pick(['and', 'or']) : word));
}
