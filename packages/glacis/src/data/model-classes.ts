/**
 * Labels as columns of a model whose file names its classes: numbers other than 0 … n − 1, or texts. A label
 * that is one of the names means that class; else it is the class's position, where it can be.
 */

import type { ClassLabels } from '@glacis/core';
import { UsageError } from '../errors.ts';
import { classNote } from './class-names.ts';
import type { Labels } from './labels.ts';
import type { DataSet } from './read.ts';

export interface ClassedLabels {
  readonly y: Labels | null;
  /** Names of the columns, where the model or the data name them. */
  readonly classNames: readonly string[] | null;
  readonly notes: readonly string[];
}

const SHOWN = 12;

/** Whether classes have no names but 0 … n − 1. */
export function areNumbered(classes: ClassLabels | null): classes is null {
  return !classes || classes.every((name, i) => name === i);
}

/** Throws UsageError on a label that is none of the classes. */
export function labelsAsColumns(data: DataSet, classes: ClassLabels | null): ClassedLabels {
  const { y, classNames, notes } = data;
  if (areNumbered(classes)) return { y, classNames, notes };
  const names = classes.map(String);
  if (!y || y instanceof Float64Array || data.labelsArePositions)
    return { y, classNames: names, notes };
  if (!classNames) {
    const meant = meaningOf(data, y, names);
    return {
      y: Int32Array.from(y, meant.columnOf),
      classNames: names,
      notes: [...notes, meant.note],
    };
  }
  if (typeof classes[0] === 'number') {
    const note = `The model's file calls its classes ${listed(names)}; the names in the data stand for them in sorted order.`;
    return { y, classNames, notes: [...notes, note] };
  }
  const columns = classNames.map((name) => names.indexOf(name));
  const at = y.findIndex((label) => (columns[label] ?? -1) < 0);
  if (at >= 0) throw unknownLabel(`"${classNames[y[at] ?? 0]}"`, at, data, names);
  return {
    y: Int32Array.from(y, (label) => columns[label] ?? -1),
    classNames: names,
    // The names' own order is not the model's.
    notes: [...notes.filter((note) => note !== classNote(classNames)), matched(names)],
  };
}

interface Meaning {
  readonly columnOf: (label: number) => number;
  readonly note: string;
}

/** What numbers mean: decided on all labels of the file, and on the chosen ones where these fit nothing. */
function meaningOf(data: DataSet, y: Int32Array, names: readonly string[]): Meaning {
  const columns = new Map(names.map((name, i) => [name, i]));
  const isName = (label: number): boolean => columns.has(String(label));
  const isPosition = (label: number): boolean => label >= 0 && label < names.length;
  for (const labels of [data.labelSet, y]) {
    if (labels.every(isName)) {
      return { columnOf: (label) => columns.get(String(label)) ?? -1, note: matched(names) };
    }
    if (labels.every(isPosition)) {
      const note = `The labels are not what the model's file calls its classes, ${listed(names)}; they are read as positions in that list, from 0.`;
      return { columnOf: (label) => label, note };
    }
  }
  const at = y.findIndex((label) => !isName(label));
  throw unknownLabel(String(y[at]), at, data, names);
}

function unknownLabel(
  label: string,
  at: number,
  { indices }: DataSet,
  names: readonly string[],
): UsageError {
  return new UsageError(
    `Label ${label} at sample ${indices[at] ?? at} is none of the classes that the model's file names: ${listed(names)}.`,
  );
}

/** Names, cut short where they are many. */
export const listed = (names: readonly string[]): string =>
  names.slice(0, SHOWN).join(', ') + (names.length > SHOWN ? ', …' : '');

const matched = (names: readonly string[]): string =>
  `Labels are the classes that the model's file names: ${listed(names.map((name, i) => `${i} = ${name}`))}.`;
