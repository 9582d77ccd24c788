/**
 * Text in a terminal: how many columns it takes (an emoji or a CJK character takes two, a combining
 * mark none), wrapping, padding and shortening by columns. Control characters are dropped, so that a
 * file name cannot move the cursor or recolour the screen.
 */

/** Made when it is first needed: that takes longer than many a run. */
let segmenter: Intl.Segmenter | null = null;
const doubleWidth =
  /\p{Emoji_Presentation}|\p{Extended_Pictographic}\ufe0f|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u;

/** The text without control characters and without overrides of its direction. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '');
}

/** Columns of a name, and of a sentence, however long those of a file are. */
const [LONGEST_NAME, LONGEST_SENTENCE] = [120, 2000];

/** What comes from a file, as it may be printed: without control characters, and no longer than one reads. */
export function named(text: string, columns = LONGEST_NAME): string {
  // What is cut out anyway is not looked at.
  const whole = text.length <= 8 * columns;
  const ends = whole ? text : `${text.slice(0, 4 * columns)}…${text.slice(-4 * columns)}`;
  return shortened(printable(ends), columns);
}

/** A sentence that may hold what comes from a file. */
export function sentenceOf(text: string): string {
  return named(text.replace(/\s*\n\s*/g, ' '), LONGEST_SENTENCE);
}

/** Each character is a grapheme of one column then; models of many layers have many names. */
function isAscii(text: string): boolean {
  return /^[ -~]*$/.test(text);
}

function graphemes(text: string): string[] {
  if (isAscii(text)) return text.split('');
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

function graphemeColumns(grapheme: string): number {
  if (/^\p{M}*$/u.test(grapheme)) return 0;
  return doubleWidth.test(grapheme) ? 2 : 1;
}

export function columnsOf(text: string): number {
  if (isAscii(text)) return text.length;
  return graphemes(text).reduce((sum, grapheme) => sum + graphemeColumns(grapheme), 0);
}

/** Text in exactly `columns` columns or more, filled with spaces on one side. */
export function padded(text: string, columns: number, side: 'left' | 'right' = 'right'): string {
  const space = ' '.repeat(Math.max(0, columns - columnsOf(text)));
  return side === 'left' ? space + text : text + space;
}

/** Text in at most `columns` columns; what is cut out of its middle becomes "…". */
export function shortened(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  const parts = graphemes(text);
  const take = (from: readonly string[], room: number): string[] => {
    const taken: string[] = [];
    let used = 0;
    for (const part of from) {
      used += graphemeColumns(part);
      if (used > room) break;
      taken.push(part);
    }
    return taken;
  };
  const head = take(parts, Math.floor((columns - 1) / 3));
  const tail = take([...parts].reverse(), columns - 1 - columnsOf(head.join(''))).reverse();
  return `${head.join('')}…${tail.join('')}`;
}

/** Words with a style each, broken into lines of at most `columns`. */
export interface StyledWord {
  readonly text: string;
  readonly paint: (text: string) => string;
}

export function wrapped(words: readonly StyledWord[], columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  let used = 0;
  for (const { text, paint } of words) {
    const size = columnsOf(text);
    if (used > 0 && used + 1 + size > columns) {
      lines.push(line);
      line = '';
      used = 0;
    }
    line += (used > 0 ? ' ' : '') + paint(text);
    used += (used > 0 ? 1 : 0) + size;
  }
  return used > 0 ? [...lines, line] : lines;
}
