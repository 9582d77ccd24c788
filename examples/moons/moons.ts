/** Two moons: two half circles, each with its tip inside the other's bow, blurred by a seed's noise. */
import { floats, type Labelled, RandomBlock } from '@glacis/core';

export const features = ['x', 'y'] as const;

/** By number: in sorted order, as readers of tables number them. */
export const classes = ['lower', 'upper'] as const;

const BLUR = 0.1;

/** `count` points of the seed, numbered from `first`; lower and upper take turns. */
export function moons(seed: number, first: number, count: number): Labelled {
  const y = Int32Array.from({ length: count }, (_, i) => (first + i) % 2);
  const points = Array.from(y).flatMap((kind, i) => {
    const random = new RandomBlock(seed, first + i, 0);
    const angle = Math.PI * random.uniform(0);
    const [u, v] = [Math.cos(angle), Math.sin(angle)];
    const [a, b] = kind === 1 ? [u, v] : [1 - u, 0.5 - v];
    // Three decimals: what the table says is what the network is trained on.
    return [a + BLUR * random.normal(1), b + BLUR * random.normal(2)].map((coordinate) =>
      Number(coordinate.toFixed(3)),
    );
  });
  return { x: floats(points, [count, 2]), y };
}
