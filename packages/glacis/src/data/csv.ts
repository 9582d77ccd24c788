/**
 * Tables as text (RFC 4180, and the ';' and tab that others use): one sample for each line, one
 * feature for each column, and a column of labels. A cell that is no number is an error that names
 * its line and column; nothing is guessed in its place.
 */

import { CsvError, parse } from 'csv-parse/sync';
import type { Options } from 'csv-parse/sync';
import { UsageError, messageOf } from '../errors.ts';
import type { StoredArray } from './array.ts';
import { findHeader, numberOf, separatorOf } from './csv-dialect.ts';
import { labelsOfText } from './class-names.ts';

export interface CsvTable {
  /** [lines, features], float32. */
  readonly x: StoredArray;
  /** [lines]; null when there is no label column. */
  readonly y: StoredArray | null;
  /** From the header; null when there is none. */
  readonly featureNames: string[] | null;
  /** Sorted, when the labels are text. */
  readonly classNames: string[] | null;
  readonly notes: string[];
}

/** Far beyond any sample (ten million numbers), far below the memory. */
const MAX_LINE = 2 ** 28;

/**
 * Reads a table. `label` is the name or position (from 0; negative from the end) of the column of
 * labels, or 'none'; by default the one that the header
 * calls label, labels, target, class or y, else the last. Throws UsageError.
 */
export function parseCsv(bytes: Uint8Array, where: string, label?: string): CsvTable {
  const notes: string[] = [];
  const delimiter = separatorOf(bytes);
  if (delimiter !== ',') {
    notes.push(`${where} is read with ${delimiter === '\t' ? 'tabs' : delimiter} between columns.`);
  }
  expectFewColumns(bytes, delimiter, where);
  const top = parseRecords(bytes, where, { delimiter, to: 2 });
  const [head, second] = top;
  if (!head)
    throw new UsageError(`${where} is empty; a table with a sample on each line is needed.`);
  const header = findHeader(head, second);
  const wanted =
    label === undefined
      ? likelyLabelColumn(header.present ? head : [], head.length)
      : labelColumn(head, label, where);
  if (header.note) notes.push(header.note);
  if (label === undefined) notes.push(labelNote(head, wanted, header.present));
  const columns = head.map((name, i) => (header.present && name !== '' ? name : `column ${i}`));
  const table = new Rows(columns, wanted, where);
  let skip = header.present ? 1 : 0;
  parseRecords(bytes, where, {
    delimiter,
    on_record: (record: string[], { lines }) => {
      if (skip > 0) skip--;
      else table.add(record, lines);
      return null;
    },
  });
  if (table.count === 0) throw new UsageError(`${where} has a header but no samples.`);
  const features = columns.filter((_, i) => i !== wanted);
  if (features.length === 0) {
    throw new UsageError(`${where} has no columns besides the labels; --y none if there are none.`);
  }
  const labels = wanted < 0 ? null : labelsOfText(table.labels, table.labelLines, where);
  return {
    x: { type: 'float32', shape: [table.count, features.length], data: table.values() },
    y: labels?.y ?? null,
    featureNames: header.present ? features : null,
    classNames: labels?.classNames ?? null,
    notes: [...notes, ...(labels?.notes ?? [])],
  };
}

/** A table of more would be read for minutes; pictures of 1,024 × 1,024 are no tables of text. */
const MOST_COLUMNS = 2 ** 20;

/** Counts on the first line before any of it becomes text. Throws UsageError. */
function expectFewColumns(bytes: Uint8Array, delimiter: string, where: string): void {
  const end = bytes.indexOf(0x0a);
  const line = end < 0 ? bytes : bytes.subarray(0, end);
  if (line.length <= MOST_COLUMNS) return;
  const separator = delimiter.charCodeAt(0);
  const columns = line.reduce((count, byte) => count + Number(byte === separator), 1);
  if (columns <= MOST_COLUMNS) return;
  throw new UsageError(
    `${where} has ${columns} columns on its first line, and at most ${MOST_COLUMNS} are read: save it as .npy, a sample in each row.`,
  );
}

/** Collects the numbers in blocks, so that a large table is never an array of strings. */
class Rows {
  readonly labels: string[] = [];
  readonly labelLines: number[] = [];
  count = 0;
  private readonly columns: readonly string[];
  private readonly label: number;
  private readonly where: string;
  private readonly blocks: Float32Array[] = [];
  private readonly width: number;
  private readonly perBlock: number;

  constructor(columns: readonly string[], label: number, where: string) {
    this.columns = columns;
    this.label = label;
    this.where = where;
    this.width = columns.length - (label < 0 ? 0 : 1);
    this.perBlock = Math.max(1, Math.floor(2 ** 17 / Math.max(1, this.width)));
  }

  add(record: readonly string[], line: number): void {
    const slot = this.count % this.perBlock;
    if (slot === 0) this.blocks.push(new Float32Array(this.perBlock * this.width));
    const block = this.blocks.at(-1);
    let at = slot * this.width;
    for (let i = 0; i < record.length; i++) {
      const cell = record[i] ?? '';
      if (i === this.label) {
        this.labels.push(cell);
        this.labelLines.push(line);
        continue;
      }
      const value = numberOf(cell);
      if (!Number.isFinite(Math.fround(value))) throw this.notANumber(cell, line, i);
      if (block) block[at++] = value;
    }
    this.count++;
  }

  values(): Float32Array {
    const all = new Float32Array(this.count * this.width);
    const length = this.perBlock * this.width;
    this.blocks.forEach((block, i) => {
      all.set(block.subarray(0, Math.min(length, all.length - i * length)), i * length);
    });
    return all;
  }

  private notANumber(cell: string, line: number, column: number): UsageError {
    const name = this.columns[column] ?? '';
    const place = `${this.where}, line ${line}, column ${column}`;
    const named = name === `column ${column}` ? '' : ` (${name})`;
    const what = cell === '' ? 'is empty' : `holds ${JSON.stringify(cell.slice(0, 40))}`;
    return new UsageError(
      `${place}${named}: the cell ${what}, not a finite float32 number; fill in missing values and encode text as numbers first.`,
    );
  }
}

/** What label columns are called, the plainest first: a y may well be a coordinate beside a label. */
const labelNames = ['label', 'labels', 'target', 'class', 'y'];

/** The column whose name says that it holds the labels; the last where none does. */
function likelyLabelColumn(names: readonly string[], columns: number): number {
  const lower = names.map((name) => name.toLowerCase());
  const found = labelNames.map((name) => lower.lastIndexOf(name)).find((at) => at >= 0);
  return found ?? columns - 1;
}

function labelNote(head: readonly string[], column: number, named: boolean): string {
  const place = column === head.length - 1 ? 'the last column' : `column ${column}`;
  const name = named ? ` (${head[column] ?? ''})` : '';
  return `The labels are ${place}${name}; --y names another, --y none says there are none.`;
}

function labelColumn(head: readonly string[], label: string, where: string): number {
  if (label === 'none') return -1;
  // A number is a position: without a header, the first line may well hold the same number.
  const isName = Number.isNaN(numberOf(label));
  const named = head.flatMap((name, i) => (isName && name === label ? [i] : []));
  if (named.length > 1) {
    throw new UsageError(`${where} has ${named.length} columns named ${label}; give a position.`);
  }
  if (named[0] !== undefined) return named[0];
  const position = /^-?\d{1,9}$/.test(label) ? Number(label) : NaN;
  const column = position < 0 ? head.length + position : position;
  if (column >= 0 && column < head.length) return column;
  throw new UsageError(
    `${where} has no column ${label} for --y; it has ${head.length} columns: ${head.slice(0, 20).join(', ')}${head.length > 20 ? ', …' : ''}.`,
  );
}

function parseRecords(bytes: Uint8Array, where: string, options: Options): string[][] {
  try {
    return parse(bytes, {
      bom: true,
      comment: '#',
      comment_no_infix: true,
      skip_empty_lines: true,
      trim: true,
      max_record_size: MAX_LINE,
      ...options,
    });
  } catch (error) {
    if (error instanceof CsvError) {
      throw new UsageError(`${where} is not a well-formed table: ${messageOf(error)}.`);
    }
    throw error;
  }
}
