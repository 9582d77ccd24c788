/**
 * Classes as users may say them, by name or by number, as columns of the model. A number means what it
 * means among the labels of the data: one of the classes that the model's file names, or a position.
 */
import type { ClassLabels } from '@glacis/core';
import { toLabels } from './labels.ts';
import { areNumbered } from './model-classes.ts';
import { openSource, type SourceOptions } from './source.ts';

export interface ClassColumns {
  /** Names of the columns, where the model or the data name them. */
  readonly names: readonly string[] | null;
  /** The column of the class that a label of this number has; −1 where there is none. */
  readonly columnOf: (label: number) => number;
}

/** Of the data only the labels are read. `classes`: as the model's file names them. Throws UsageError. */
export async function classColumns(
  path: string,
  options: SourceOptions,
  classes: ClassLabels | null,
): Promise<ClassColumns> {
  const { y, samples, classNames } = await openSource(path, options);
  const asPositions = (names: readonly string[] | null): ClassColumns => {
    return { names, columnOf: (label) => label };
  };
  if (areNumbered(classes)) return asPositions(classNames);
  const names = classes.map(String);
  if (classNames) return asPositions(typeof classes[0] === 'number' ? classNames : names);
  const labels = y && toLabels(y, samples, path);
  if (labels?.arePositions) return asPositions(names);
  const columns = new Map(names.map((name, i) => [name, i]));
  const called = (label: number): number | undefined => columns.get(String(label));
  if (!labels) return { names, columnOf: (label) => called(label) ?? label };
  const areNames = labels.y.every((label) => called(label) !== undefined);
  return areNames ? { names, columnOf: (label) => called(label) ?? -1 } : asPositions(names);
}
