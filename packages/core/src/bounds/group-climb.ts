/**
 * Slopes of rows of several groups on their way up, each group with hinges of its own that bend: sets that are
 * bounded together, or places of an image.
 */
import type { Tensor } from '../tensor/tensor.ts';
import type { ChoiceStop } from './choice-inputs.ts';
import type { Climbers } from './climb.ts';
import { numbers } from './numbers.ts';
import type { Feeds } from './staged-programs.ts';
import { type Columns, type Rates, Turns } from './turns.ts';

/** As many rows of each of some groups. */
export interface GroupRows {
  readonly rows: number;
  /** How many of each group's rows are asked for: its first ones. */
  readonly used: readonly number[];
}

/** Hinges whose slopes are free, and for each group which of their values. */
export interface Choices {
  readonly stops: readonly ChoiceStop[];
  readonly columns: readonly (readonly Columns[])[];
}

export class GroupClimb implements Climbers {
  readonly feeds: Feeds;
  readonly count: number;
  private readonly chunk: Feeds | null;
  private readonly grouped: GroupRows;
  private readonly choices: Choices;
  private readonly turns: readonly Turns[];

  /** `chunk`: what else programs are fed of the rows, [groups, rows, …]; null where all rows stay together. */
  constructor(chunk: Feeds | null, grouped: GroupRows, choices: Choices) {
    const { rows, used } = grouped;
    const { stops, columns } = choices;
    this.chunk = chunk;
    this.grouped = grouped;
    this.choices = choices;
    this.count = sumOf(used);
    const feeds: Record<string, Tensor> = { ...chunk };
    for (const { place, width, flat } of stops) {
      if (flat === undefined) continue;
      const shape = [used.length, rows, width];
      const data = new Float32Array(used.length * rows * width);
      feeds[`turn/${place}`] = { type: 'float32', shape, data };
    }
    this.feeds = feeds;
    this.turns = used.map(
      (count, k) =>
        new Turns(stops, columns[k] ?? [], count, (width) => [count, width], {
          turnsOf: ({ place, width }) =>
            ofGroup(feeds[`turn/${place}`], k, used.length).subarray(0, count * width),
        }),
    );
  }

  step(rates: Rates, results: Feeds): void {
    this.turns.forEach((turns, k) => {
      const own = Object.entries(results).map(([name, tensor]): [string, Tensor] => {
        const data = ofGroup(tensor, k, this.turns.length);
        return [name, { type: 'float32', shape: [data.length], data }];
      });
      turns.step(rates, Object.fromEntries(own));
    });
  }

  least(results: Feeds): Float32Array {
    return leastOf(results, this.grouped);
  }

  only(chosen: readonly number[]): GroupClimb | undefined {
    if (!this.chunk) return undefined;
    const byGroup = rowsByGroup(chosen, this.grouped.used);
    const used = byGroup.map(({ length }) => length);
    const rows = Math.max(...used);
    // Groups are as long as the longest.
    if (rows === this.grouped.rows) return undefined;
    const chunk = chosenRows(this.chunk, byGroup, rows);
    const fewer = new GroupClimb(chunk, { rows, used }, this.choices);
    byGroup.forEach((own, k) => {
      const next = fewer.turns[k];
      if (next) this.turns[k]?.ofRows(own, next);
    });
    return fewer;
  }
}

/** The part of values of so many groups that is one group's. */
export function ofGroup(tensor: Tensor | undefined, k: number, count: number): Float32Array {
  const data = numbers(tensor);
  const size = data.length / count;
  return data.subarray(k * size, (k + 1) * size);
}

/** What is proven of the rows that are asked for, group by group; NaN where nothing is. */
export function leastOf({ least, finite }: Feeds, { used }: GroupRows): Float32Array {
  const flags = numbers(finite);
  const own = new Float32Array(sumOf(used)).fill(Number.NaN);
  let to = 0;
  used.forEach((count, k) => {
    if (flags[k] === 1) own.set(ofGroup(least, k, used.length).subarray(0, count), to);
    to += count;
  });
  return own;
}

/** Rows counted through all groups, as rows of each. */
function rowsByGroup(rows: readonly number[], used: readonly number[]): number[][] {
  const ends: number[] = [];
  for (const count of used) ends.push((ends.at(-1) ?? 0) + count);
  return used.map((count, k) => {
    const end = ends[k] ?? 0;
    return rows.filter((row) => row < end && row >= end - count).map((row) => row - end + count);
  });
}

/** Some of the rows of values [groups, rows, …], those of each group first; zeros behind them. */
function chosenRows(feeds: Feeds, byGroup: readonly (readonly number[])[], rows: number): Feeds {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, tensor]): [string, Tensor] => {
      const data = numbers(tensor);
      const [groups = 1, count = 1, ...rest] = tensor.shape;
      const size = data.length / (groups * count);
      const kept = new Float32Array(groups * rows * size);
      byGroup.forEach((own, k) =>
        own.forEach((row, i) => {
          const from = (k * count + row) * size;
          kept.set(data.subarray(from, from + size), (k * rows + i) * size);
        }),
      );
      return [name, { type: 'float32', shape: [groups, rows, ...rest], data: kept }];
    }),
  );
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
