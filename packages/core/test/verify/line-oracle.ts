/**
 * ReLU networks of one varying input are piecewise linear on a line: their breaks are found exactly, and on
 * each piece whether a conjunction of linear rows can hold. Float64, nothing shared with the library.
 */

/** value = max(0, …) but for the last layer: weights [from × to], row-major. */
export interface Layer {
  readonly weights: Float32Array;
  readonly biases: Float32Array;
}

/** Σ c·v ≤ bound over the joint vector (inputs, then outputs). */
export interface LineRow {
  readonly coefficients: readonly number[];
  readonly bound: number;
}

export function affine({ weights, biases }: Layer, x: readonly number[]): number[] {
  return Array.from(biases, (bias, j) =>
    x.reduce((sum, value, i) => sum + value * (weights[i * biases.length + j] ?? 0), bias),
  );
}

export function evaluateLayers(layers: readonly Layer[], x: readonly number[]): number[] {
  return layers.reduce<number[]>(
    (value, layer, i) => {
      const next = affine(layer, value);
      return i === layers.length - 1 ? next : next.map((each) => Math.max(0, each));
    },
    [...x],
  );
}

/** Parameters t in [0, 1] between which the network is linear from one point to the other. */
function breaksOf(
  layers: readonly Layer[],
  from: readonly number[],
  to: readonly number[],
): number[] {
  const at = (t: number): number[] =>
    from.map((value, i) => value + t * ((to[i] ?? value) - value));
  let breaks = [0, 1];
  for (let depth = 1; depth < layers.length; depth++) {
    const before = (t: number): number[] => evaluateLayers(layers.slice(0, depth), at(t));
    const added: number[] = [];
    breaks.slice(1).forEach((end, k) => {
      const start = breaks[k] ?? 0;
      const [low, high] = [before(start), before(end)];
      low.forEach((value, unit) => {
        const other = high[unit] ?? 0;
        if (value * other < 0) added.push(start + ((end - start) * value) / (value - other));
      });
    });
    breaks = [...breaks, ...added].sort((a, b) => a - b);
  }
  return breaks;
}

/**
 * The most by which all rows of some conjunction hold somewhere on the segment: not negative when the
 * disjunction of the conjunctions can be satisfied.
 */
export function greatestSlack(
  layers: readonly Layer[],
  from: readonly number[],
  to: readonly number[],
  disjunction: readonly (readonly LineRow[])[],
): number {
  const breaks = breaksOf(layers, from, to);
  const joint = (t: number): number[] => {
    const x = from.map((value, i) => value + t * ((to[i] ?? value) - value));
    return [...x, ...evaluateLayers(layers, x)];
  };
  let greatest = -Infinity;
  breaks.slice(1).forEach((end, k) => {
    const [low, high] = [joint(breaks[k] ?? 0), joint(end)];
    for (const rows of disjunction) {
      const slackAt = ({ coefficients, bound }: LineRow, v: readonly number[]): number =>
        coefficients.reduce((slack, c, i) => slack - c * (v[i] ?? 0), bound);
      const lines = rows.map((row) => [slackAt(row, low), slackAt(row, high)] as const);
      // The least of lines is greatest at an end or where two of them cross.
      const places = [0, 1];
      lines.forEach(([a, c], i) =>
        lines.slice(i + 1).forEach(([d, e]) => {
          const place = (d - a) / (c - a - (e - d));
          if (place > 0 && place < 1) places.push(place);
        }),
      );
      for (const s of places) {
        const least = Math.min(...lines.map(([a, c]) => a + s * (c - a)));
        greatest = Math.max(greatest, least);
      }
    }
  });
  return greatest;
}
