/**
 * Which samples of a file are used: `--first N`, `--sample N` (a random choice that depends on the
 * seed and the file's number of samples alone) or `--index LIST`.
 */

import { UsageError } from '../errors.ts';

export interface Selection {
  readonly first?: number | undefined;
  readonly sample?: number | undefined;
  /** Positions and ranges, both ends included: "0,3,7-12". */
  readonly index?: string | undefined;
  /** For `sample`; 0 by default. */
  readonly seed?: number | undefined;
}

/** More samples than this are not listed one by one. */
const MAX_LISTED = 2 ** 26;

/**
 * The chosen positions among `total` samples: all of them unless the selection says otherwise.
 * Ascending, except that `index` keeps the order in which it is written.
 */
export function selectIndices(total: number, selection: Selection, where: string): number[] {
  const { first, sample, index } = selection;
  const given = [first, sample, index].filter((option) => option !== undefined);
  if (given.length > 1) {
    throw new UsageError('Only one of --first, --sample and --index can be given.');
  }
  if (index !== undefined) return parseIndexList(index, total, `--index (samples of ${where})`);
  if (first !== undefined) return range(checkedCount('--first', first, total, where));
  if (sample !== undefined) {
    const count = checkedCount('--sample', sample, total, where);
    return sampleIndices(listable(total, where), count, selection.seed ?? 0);
  }
  return range(listable(total, where));
}

/**
 * `count` different positions below `total`, ascending: those whose keys are the smallest. The key
 * of a position is a hash of seed and position, so a larger sample contains a smaller one.
 */
export function sampleIndices(total: number, count: number, seed: number): number[] {
  const low = seed >>> 0;
  const high = Math.floor(seed / 2 ** 32) >>> 0;
  const start = mix(mix(low) ^ high);
  const keys = Uint32Array.from({ length: total }, (_, i) => mix(mix(i) ^ start));
  const order = Uint32Array.from(keys.keys());
  order.sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0) || a - b);
  return Array.from(order.subarray(0, count).sort());
}

/**
 * A permutation of the 32-bit integers in which every input bit flips about half of the output
 * bits: add the golden ratio, then "lowbias32" (C. Wellons, Prospecting for Hash Functions, 2018).
 */
function mix(value: number): number {
  let h = (value + 0x9e3779b9) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * The numbers of a list such as "0,3,7-12" in the order written, each once. All must be below
 * `total`; `what` says in errors what the list is for.
 */
export function parseIndexList(list: string, total: number, what: string): number[] {
  const chosen = new Set<number>();
  for (const part of list.split(',').map((piece) => piece.trim())) {
    const match = /^(\d{1,15})(?:\s*-\s*(\d{1,15}))?$/.exec(part);
    if (!match) {
      throw new UsageError(`${what}: "${part}" is not a number or a range; write 0,3,7-12.`);
    }
    const from = Number(match[1]);
    const to = Number(match[2] ?? match[1]);
    if (to < from) throw new UsageError(`${what}: the range ${part} runs backwards.`);
    if (to >= total) {
      throw new UsageError(`${what}: ${to} is out of range; the last is ${total - 1}.`);
    }
    for (let i = from; i <= to; i++) chosen.add(i);
  }
  return [...chosen];
}

function checkedCount(flag: string, count: number, total: number, where: string): number {
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new UsageError(`${flag} ${count} is not a positive whole number.`);
  }
  if (count > total) {
    throw new UsageError(`${flag} ${count} asks for more than the ${total} samples of ${where}.`);
  }
  return listable(count, where);
}

function listable(count: number, where: string): number {
  if (count <= MAX_LISTED) return count;
  throw new UsageError(
    `${where} has ${count} samples, too many for one run; choose some with --first or --index.`,
  );
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
