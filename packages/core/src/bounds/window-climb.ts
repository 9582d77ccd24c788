/** Slopes of rows over windows, on their way up: every place has hinges of its own that bend. */
import type { Tensor } from '../tensor/tensor.ts';
import type { ChoiceStop } from './choice-inputs.ts';
import type { Climbers } from './climb.ts';
import type { Ends } from './layerwise.ts';
import { numbers } from './numbers.ts';
import type { Feeds } from './staged-programs.ts';
import { columnsOf, type Rates, Turns } from './turns.ts';

/** Rows of some places, as many of each; those of a place that stand for an element come first. */
export interface PlacedRows {
  /** How many of each place's rows stand for an element, and what is known of the stops in its window. */
  readonly places: readonly { readonly used: number; readonly found: readonly Ends[] }[];
  readonly rows: number;
}

export class WindowClimb implements Climbers {
  readonly feeds: Feeds;
  readonly count: number;
  private readonly placed: PlacedRows;
  private readonly turns: readonly Turns[];

  constructor(stops: readonly ChoiceStop[], placed: PlacedRows) {
    const { places, rows } = placed;
    this.placed = placed;
    this.count = usedOf(places);
    const feeds: Record<string, Tensor> = {};
    for (const { place, width, flat } of stops) {
      if (flat === undefined) continue;
      const shape = [places.length, rows, width];
      const data = new Float32Array(places.length * rows * width);
      feeds[`turn/${place}`] = { type: 'float32', shape, data };
    }
    this.feeds = feeds;
    this.turns = places.map(
      ({ used, found }, p) =>
        new Turns(stops, columnsOf(stops, found), used, (width) => [used, width], {
          turnsOf: ({ place, width }) => this.part(feeds, `turn/${place}`, p, used * width),
        }),
    );
  }

  /** The first numbers of a place. */
  private part(all: Feeds, name: string, p: number, size: number): Float32Array {
    const data = numbers(all[name]);
    return data.subarray(p * (data.length / this.placed.places.length)).subarray(0, size);
  }

  step(rates: Rates, results: Feeds): void {
    const { places } = this.placed;
    this.turns.forEach((turns, p) => {
      const own: Record<string, Tensor> = {};
      for (const [name, { shape, data }] of Object.entries(results)) {
        const size = data.length / places.length;
        own[name] = {
          type: 'float32',
          shape,
          data: numbers(results[name]).subarray(p * size, (p + 1) * size),
        };
      }
      turns.step(rates, own);
    });
  }

  least(results: Feeds): Float32Array {
    return leastOf(results, this.placed);
  }

  /** Places stay together. */
  only(): undefined {
    return undefined;
  }
}

/** What is proven of the rows that stand for an element; NaN where nothing is. */
export function leastOf(results: Feeds, { places, rows }: PlacedRows): Float32Array {
  const [least, finite] = [numbers(results['least']), numbers(results['finite'])];
  const own = new Float32Array(usedOf(places)).fill(Number.NaN);
  let to = 0;
  places.forEach(({ used }, p) => {
    if (finite[p] === 1) own.set(least.subarray(p * rows, p * rows + used), to);
    to += used;
  });
  return own;
}

function usedOf(places: PlacedRows['places']): number {
  return places.reduce((sum, { used }) => sum + used, 0);
}
