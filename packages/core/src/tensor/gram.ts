/**
 * Spectral norms bounded from above by Gram iteration (Delattre et al. 2023, "Efficient bound of Lipschitz
 * constant for convolutional layers by Gram iteration"): ‖A‖₂ ≤ ‖(AᵀA)^m‖_F^{1/2m}, m a power of two. Float64;
 * what its sums round to is added, so that the bound holds.
 */

const UNIT = 2 ** -52;

/** A dense matrix, row by row. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}

/** ‖A‖_F, rounded up. */
export function frobenius({ data }: Matrix): number {
  let [largest, sum] = [0, 0];
  for (const value of data) largest = Math.max(largest, Math.abs(value));
  if (largest === 0 || !Number.isFinite(largest)) return largest;
  for (const value of data) sum += (value / largest) ** 2;
  return largest * Math.sqrt(sum) * (1 + (data.length + 8) * UNIT);
}

/** A·Aᵀ. */
function gram({ rows, columns, data }: Matrix): Matrix {
  const product = new Float64Array(rows * rows);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      const [a, b] = [i * columns, j * columns];
      for (let k = 0; k < columns; k++) sum += (data[a + k] ?? 0) * (data[b + k] ?? 0);
      product[i * rows + j] = sum;
      product[j * rows + i] = sum;
    }
  }
  return { rows, columns: rows, data: product };
}

function transposed({ rows, columns, data }: Matrix): Matrix {
  const turned = Float64Array.from(data, (_, at) => {
    const [i, j] = [Math.floor(at / rows), at % rows];
    return data[j * columns + i] ?? 0;
  });
  return { rows: columns, columns: rows, data: turned };
}

/** Scaled by a power of two, which is exact, to a Frobenius norm around 1. */
function scaled(matrix: Matrix, size: number): { readonly matrix: Matrix; readonly scale: number } {
  const scale = 2 ** Math.round(Math.log2(size));
  return { matrix: { ...matrix, data: matrix.data.map((value) => value / scale) }, scale };
}

/** Multiplications that so many Gram steps take. */
export function gramCost(rows: number, columns: number, steps: number): number {
  const [less, more] = [Math.min(rows, columns), Math.max(rows, columns)];
  return 0.5 * (less * less * more + (steps - 1) * less ** 3);
}

/** Steps after which the bound exceeds the norm by at most 0.1 %. */
export function fullSteps(rows: number, columns: number): number {
  return Math.max(1, Math.ceil(Math.log2(Math.log(Math.min(rows, columns) + 1) / 0.001)) - 1);
}

/** At least ‖A‖₂; after no step, ‖A‖_F. */
export function spectralNormBound(matrix: Matrix, steps: number): number {
  const size = frobenius(matrix);
  if (steps === 0 || size === 0 || !Number.isFinite(size)) return size;
  const flat = matrix.rows <= matrix.columns ? matrix : transposed(matrix);
  const { matrix: unit, scale } = scaled(flat, size);
  // Each element of the product is off by at most γ of its terms' sizes, whose norm ‖A‖_F² bounds.
  const error = 2 * (flat.columns + 8) * UNIT * frobenius(unit) ** 2;
  const square = spectralNormBound(gram(unit), steps - 1) + error;
  return scale * Math.sqrt(square) * (1 + 8 * UNIT);
}
