/**
 * Loan applications that nobody made: eight features of very different scales, drawn by a seed, and
 * the decision of an imagined lender with a mind of its own (a smooth score and some chance).
 */
import { RandomBlock } from '@glacis/core';

export const features = [
  'age',
  'income',
  'employment_years',
  'savings',
  'loan_amount',
  'term_months',
  'debt_ratio',
  'late_payments',
] as const;

/** By number: in sorted order, as readers of tables number them. */
export const decisions = ['approved', 'declined'] as const;

export interface Application {
  /** In the order of `features`, rounded as a form would have them. */
  readonly values: readonly number[];
  /** Position in `decisions`. */
  readonly decision: number;
}

const terms = [12, 24, 36, 48, 60, 72];

function rounded(value: number, unit: number): number {
  return Math.round(value / unit) * unit;
}

/** Application number `index` of the seed. */
export function application(seed: number, index: number): Application {
  const random = new RandomBlock(seed, index, 0);
  const age = Math.round(21 + 49 * random.uniform(0) ** 1.3);
  const years = Math.min(30, Math.round((age - 19) * random.uniform(1) ** 1.5));
  const level = 10.4 + 0.02 * years + 0.4 * random.normal(1);
  const income = rounded(Math.exp(level), 100);
  const savings = rounded(income * 0.5 * random.exponential(4), 100);
  const amount = rounded(2000 + income * 0.6 * random.uniform(5), 100);
  const months = terms[Math.floor(terms.length * random.uniform(6))] ?? 36;
  const debt = Math.round(70 * random.uniform(7) ** 1.2) / 100;
  const late = Math.min(9, Math.floor(1.3 * random.exponential(8)));
  const burden = amount / months / (income / 12);
  const score =
    1.1 +
    0.9 * Math.log(income / 35_000) +
    0.5 * Math.log1p(savings / 5000) +
    0.6 * Math.tanh((years - 4) / 4) +
    0.01 * (age - 40) -
    5 * burden -
    3.5 * Math.max(0, debt - 0.25) -
    0.75 * late;
  const chance = random.normal(5) * 0.35;
  return {
    values: [age, income, years, savings, amount, months, debt, late],
    decision: score + chance > 0 ? 0 : 1,
  };
}
