/**
 * Slopes below hinges of stacked rows, and their way up by Adam: only those of values that either side of the
 * hinge may hold are touched, in the arrays that programs are fed.
 */
import type { Tensor } from '../tensor/tensor.ts';
import { adamFeeds } from './adam.ts';
import type { ChoiceStop } from './choice-inputs.ts';
import { numbers } from './numbers.ts';
import type { Ends } from './layerwise.ts';

type Feeds = Readonly<Record<string, Tensor>>;

/** The values of one stop whose slopes are free. */
export interface Columns {
  readonly stop: ChoiceStop;
  readonly elements: Int32Array;
  /** How far from the slope that CROWN chooses it may be turned. */
  readonly least: Float32Array;
  readonly most: Float32Array;
}

/** Over what is known of the stops, which may be of only the first of them. */
export function columnsOf(stops: readonly ChoiceStop[], found: readonly Ends[]): Columns[] {
  return stops.flatMap((stop): Columns[] => {
    const { flat, place } = stop;
    const ends = found[place];
    if (flat === undefined || !ends) return [];
    const elements = Int32Array.from(
      [...ends.lower.keys()].filter((i) => (ends.lower[i] ?? 0) < 0 && (ends.upper[i] ?? 0) > 0),
    );
    const slopes = Float32Array.from(elements, (i) =>
      (ends.lower[i] ?? 0) + (ends.upper[i] ?? 0) > 0 ? 1 : flat,
    );
    return [
      {
        stop,
        elements,
        least: slopes.map((own) => flat - own),
        most: slopes.map((own) => 1 - own),
      },
    ];
  });
}

/** An array of zeros. */
export type Zeros = (length: number) => Float32Array;

export const allocated: Zeros = (length) => new Float32Array(length);

/** Of Adam: its step, and how it falls. */
export interface Pace {
  readonly rate: number;
  readonly decay: number;
}

const [FIRST, SECOND, TINY] = [0.9, 0.999, 1e-8];

/** Moments of Adam (Kingma & Ba 2015) for values one behind the other. */
export class Moments {
  private readonly first: Float32Array;
  private readonly second: Float32Array;

  constructor(size: number, zeros: Zeros = allocated) {
    this.first = zeros(size);
    this.second = zeros(size);
  }

  /** So many of another's, from one place to another. */
  take({ first, second }: Moments, from: number, to: number, count: number): void {
    this.first.set(first.subarray(from, from + count), to);
    this.second.set(second.subarray(from, from + count), to);
  }

  /** How far value k goes up its gradient. */
  step(k: number, gradient: number, { rate, scale }: Rates): number {
    const first = FIRST * (this.first[k] ?? 0) + (1 - FIRST) * gradient;
    const second = SECOND * (this.second[k] ?? 0) + (1 - SECOND) * gradient * gradient;
    this.first[k] = first;
    this.second[k] = second;
    return (rate * first) / (Math.sqrt(second * scale) + TINY);
  }

  /** The same for the turns of stacked rows: one loop, as this is where the time would go. */
  climb({ rows, columns, data, at, behind }: Climb, { rate, scale }: Rates): void {
    const { first: firsts, second: seconds } = this;
    const { stop, elements, least, most } = columns;
    for (let row = 0, own = 0; row < rows; row++) {
      const from = row * stop.width;
      for (let j = 0; j < elements.length; j++, own++) {
        const i = from + (elements[j] ?? 0);
        const coefficient = behind[i] ?? 0;
        // Where the bound's line counts below a hinge, its slope moves the bound by the coefficient times the value.
        const product = coefficient <= 0 ? 0 : coefficient * (at[i] ?? 0);
        // A slope that is no number would leave the rows beside it without bounds.
        const gradient = Number.isFinite(product) ? product : 0;
        const first = FIRST * (firsts[own] ?? 0) + (1 - FIRST) * gradient;
        // What never had a gradient goes nowhere, and is most of what there is.
        if (first === 0) continue;
        const second = SECOND * (seconds[own] ?? 0) + (1 - SECOND) * gradient * gradient;
        firsts[own] = first;
        seconds[own] = second;
        const next = (data[i] ?? 0) + (rate * first) / (Math.sqrt(second * scale) + TINY);
        const low = least[j] ?? 0;
        const high = most[j] ?? 0;
        data[i] = next < low ? low : next > high ? high : next;
      }
    }
  }
}

/** Slopes of stacked rows at one stop, and what moves them. */
interface Climb {
  readonly rows: number;
  readonly columns: Columns;
  /** How far they are turned; written to. */
  readonly data: Float32Array;
  /** Where the relaxed network has the values, and the coefficients of what bends them. */
  readonly at: Float32Array;
  readonly behind: Float32Array;
}

export interface Rates {
  readonly rate: number;
  readonly scale: number;
}

/** Of a step, counted from 1. */
export function ratesAt(step: number, { rate, decay }: Pace): Rates {
  return adamFeeds(step, rate * decay ** (step - 1));
}

/** The arrays that turns are kept in: for their moments, and zeros for those of a stop themselves. */
export interface TurnArrays {
  readonly zeros?: Zeros;
  readonly turnsOf?: (stop: Pick<ChoiceStop, 'place' | 'width'>) => Float32Array;
}

export class Turns {
  /** `turn/K` of stop K, shaped as programs take them. */
  readonly feeds: Feeds;
  private readonly columns: readonly Columns[];
  private readonly count: number;
  private readonly moments: readonly Moments[];

  /** For rows one behind the other; `shapeOf` a width gives the shape of all. */
  constructor(
    stops: readonly ChoiceStop[],
    columns: readonly Columns[],
    count: number,
    shapeOf: (width: number) => readonly number[],
    { zeros = allocated, turnsOf = ({ width }) => allocated(count * width) }: TurnArrays = {},
  ) {
    this.columns = columns;
    this.count = count;
    const feeds: Record<string, Tensor> = {};
    for (const { place, width, flat } of stops) {
      if (flat === undefined) continue;
      const data = turnsOf({ place, width });
      feeds[`turn/${place}`] = { type: 'float32', shape: shapeOf(width), data };
    }
    this.feeds = feeds;
    this.moments = columns.map(({ elements }) => new Moments(count * elements.length, zeros));
  }

  private of({ stop }: Columns): Float32Array {
    return numbers(this.feeds[`turn/${stop.place}`]);
  }

  /** One step up the bound, from where the relaxed network has its values. */
  step(rates: Rates, results: Feeds): void {
    this.columns.forEach((columns, k) => {
      const { place } = columns.stop;
      const [points, coefficients] = [results[`point/${place}`], results[`behind/${place}`]];
      // A hinge that nothing asked for comes through has no slope that counts.
      if (!points || !coefficients) return;
      const [data, at, behind] = [this.of(columns), numbers(points), numbers(coefficients)];
      this.moments[k]?.climb({ rows: this.count, columns, data, at, behind }, rates);
    });
  }

  /** Those of one row. */
  ofRow(row: number): Float32Array {
    const size = this.columns.reduce((sum, { elements }) => sum + elements.length, 0);
    const turns = new Float32Array(size);
    let to = 0;
    for (const columns of this.columns) {
      const data = this.of(columns);
      const from = row * columns.stop.width;
      for (const element of columns.elements) turns[to++] = data[from + element] ?? 0;
    }
    return turns;
  }

  /** Some rows, put into those of another as they are. */
  ofRows(rows: readonly number[], next: Turns): Turns {
    rows.forEach((row, i) => {
      next.setRow(i, this.ofRow(row));
      this.columns.forEach(({ elements: { length } }, k) => {
        const moments = this.moments[k];
        if (moments) next.moments[k]?.take(moments, row * length, i * length, length);
      });
    });
    return next;
  }

  setRow(row: number, turns: Float32Array): void {
    let from = 0;
    for (const columns of this.columns) {
      const data = this.of(columns);
      const to = row * columns.stop.width;
      for (const element of columns.elements) data[to + element] = turns[from++] ?? 0;
    }
  }
}
