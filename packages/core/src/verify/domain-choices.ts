/** What is chosen for a batch of domains, and how it climbs: slopes, and multipliers of ends that branches moved. */
import type { ChoiceStop } from '../bounds/choice-inputs.ts';
import { numbers } from '../bounds/numbers.ts';
import { type Columns, Moments, type Pace, ratesAt, Turns, type Zeros } from '../bounds/turns.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Domain } from './domain.ts';

type Feeds = Readonly<Record<string, Tensor>>;

/** Choices of a domain: how far slopes are turned, one for each column; a multiplier for each split. */
export interface Chosen {
  readonly turns: Float32Array;
  readonly multipliers: Float32Array;
}

const SLOPES: Pace = { rate: 0.1, decay: 0.98 };
const MULTIPLIERS: Pace = { rate: 0.1, decay: 0.98 };

/** The multipliers of a stop, and where a domain's are among them. */
interface Own {
  readonly data: Float32Array;
  readonly from: number;
}

export class DomainChoices {
  /** `turn/K` and `multiplier/K` of stop K: [domains, 1, width]. */
  readonly feeds: Feeds;
  private readonly domains: readonly Domain[];
  private readonly turns: Turns;
  private readonly moments: readonly Moments[];
  private readonly widths: ReadonlyMap<number, number>;

  /** `zeros` are for what nobody reads once the domains are bounded: all but how slopes are turned. */
  constructor(
    stops: readonly ChoiceStop[],
    columns: readonly Columns[],
    domains: readonly Domain[],
    zeros: Zeros,
  ) {
    this.domains = domains;
    const count = domains.length;
    this.turns = new Turns(stops, columns, count, (width) => [count, 1, width], { zeros });
    const feeds: Record<string, Tensor> = { ...this.turns.feeds };
    for (const { place, width } of stops) {
      const data = zeros(count * width);
      feeds[`multiplier/${place}`] = { type: 'float32', shape: [count, 1, width], data };
    }
    this.feeds = feeds;
    this.widths = new Map(stops.map(({ place, width }) => [place, width]));
    this.moments = domains.map(({ splits }) => new Moments(splits.length));
    domains.forEach(({ chosen, splits }, i) => {
      if (!chosen) return;
      this.turns.setRow(i, chosen.turns);
      splits.forEach(({ place, element, weighs }, k) => {
        if (!weighs) return;
        // The last split has none yet.
        const { data, from } = this.own(place, i);
        data[from + element] = chosen.multipliers[k] ?? 0;
      });
    });
    this.straighten();
  }

  /** A hinge that was cut is straight: its slope is not free. */
  private straighten(): void {
    this.domains.forEach(({ splits }, i) => {
      for (const { place, element } of splits) {
        const turns = this.feeds[`turn/${place}`];
        if (turns) numbers(turns)[i * (this.widths.get(place) ?? 0) + element] = 0;
      }
    });
  }

  private own(place: number, i: number): Own {
    const data = numbers(this.feeds[`multiplier/${place}`]);
    return { data, from: i * (this.widths.get(place) ?? 0) };
  }

  /** One step up the bound, from where the relaxed network has its values; counts from 1. */
  step(step: number, results: Feeds): void {
    this.turns.step(ratesAt(step, SLOPES), results);
    this.straighten();
    const rates = ratesAt(step, MULTIPLIERS);
    this.domains.forEach(({ splits }, i) => {
      const moments = this.moments[i];
      splits.forEach(({ place, element, side, point, weighs }, k) => {
        if (!weighs) return;
        const { data, from } = this.own(place, i);
        const gradient = (numbers(results[`point/${place}`])[from + element] ?? 0) - point;
        const next = (data[from + element] ?? 0) + (moments?.step(k, gradient, rates) ?? 0);
        // Where the lower end was moved the right one is not above 0.
        data[from + element] = side > 0 ? Math.min(next, 0) : Math.max(next, 0);
      });
    });
  }

  /** The bounds that results tell of, without regard to rounding. */
  estimates(results: Feeds): Float64Array {
    const values = numbers(results['value']);
    return Float64Array.from(this.domains, ({ splits }, i) => {
      let sum = values[i] ?? NaN;
      for (const { place, element, point, weighs } of splits) {
        if (!weighs) continue;
        const { data, from } = this.own(place, i);
        const multiplier = data[from + element] ?? 0;
        if (multiplier === 0) continue;
        sum += multiplier * ((numbers(results[`point/${place}`])[from + element] ?? 0) - point);
      }
      return sum;
    });
  }

  /** Those of one domain, for its children. */
  of(i: number): Chosen {
    const splits = this.domains[i]?.splits ?? [];
    const multipliers = Float32Array.from(splits, ({ place, element, weighs }) => {
      if (!weighs) return 0;
      const { data, from } = this.own(place, i);
      return data[from + element] ?? 0;
    });
    return { turns: this.turns.ofRow(i), multipliers };
  }
}
