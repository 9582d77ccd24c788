/**
 * From the text of a flag to its value. Each parser throws UsageError with a sentence that names the
 * flag, what was given, and what is understood.
 */
import { UsageError } from '../errors.ts';
import { type MethodName, methodNames } from './methods.ts';

export type Parse<T> = (text: string, flag: string) => T;

export const text: Parse<string> = (value, flag) => {
  if (value === '') throw new UsageError(`${flag} needs a value; it is empty.`);
  return value;
};

/** A number, or a fraction of two: 0.1, 1e-3, 8/255. */
export const fraction: Parse<number> = (value, flag) => {
  const parts = value.split('/');
  const numbers = parts.map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  const [top = Number.NaN, bottom = 1] = numbers;
  const result = top / bottom;
  if (parts.length > 2 || !Number.isFinite(result)) {
    throw new UsageError(`${flag} ${value}: ${quoted(value)} is not a number; write 0.1 or 8/255.`);
  }
  return result;
};

export const fractions: Parse<number[]> = (value, flag) =>
  value.split(',').map((part) => fraction(part.trim(), flag));

/** Radii, each at least 0, ascending, each once. */
export const radii: Parse<number[]> = (value, flag) => {
  const all = fractions(value, flag);
  const negative = all.find((radius) => radius < 0);
  if (negative !== undefined) {
    throw new UsageError(`${flag} ${value}: a radius is at least 0, and ${negative} is not.`);
  }
  return [...new Set(all)].sort((a, b) => a - b);
};

/** "lo,hi", or "none". */
export const clip: Parse<readonly [number, number] | null> = (value, flag) => {
  if (value === 'none') return null;
  const ends = value.split(',');
  const [low = 0, high = 0] = ends.map((part) => fraction(part.trim(), flag));
  if (ends.length !== 2) {
    throw new UsageError(`${flag} ${value}: give the least and the greatest value, 0,1, or none.`);
  }
  if (!(low < high)) {
    throw new UsageError(`${flag} ${value} is empty: the first number must be the smaller one.`);
  }
  return [low, high];
};

export const whole =
  (least: number): Parse<number> =>
  (value, flag) => {
    const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    if (!(number >= least) || !Number.isSafeInteger(number)) {
      throw new UsageError(
        `${flag} ${value}: ${quoted(value)} is not a whole number of at least ${least}.`,
      );
    }
    return number;
  };

/** A class by number or name, or where there is one for each input. */
export const target: Parse<number | string> = (value, flag) =>
  /^\d+$/.test(value) ? whole(0)(value, flag) : text(value, flag);

/** What `glacis attack` runs, in this order; or `replay`. */
export const methods: Parse<readonly MethodName[] | 'replay'> = (value, flag) => {
  if (value === 'replay') return value;
  return value.split(',').map((part) => oneOf(...methodNames)(part.trim(), flag));
};

/** NAME=VALUE, cut at the first =. */
function assigned(value: string, flag: string, what: string): readonly [string, string] {
  const at = value.indexOf('=');
  if (at > 0 && at < value.length - 1) return [value.slice(0, at), value.slice(at + 1)];
  throw new UsageError(`${flag} ${value}: write ${flag} ${what}.`);
}

export const setting: Parse<(readonly [string, string])[]> = (value, flag) => [
  assigned(value, flag, 'NAME=FILE'),
];

/** A network's file; without a name it is the only one. */
export const network: Parse<(readonly [string | null, string])[]> = (value, flag) => {
  if (!/^\w+=/.test(value)) return [[null, text(value, flag)]];
  return [assigned(value, flag, 'NAME=FILE')];
};

export const sizing: Parse<(readonly [string, number])[]> = (value, flag) => {
  const [name, size] = assigned(value, flag, 'AXIS=N');
  return [[name, whole(1)(size, flag)]];
};

export const seconds: Parse<number> = (value, flag) => {
  const number = fraction(value, flag);
  if (number > 0) return number;
  throw new UsageError(`${flag} ${value}: give a number of seconds greater than 0.`);
};

export const positive: Parse<number> = (value, flag) => {
  const number = fraction(value, flag);
  if (number > 0) return number;
  throw new UsageError(`${flag} ${value}: give a number greater than 0.`);
};

export const probability: Parse<number> = (value, flag) => {
  const number = fraction(value, flag);
  if (number > 0 && number < 1) return number;
  throw new UsageError(`${flag} ${value}: give a probability between 0 and 1.`);
};

export const share: Parse<number> = (value, flag) => {
  const number = fraction(value, flag);
  if (number >= 0 && number < 1) return number;
  throw new UsageError(`${flag} ${value}: give a share from 0 to less than 1.`);
};

const units: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

/** Bytes: 2G, 512M, 1048576. */
export const bytes: Parse<number> = (value, flag) => {
  const match = /^(\d+(?:\.\d+)?)\s*([kmg]?)i?b?$/i.exec(value);
  const size = Number(match?.[1]) * (units[match?.[2]?.toLowerCase() ?? ''] ?? 1);
  if (match && size > 0) return size;
  throw new UsageError(`${flag} ${value}: ${quoted(value)} is not a size; write 512M or 2G.`);
};

export const oneOf =
  <T extends string>(...choices: readonly T[]): Parse<T> =>
  (value, flag) => {
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    throw new UsageError(`${flag} ${value}: choose ${listed(choices)}.`);
  };

/** "a, b or c". */
export function listed(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} or ${items.at(-1)}`;
}

function quoted(value: string): string {
  return `"${value}"`;
}
