/** Slopes of rows over windows, on their way up: every place has hinges of its own that bend. */
import type { Tensor } from '../tensor/tensor.ts';
import type { ChoiceStop } from './choice-inputs.ts';
import type { Climbers } from './climb.ts';
import type { Ends } from './layerwise.ts';
import { numbers } from './numbers.ts';
import type { Feeds } from './staged-programs.ts';
import { columnsOf, type Rates, Turns } from './turns.ts';

/** As many rows of each of some places. */
export interface PlacedRows {
  readonly rows: number;
  /** How many of each place's rows stand for an element: its first ones. */
  readonly used: readonly number[];
}

export class WindowClimb implements Climbers {
  readonly feeds: Feeds;
  readonly count: number;
  private readonly placed: PlacedRows;
  private readonly turns: readonly Turns[];

  /** `found`: what is known of the stops in each place's window. */
  constructor(
    stops: readonly ChoiceStop[],
    placed: PlacedRows,
    found: readonly (readonly Ends[])[],
  ) {
    const { rows, used } = placed;
    this.placed = placed;
    this.count = sumOf(used);
    const feeds: Record<string, Tensor> = {};
    for (const { place, width, flat } of stops) {
      if (flat === undefined) continue;
      const shape = [used.length, rows, width];
      const data = new Float32Array(used.length * rows * width);
      feeds[`turn/${place}`] = { type: 'float32', shape, data };
    }
    this.feeds = feeds;
    this.turns = used.map(
      (count, p) =>
        new Turns(stops, columnsOf(stops, found[p] ?? []), count, (width) => [count, width], {
          turnsOf: ({ place, width }) =>
            ofPlace(feeds[`turn/${place}`], p, used.length).subarray(0, count * width),
        }),
    );
  }

  step(rates: Rates, results: Feeds): void {
    this.turns.forEach((turns, p) => {
      const own = Object.entries(results).map(([name, tensor]): [string, Tensor] => {
        const data = ofPlace(tensor, p, this.turns.length);
        return [name, { type: 'float32', shape: [data.length], data }];
      });
      turns.step(rates, Object.fromEntries(own));
    });
  }

  least(results: Feeds): Float32Array {
    return leastOf(results, this.placed);
  }
}

/** The part of values of so many places that is one place's. */
export function ofPlace(tensor: Tensor | undefined, p: number, count: number): Float32Array {
  const data = numbers(tensor);
  const size = data.length / count;
  return data.subarray(p * size, (p + 1) * size);
}

/** What is proven of the rows that stand for an element; NaN where nothing is. */
export function leastOf({ least, finite }: Feeds, { used }: PlacedRows): Float32Array {
  const flags = numbers(finite);
  const own = new Float32Array(sumOf(used)).fill(Number.NaN);
  let to = 0;
  used.forEach((count, p) => {
    if (flags[p] === 1) own.set(ofPlace(least, p, used.length).subarray(0, count), to);
    to += count;
  });
  return own;
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
