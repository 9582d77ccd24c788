/**
 * The exact margin of a tiny dense network of the plane by brute force: in every pattern of activations the
 * network is affine on a polygon, and the nearest point of it where a rival has caught up is a vertex of a
 * polytope in (x, y, ε). Float64, no solver.
 */
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import type { Node } from '../../src/graph/graph.ts';
import { writeModel } from '../../src/onnx/write.ts';
import type { Draw } from '../generators/draw.ts';

/** Rows of weights by output, and biases. */
interface Affine {
  readonly weights: readonly (readonly number[])[];
  readonly bias: readonly number[];
}

export interface Dense {
  readonly layers: readonly Affine[];
  readonly bytes: Uint8Array;
}

/** A random network with ReLUs between its layers; weights are float32. */
export function denseModel(
  draw: Draw,
  inputs: number,
  hidden: readonly number[],
  classes: number,
): Dense {
  const widths = [inputs, ...hidden, classes];
  const layers = widths.slice(1).map((width, i): Affine => {
    const row = (): number[] => draw.list(widths[i] ?? 1, () => Math.fround(draw.real(-1, 1)));
    const bias = draw.list(width, () => Math.fround(draw.real(-0.5, 0.5)));
    return { weights: Array.from({ length: width }, row), bias };
  });
  const b = new Builder();
  let x: Node = b.input('x', [BATCH, inputs]);
  layers.forEach(({ weights, bias }, i) => {
    const before = widths[i] ?? 1;
    const matrix = Array.from({ length: before }, (_, j) => weights.map((row) => row[j] ?? 0));
    const product = b.matMul(x, b.floats(matrix.flat(), [before, bias.length]));
    const value = b.add(product, b.floats([...bias], [1, bias.length]));
    x = i < layers.length - 1 ? b.relu(value) : value;
  });
  return { layers, bytes: writeModel(b.graph({ scores: x })) };
}

const dot = (a: readonly number[], x: ArrayLike<number>): number =>
  a.reduce((sum, value, i) => sum + value * (x[i] ?? 0), 0);

/** The scores at a point. */
export function scoresOf({ layers }: Dense, x: ArrayLike<number>): number[] {
  return layers.reduce<number[]>(
    (value, { weights, bias }, i) => {
      const next = weights.map((row, k) => dot(row, value) + (bias[k] ?? 0));
      return i < layers.length - 1 ? next.map((each) => Math.max(0, each)) : next;
    },
    Array.from(x, Number),
  );
}

/** a·(x, y, ε) ≤ most. */
interface HalfSpace {
  readonly a: readonly [number, number, number];
  readonly most: number;
}

/** An affine function of (x, y): its gradient and its value at 0. */
type Line = readonly [number, number, number];

/** The least ε at which a rival's score reaches the label's in [0, 1]²; Infinity where none does. */
export function nearestRival(
  { layers }: Dense,
  centre: Float32Array,
  label: number,
  norm: 'linf' | 'l1',
): number {
  const ball: HalfSpace[] = [];
  const ends =
    norm === 'linf'
      ? [
          [1, 0],
          [-1, 0],
          [0, 1],
          [0, -1],
        ]
      : [
          [1, 1],
          [1, -1],
          [-1, 1],
          [-1, -1],
        ];
  for (const [p = 0, q = 0] of ends) ball.push({ a: [p, q, -1], most: dot([p, q], centre) });
  for (const [p, q, most] of [
    [1, 0, 1],
    [-1, 0, 0],
    [0, 1, 1],
    [0, -1, 0],
  ] as const) {
    ball.push({ a: [p, q, 0], most });
  }
  let least = Infinity;
  const visit = (place: number, value: readonly Line[], inside: readonly HalfSpace[]): void => {
    const layer = layers[place];
    if (!layer) return;
    const next = layer.weights.map((row, k): Line => {
      const part = (i: 0 | 1 | 2): number =>
        row.reduce((sum, w, j) => sum + w * (value[j]?.[i] ?? 0), 0);
      return [part(0), part(1), part(2) + (layer.bias[k] ?? 0)];
    });
    if (place === layers.length - 1) {
      next.forEach((rival, k) => {
        const own = next[label];
        if (k === label || !own) return;
        const caught: HalfSpace = {
          a: [own[0] - rival[0], own[1] - rival[1], 0],
          most: rival[2] - own[2],
        };
        least = Math.min(least, leastEps([...inside, caught]));
      });
      return;
    }
    for (let pattern = 0; pattern < 2 ** next.length; pattern++) {
      const on = next.map((_, k) => ((pattern >> k) & 1) === 1);
      const signs = next.map(([p, q, c], k): HalfSpace =>
        on[k] ? { a: [-p, -q, 0], most: c } : { a: [p, q, 0], most: -c },
      );
      const cell = [...inside, ...signs];
      // Cells that are empty have no vertex.
      if (leastEps(cell) === Infinity) continue;
      visit(
        place + 1,
        next.map((line, k): Line => (on[k] ? line : [0, 0, 0])),
        cell,
      );
    }
  };
  visit(
    0,
    [
      [1, 0, 0],
      [0, 1, 0],
    ],
    ball,
  );
  return least;
}

/** The least ε over the vertices of half-spaces. */
function leastEps(spaces: readonly HalfSpace[]): number {
  let least = Infinity;
  spaces.forEach((p, i) => {
    for (let j = i + 1; j < spaces.length; j++) {
      for (let k = j + 1; k < spaces.length; k++) {
        const [q, r] = [spaces[j], spaces[k]];
        const vertex = q && r && meeting(p, q, r);
        if (!vertex || !(vertex[2] < least)) continue;
        if (spaces.every(({ a, most }) => dot(a, vertex) <= most + 1e-9)) least = vertex[2];
      }
    }
  });
  return least;
}

/** Where three planes meet (Cramer's rule). */
function meeting(p: HalfSpace, q: HalfSpace, r: HalfSpace): [number, number, number] | null {
  const det = (a: readonly number[], b: readonly number[], c: readonly number[]): number => {
    const [a0 = 0, a1 = 0, a2 = 0] = a;
    const [b0 = 0, b1 = 0, b2 = 0] = b;
    const [c0 = 0, c1 = 0, c2 = 0] = c;
    return a0 * (b1 * c2 - b2 * c1) - a1 * (b0 * c2 - b2 * c0) + a2 * (b0 * c1 - b1 * c0);
  };
  const whole = det(p.a, q.a, r.a);
  if (Math.abs(whole) < 1e-12) return null;
  const replaced = (i: number): number => {
    const row = ({ a, most }: HalfSpace): number[] => a.map((value, k) => (k === i ? most : value));
    return det(row(p), row(q), row(r)) / whole;
  };
  return [replaced(0), replaced(1), replaced(2)];
}
