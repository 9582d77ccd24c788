/** How values scatter, about their mean or about the line through them. */

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function variance(values: readonly number[]): number {
  const middle = mean(values);
  return values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1);
}

/** Variance about the line of least squares through values at equal distances. */
export function varianceAboutLine(values: readonly number[]): number {
  const [middle, centre] = [mean(values), (values.length - 1) / 2];
  let [product, square, rest] = [0, 0, 0];
  values.forEach((value, k) => {
    product += (k - centre) * (value - middle);
    square += (k - centre) ** 2;
  });
  values.forEach((value, k) => {
    rest += (value - middle - (product / square) * (k - centre)) ** 2;
  });
  return rest / (values.length - 2);
}
