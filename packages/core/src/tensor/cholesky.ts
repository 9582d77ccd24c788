/** Symmetric positive definite systems in float64: A = L·Lᵀ, row by row (Golub & Van Loan 2013, algorithm 4.2.1). */

/** L of A [size, size], of which the lower half is read. Throws RangeError where A is not positive definite. */
export function choleskyFactor(a: Float64Array, size: number): Float64Array {
  const l = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = a[i * size + j] ?? 0;
      for (let k = 0; k < j; k++) rest -= (l[i * size + k] ?? 0) * (l[j * size + k] ?? 0);
      if (i === j && !(rest > 0)) throw new RangeError('the matrix is not positive definite');
      l[i * size + j] = i === j ? Math.sqrt(rest) : rest / (l[j * size + j] ?? 1);
    }
  }
  return l;
}

/** A⁻¹·right, in the place of `right`. */
export function choleskySolve(l: Float64Array, right: Float64Array): void {
  const size = right.length;
  for (let i = 0; i < size; i++) {
    let rest = right[i] ?? 0;
    for (let k = 0; k < i; k++) rest -= (l[i * size + k] ?? 0) * (right[k] ?? 0);
    right[i] = rest / (l[i * size + i] ?? 1);
  }
  for (let i = size - 1; i >= 0; i--) {
    const value = (right[i] ?? 0) / (l[i * size + i] ?? 1);
    right[i] = value;
    // Column i of Lᵀ is row i of L.
    for (let k = 0; k < i; k++) right[k] = (right[k] ?? 0) - (l[i * size + k] ?? 0) * value;
  }
}
