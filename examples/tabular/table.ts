/** Tables of samples as text: a header, one sample for each line, the name of its class at the end. */
import type { Labelled } from '@glacis/core';

export interface TableNames {
  readonly features: readonly string[];
  /** Name of the column of classes. */
  readonly label: string;
  /** By class number. */
  readonly classes: readonly string[];
}

export function csv({ x, y }: Labelled, { features, label, classes }: TableNames): string {
  const width = features.length;
  const lines = Array.from(y, (kind, i) => {
    const values = Array.from(x.data.subarray(i * width, (i + 1) * width), shortest);
    return [...values, classes[kind] ?? kind].join(',');
  });
  return `${[[...features, label].join(','), ...lines].join('\n')}\n`;
}

/** The shortest decimal that is read as the same float32. */
function shortest(value: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const text = Number(value.toPrecision(digits));
    if (Math.fround(text) === value) return String(text);
  }
  return String(value);
}
