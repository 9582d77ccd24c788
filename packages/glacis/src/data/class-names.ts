/**
 * Classes given by name: the names in sorted order (by character code, as Python sorts), a class's
 * number being its place in that order. Names that are all class numbers stand for themselves.
 */

import { UsageError } from '../errors.ts';
import type { StoredArray } from './array.ts';
import { isMissing, numberOf } from './csv-dialect.ts';

export interface NamedLabels {
  readonly y: StoredArray;
  readonly classNames: string[] | null;
  readonly notes: string[];
}

/**
 * Labels from the cells of a column, `lines` being where they stand. All numbers: the numbers.
 * Otherwise class names. Throws UsageError on a missing label.
 */
export function labelsOfText(
  cells: readonly string[],
  lines: readonly number[],
  where: string,
): NamedLabels {
  const values = Float64Array.from(cells, numberOf);
  const text = values.findIndex(Number.isNaN);
  if (text < 0) {
    return {
      y: { type: 'float64', shape: [cells.length], data: values },
      classNames: null,
      notes: [],
    };
  }
  const someNumbers = values.some((value) => !Number.isNaN(value));
  const missing = cells.findIndex((cell) => cell === '' || (someNumbers && isMissing(cell)));
  if (missing >= 0) {
    const cell = cells[missing] === '' ? 'is empty' : `is ${cells[missing]}`;
    throw new UsageError(
      `${where}, line ${lines[missing]}: the label ${cell}; remove the line or fill it in.`,
    );
  }
  const classNames = sortedNames(cells);
  const numberOfName = new Map(classNames.map((name, i) => [name, i]));
  const data = Int32Array.from(cells, (cell) => numberOfName.get(cell) ?? -1);
  return {
    y: { type: 'int32', shape: [cells.length], data },
    classNames,
    notes: [classNote(classNames)],
  };
}

/** The different names, by code point. */
export function sortedNames(names: Iterable<string>): string[] {
  return [...new Set(names)].sort(byCodePoint);
}

/**
 * What the names say when each of them is a different class number ("0", "2", "10"): the numbers, in
 * the order of the names. null when they are names indeed.
 */
export function classNumbers(names: readonly string[]): number[] | null {
  if (names.length === 0 || !names.every((name) => /^\d{1,9}$/.test(name))) return null;
  const numbers = names.map(Number);
  return new Set(numbers).size === names.length ? numbers : null;
}

/** Says which class numbers were read, gaps included. */
export function numberNote(numbers: readonly number[]): string {
  const sorted = numbers.toSorted((a, b) => a - b);
  const more = sorted.length > 12 ? ', …' : '';
  return `The folders' names are the class numbers: ${sorted.slice(0, 12).join(', ')}${more}.`;
}

/** Orders text by code point, whatever the locale. */
export function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Says which number each class has, which is where a wrong order shows. */
export function classNote(classNames: readonly string[]): string {
  const shown = classNames.slice(0, 12).map((name, i) => `${i} = ${name}`);
  const more = classNames.length > shown.length ? ', …' : '';
  return `Classes are numbered in sorted order: ${shown.join(', ')}${more}.`;
}
