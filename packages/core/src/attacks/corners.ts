/**
 * The one-feature changes of an input that counting norms allow: each free feature to the lower or the
 * upper end of its range. A corner is a number, 2·feature plus 1 for the upper end.
 */
import type { Threat } from '../threats/threat.ts';

export class Corners {
  /** All that differ from the input. */
  readonly all: Int32Array;
  private readonly centre: Float32Array;
  private readonly ends: readonly [number, number];

  constructor({ clip, fixed }: Threat, centre: Float32Array) {
    if (!clip) throw new RangeError('corners need the range of valid values');
    this.centre = centre;
    this.ends = clip;
    const codes: number[] = [];
    centre.forEach((value, feature) => {
      if (fixed.has(feature)) return;
      if (value > clip[0]) codes.push(2 * feature);
      if (value < clip[1]) codes.push(2 * feature + 1);
    });
    this.all = Int32Array.from(codes);
  }

  set(x: Float32Array, corner: number): void {
    x[corner >> 1] = this.ends[corner & 1] ?? 0;
  }

  undo(x: Float32Array, feature: number): void {
    x[feature] = this.centre[feature] ?? 0;
  }

  /** Whether the corner's feature is still as in the input. */
  isFree(x: Float32Array, corner: number): boolean {
    return x[corner >> 1] === this.centre[corner >> 1];
  }

  /** The other ends of features that x has at one end. */
  others(x: Float32Array): number[] {
    return Array.from(
      this.all.filter(
        (corner) => !this.isFree(x, corner) && x[corner >> 1] !== this.ends[corner & 1],
      ),
    );
  }

  /** The features in which x differs from the input. */
  changed(x: Float32Array): number[] {
    const features: number[] = [];
    for (let i = 0; i < x.length; i++) if (x[i] !== this.centre[i]) features.push(i);
    return features;
  }
}

/** Positions of the `most` largest values that are above 0, largest first. */
export function topGains(gains: Float64Array, most: number): number[] {
  const sorted = gains.slice().sort();
  const least = sorted[Math.max(0, gains.length - most)] ?? 0;
  const top: number[] = [];
  gains.forEach((gain, i) => {
    if (gain > 0 && gain >= least) top.push(i);
  });
  top.sort((p, q) => (gains[q] ?? 0) - (gains[p] ?? 0) || p - q);
  return top.slice(0, most);
}

/** How many of the largest gains it takes to reach `need`; Infinity where all do not. */
export function gainsNeeded(gains: Float64Array, need: number): number {
  const sorted = gains.slice().sort();
  let left = need;
  for (let i = sorted.length - 1; i >= 0; i--) {
    const gain = sorted[i] ?? 0;
    if (!(gain > 0)) break;
    left -= gain;
    if (left <= 0) return sorted.length - i;
  }
  return Infinity;
}
