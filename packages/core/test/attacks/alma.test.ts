// The penalty of ALMA against its definition: P(0) has slope μ, the slope is continuous there, rises with
// y, and is the derivative of P2(y) = μy + μρy² + ρ²y³/6 for y ≥ 0, μy / (1 − ρy) else.
import { expect, test } from 'vitest';
import { penaltySlope } from '../../src/attacks/alma.ts';

const penalty = (y: number, rho: number, mu: number): number =>
  y >= 0 ? mu * y + mu * rho * y * y + (rho * rho * y ** 3) / 6 : (mu * y) / (1 - rho * y);

test.each([
  [1, 1],
  [3, 0.2],
  [0.5, 7],
])('the slope of the penalty at ρ = %d, μ = %d is its derivative', (rho, mu) => {
  for (const y of [-3, -1, -0.1, 0.1, 1, 4]) {
    const h = 1e-5;
    const slope = (penalty(y + h, rho, mu) - penalty(y - h, rho, mu)) / (2 * h);
    expect(penaltySlope(y, rho, mu)).toBeCloseTo(slope, 5);
  }
  expect(penaltySlope(0, rho, mu)).toBe(mu);
});
