/** Rows of a specification, made chunk by chunk: one for every value of a wide layer would not fit. */

/** Coefficients of one value that are computed at once: they stay in cache. */
const MOST_AT_ONCE = 2 ** 17;
/** A run costs more than what so few rows lose by leaving the cache. */
const LEAST_ROWS = 64;

/** Rows that are propagated at once through values of at most so many elements. */
export function rowsAtOnce(widest: number): number {
  return Math.max(LEAST_ROWS, Math.floor(MOST_AT_ONCE / widest));
}

export interface RowSource {
  readonly count: number;
  /** Rows from `from` to `to`: [to − from, width]. */
  readonly rows: (from: number, to: number) => Float32Array;
  /** Their coefficients where the layer's affine region starts, if they are known: [to − from, start]. */
  readonly pulled: ((from: number, to: number) => Float32Array) | null;
}

/** Given rows [count × width]. */
export function givenRows(rows: Float32Array, width: number): RowSource {
  return {
    count: rows.length / width,
    rows: (from, to) => rows.subarray(from * width, to * width),
    pulled: null,
  };
}

/**
 * Each chosen element of a layer, and each with the sign changed; `table` [2·width × start] has the
 * coefficients of both, one behind the other.
 */
export function elementRows(
  elements: readonly number[],
  width: number,
  table: Float32Array | null,
): RowSource {
  return {
    count: 2 * elements.length,
    rows: (from, to) => {
      const rows = new Float32Array((to - from) * width);
      for (let row = from; row < to; row++) {
        rows[(row - from) * width + (elements[row >> 1] ?? 0)] = row % 2 === 0 ? 1 : -1;
      }
      return rows;
    },
    pulled: table && ((from, to) => coefficients(elements, table, width, from, to)),
  };
}

function coefficients(
  elements: readonly number[],
  table: Float32Array,
  width: number,
  from: number,
  to: number,
): Float32Array {
  const start = table.length / (2 * width);
  const pulled = new Float32Array((to - from) * start);
  for (let row = from; row < to; row++) {
    const own = 2 * (elements[row >> 1] ?? 0) + (row % 2);
    pulled.set(table.subarray(own * start, (own + 1) * start), (row - from) * start);
  }
  return pulled;
}
