/** Two moons for tests: two half circles, each with its tip inside the other's bow. */
import type { Labelled } from '../src/defend/labelled.ts';
import { RandomBlock } from '../src/tensor/random.ts';
import { floats } from '../src/tensor/tensor.ts';

const BLUR = 0.05;

/** `count` points of the seed, numbered from `first`; the moons take turns. */
export function moons(seed: number, first: number, count: number): Labelled {
  const y = Int32Array.from({ length: count }, (_, i) => (first + i) % 2);
  const points = Array.from(y).flatMap((kind, i) => {
    const random = new RandomBlock(seed, first + i, 0);
    const angle = Math.PI * random.uniform(0);
    const [u, v] = [Math.cos(angle), Math.sin(angle)];
    const [a, b] = kind === 1 ? [u, v] : [1 - u, 0.5 - v];
    return [a + BLUR * random.normal(1), b + BLUR * random.normal(2)];
  });
  return { x: floats(points, [count, 2]), y };
}
