/** Rows of a specification, made chunk by chunk: one for every value of a wide layer would not fit. */

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

/** Chosen elements of a layer as rows: [elements, width]. */
export function unitRows(elements: readonly number[], width: number): Float32Array {
  const rows = new Float32Array(elements.length * width);
  elements.forEach((element, row) => (rows[row * width + element] = 1));
  return rows;
}

/** Each chosen element of a layer, and each with the sign changed; `table` [width × start] has their coefficients. */
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
  const start = table.length / width;
  const pulled = new Float32Array((to - from) * start);
  for (let row = from; row < to; row++) {
    const element = elements[row >> 1] ?? 0;
    const own = table.subarray(element * start, (element + 1) * start);
    const at = (row - from) * start;
    pulled.set(own, at);
    if (row % 2 === 1) for (let i = at; i < at + start; i++) pulled[i] = -(pulled[i] ?? 0);
  }
  return pulled;
}
