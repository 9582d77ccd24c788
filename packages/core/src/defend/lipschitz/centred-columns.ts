/** Columns without their means: weights and biases do not mix then. */

export interface CentredColumns {
  /** [rows, columns] */
  readonly centred: Float64Array;
  readonly means: Float64Array;
}

export function centredColumns(x: Float64Array, rows: number): CentredColumns {
  const means = new Float64Array(x.length / rows);
  x.forEach((value, i) => {
    const column = i % means.length;
    means[column] = (means[column] ?? 0) + value / rows;
  });
  return { centred: x.map((value, i) => value - (means[i % means.length] ?? 0)), means };
}
