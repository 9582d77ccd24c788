/** Rows of a specification, made chunk by chunk: one for every value of a wide layer would not fit. */

export interface RowSource {
  readonly count: number;
  /** Writes rows from `from` to `to`: [to − from, width]. */
  readonly rows: Write;
  /** Their coefficients where the layer's affine region starts, if they are known: [to − from, start]. */
  readonly pulled: Write | null;
}

export type Write = (from: number, to: number, into: Float32Array) => void;

/** Given rows [count × width]. */
export function givenRows(rows: Float32Array, width: number): RowSource {
  return {
    count: rows.length / width,
    rows: (from, to, into) => into.set(rows.subarray(from * width, to * width)),
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
    rows: (from, to, into) => {
      into.fill(0);
      for (let row = from; row < to; row++) {
        into[(row - from) * width + (elements[row >> 1] ?? 0)] = row % 2 === 0 ? 1 : -1;
      }
    },
    pulled:
      table &&
      ((from, to, into) => {
        const start = table.length / (2 * width);
        for (let row = from; row < to; row++) {
          const own = 2 * (elements[row >> 1] ?? 0) + (row % 2);
          into.set(table.subarray(own * start, (own + 1) * start), (row - from) * start);
        }
      }),
  };
}
