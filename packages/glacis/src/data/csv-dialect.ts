/**
 * What a table of text leaves unsaid: the character between its columns, whether its first line is
 * a header, and what counts as a number.
 */

/** The separator that occurs most often on the first line outside of quotes; a comma if none does. */
export function separatorOf(bytes: Uint8Array): ',' | ';' | '\t' {
  const counts = { ',': 0, ';': 0, '\t': 0 };
  let quoted = false;
  let begun = false;
  let comment = false;
  for (const byte of bytes.subarray(0, 2 ** 20)) {
    const character = String.fromCharCode(byte);
    if (character === '\n' || character === '\r') {
      if (begun && !quoted) break;
      comment = false;
      continue;
    }
    if (!begun && character === '#') comment = true;
    if (comment) continue;
    if (character !== ' ') begun = true;
    if (character === '"') quoted = !quoted;
    else if (!quoted && (character === ',' || character === ';' || character === '\t')) {
      counts[character]++;
    }
  }
  if (counts['\t'] > counts[','] && counts['\t'] > counts[';']) return '\t';
  return counts[';'] > counts[','] ? ';' : ',';
}

/** The finite decimal number that a cell holds; NaN when it holds anything else. */
export function numberOf(cell: string): number {
  const value = Number(cell);
  if (cell === '' || !Number.isFinite(value)) return NaN;
  // Number() also reads 0x1f, 0b1 and 0o7.
  return /^[+-]?0[xob]/i.test(cell) ? NaN : value;
}

/**
 * Whether the first line is a header. It is one when none of its cells is a number; when its
 * numbers just count its columns (0, 1, 2, …, as pandas names them); or when the line below has
 * numbers wherever it has text. Otherwise text is a label, or an error to be found later.
 */
export function findHeader(
  head: readonly string[],
  second: readonly string[] | undefined,
): { present: boolean; note: string | null } {
  const isText = (cell: string): boolean => cell !== '' && Number.isNaN(numberOf(cell));
  const numbers = head.filter((cell) => !Number.isNaN(numberOf(cell))).map(numberOf);
  const texts = head.flatMap((cell, i) => (isText(cell) ? [i] : []));
  if (numbers.length === 0)
    return { present: texts.some((i) => !isMissing(head[i] ?? '')), note: null };
  const counting = numbers.length > 2 && numbers.every((n, i) => n === i + (numbers[0] ?? 0));
  if (counting && (numbers[0] === 0 || numbers[0] === 1) && numbers.length >= head.length - 1) {
    return {
      present: true,
      note: 'The first line just counts the columns and is read as a header.',
    };
  }
  const present =
    texts.length > 0 &&
    second !== undefined &&
    texts.every((i) => !isMissing(head[i] ?? '') && !Number.isNaN(numberOf(second[i] ?? '')));
  return { present, note: present ? 'The first line is read as a header.' : null };
}

/** What stands for "no value" in common tools. */
export function isMissing(cell: string): boolean {
  return /^(|\?|-|n\/?a|nan|null|none|[+-]?inf(inity)?)$/i.test(cell);
}
