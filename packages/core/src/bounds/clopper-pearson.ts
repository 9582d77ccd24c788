/**
 * What counting hits proves about a probability: the one-sided bound of Clopper and Pearson (1934), and the
 * quantile of the normal distribution that turns it into a radius. Float64; both are rounded downwards, so that
 * whatever rests on them is conservative.
 */

/** Relative error that a tail may have here: a few hundred times what it has. */
const TAIL_ERROR = 1e-10;
const QUANTILE_ERROR = 1e-14;

/** ln n! − ln(√(2πn)·(n/e)ⁿ): exact sums for small n, Stirling's series beyond. */
function stirlingError(n: number): number {
  if (n < 16) {
    let logarithm = 0;
    for (let i = 2; i <= n; i++) logarithm += Math.log(i);
    return logarithm - (0.5 * Math.log(2 * Math.PI * n) + n * Math.log(n) - n);
  }
  const square = n * n;
  const series = 1 / 1260 - (1 / 1680 - 1 / 1188 / square) / square;
  return (1 / 12 - (1 / 360 - series / square) / square) / n;
}

/** x·ln(x/m) + m − x, without cancellation near x = m (Loader 2000). */
function deviance(x: number, m: number): number {
  if (Math.abs(x - m) >= 0.1 * (x + m)) return x * Math.log(x / m) + m - x;
  const v = (x - m) / (x + m);
  let sum = (x - m) * v;
  let term = 2 * x * v;
  for (let j = 1; ; j++) {
    term *= v * v;
    const next = sum + term / (2 * j + 1);
    if (next === sum) return sum;
    sum = next;
  }
}

/** P(X = k) of n trials with success p, 0 < p < 1 (Loader 2000, "Fast and accurate computation of binomial probabilities"). */
function binomialMass(k: number, n: number, p: number): number {
  if (k === n) return Math.exp(n * Math.log(p));
  if (k === 0) return Math.exp(n * Math.log1p(-p));
  const exponent =
    stirlingError(n) -
    stirlingError(k) -
    stirlingError(n - k) -
    deviance(k, n * p) -
    deviance(n - k, n * (1 - p));
  return Math.exp(exponent) * Math.sqrt(n / (2 * Math.PI * k * (n - k)));
}

/** P(X ≥ k), n trials with success p, 0 < p < 1: the regularised incomplete beta function I_p(k, n − k + 1), as its finite sum of positive terms. */
export function binomialTail(k: number, n: number, p: number): number {
  if (k <= 0) return 1;
  // From beyond the mean, the terms would start where they underflow.
  if (k < n * p) return 1 - binomialTail(n - k + 1, n, 1 - p);
  const odds = p / (1 - p);
  let term = binomialMass(k, n, p);
  let sum = term;
  for (let j = k; j < n; j++) {
    const ratio = ((n - j) / (j + 1)) * odds;
    term *= ratio;
    sum += term;
    if (term < sum * 1e-17 * (1 - ratio)) break;
  }
  return sum;
}

/**
 * A lower bound of the success probability of which k of n trials were hits, wrong with probability at most
 * alpha ≤ ½: the p for which so many hits have probability alpha. Throws RangeError.
 */
export function clopperPearsonLower(k: number, n: number, alpha: number): number {
  if (!Number.isSafeInteger(n) || !Number.isSafeInteger(k) || n < 1 || k < 0 || k > n) {
    throw new RangeError(`${k} of ${n} trials cannot be hits`);
  }
  if (!(alpha > 0 && alpha <= 0.5)) {
    throw new RangeError(`alpha lies between 0 and 1/2, not ${alpha}`);
  }
  if (k === 0) return 0;
  const isBelow = (p: number): boolean => binomialTail(k, n, p) * (1 + TAIL_ERROR) <= alpha;
  // At the share of hits, half of the outcomes or more are as large.
  let [low, high] = [0, k / n];
  for (;;) {
    const middle = low + (high - low) / 2;
    if (middle <= low || middle >= high || high - low <= 1e-16 * high) return low;
    if (isBelow(middle)) low = middle;
    else high = middle;
  }
}

const polynomial = (coefficients: readonly number[], x: number): number =>
  coefficients.reduceRight((sum, coefficient) => sum * x + coefficient, 0);

/** Coefficients of Wichura 1988 (AS 241, PPND16): near the middle, in the tails, far out. */
const CENTRE = [
  [
    3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946,
    45921.95393154987, 67265.7709270087, 33430.57558358813, 2509.0809287301227,
  ],
  [
    1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597,
    39307.89580009271, 28729.085735721943, 5226.495278852854,
  ],
] as const;
const TAIL = [
  [
    1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045,
    1.2704582524523684, 0.2417807251774506, 0.022723844989269184, 0.0007745450142783414,
  ],
  [
    1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008,
    0.015198666563616457, 0.0005475938084995345, 1.0507500716444169e-9,
  ],
] as const;
const FAR = [
  [
    6.657904643501103, 5.463784911164114, 1.7848265399172913, 0.29656057182850487,
    0.026532189526576124, 0.0012426609473880784, 2.7115555687434876e-5, 2.0103343992922881e-7,
  ],
  [
    1, 0.599832206555888, 0.1369298809227358, 0.014875361290850615, 0.0007868691311456133,
    1.8463183175100548e-5, 1.421511758316446e-7, 2.0442631033899397e-15,
  ],
] as const;

/** Φ⁻¹(p), rounded downwards. */
export function normalQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) throw new RangeError(`a probability lies between 0 and 1, not ${p}`);
  const q = p - 0.5;
  let value: number;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    value = (q * polynomial(CENTRE[0], r)) / polynomial(CENTRE[1], r);
  } else {
    const r = Math.sqrt(-Math.log(Math.min(p, 1 - p)));
    if (r === Infinity) return q < 0 ? -Infinity : Infinity;
    const [[over, under], at] = r <= 5 ? [TAIL, r - 1.6] : [FAR, r - 5];
    value = Math.sign(q) * (polynomial(over, at) / polynomial(under, at));
  }
  return value - QUANTILE_ERROR * Math.abs(value);
}
