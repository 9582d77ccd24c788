/**
 * Random boxes around a network's inputs, of every awkward size, and float32 points inside them:
 * corners, ends, the centre and points between.
 */
import type { Tensors } from '../onnxruntime.ts';
import { floats, sizeOf, type Tensor, zeros } from '../../src/tensor/tensor.ts';
import type { Draw } from '../generators/draw.ts';

export interface Box {
  readonly centre: Tensor<'float32'>;
  readonly lower: Tensor<'float32'>;
  readonly upper: Tensor<'float32'>;
}

export type Boxes = Readonly<Record<string, Box>>;

type Ends = readonly [lower: number, upper: number];

/** How a box is drawn around an element x of [−1, 1]; the ends need not hold x. */
export const boxKinds: Readonly<Record<string, (draw: Draw, x: number) => Ends>> = {
  point: (_, x) => [x, x],
  tiny: (_, x) => [x, Math.fround(x + 1e-30)],
  nearZero: (draw) => [-draw.real(0, 1e-30), draw.real(0, 1e-30)],
  denormal: (draw) => [draw.pick([0, -1e-40]), draw.pick([1e-40, 1e-45])],
  narrow: (_, x) => [Math.fround(x - 1e-6), Math.fround(x + 1e-6)],
  small: (draw, x) => [Math.fround(x - draw.real(0, 0.01)), Math.fround(x + draw.real(0, 0.01))],
  medium: (draw, x) => [Math.fround(x - draw.real(0, 0.5)), Math.fround(x + draw.real(0, 0.5))],
  fromZero: (draw) => [0, draw.real(0, 1)],
  toZero: (draw) => [draw.real(-1, 0), 0],
  large: (draw) => [draw.real(-1e6, 0), draw.real(0, 1e6)],
  far: (draw) => [draw.real(1e5, 1e6), 1e6],
};

export function boxAround(draw: Draw, x: Tensor<'float32'>): Box {
  const rows = x.shape[0] ?? 1;
  const size = x.data.length / rows;
  const [centre, lower, upper] = [
    zeros('float32', x.shape),
    zeros('float32', x.shape),
    zeros('float32', x.shape),
  ];
  const kinds = Object.keys(boxKinds);
  for (let row = 0; row < rows; row++) {
    const mixed = draw.chance(0.2);
    const kind = draw.pick(kinds);
    for (let i = row * size; i < (row + 1) * size; i++) {
      const ends = boxKinds[mixed ? draw.pick(kinds) : kind];
      const [low, high] = ends?.(draw, x.data[i] ?? 0) ?? [0, 0];
      lower.data[i] = low;
      upper.data[i] = high;
      centre.data[i] = inside(draw, low, high);
    }
  }
  return { centre, lower, upper };
}

/** A float32 number from low to high (both float32). */
function inside(draw: Draw, low: number, high: number): number {
  return Math.min(Math.max(draw.real(low, high), low), high);
}

export function boxesAround(draw: Draw, feeds: Readonly<Record<string, Tensor<'float32'>>>): Boxes {
  return Object.fromEntries(Object.entries(feeds).map(([name, x]) => [name, boxAround(draw, x)]));
}

/** Boxes that reach as far as the radius of their input from the feeds, drawn anew for each element. */
export function boxesOf(
  feeds: Readonly<Record<string, Tensor<'float32'>>>,
  radius: (name: string) => number,
): Boxes {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, centre]) => {
      const end = (sign: number): Tensor<'float32'> =>
        floats(
          centre.data.map((x) => x + sign * radius(name)),
          centre.shape,
        );
      return [name, { centre, lower: end(-1), upper: end(1) }];
    }),
  );
}

/** What an interval graph is fed for the boxes. */
export function boxFeeds(boxes: Boxes): Record<string, Tensor<'float32'>> {
  return Object.fromEntries(
    Object.entries(boxes).flatMap(([name, { centre, lower, upper }]) => [
      [`centre:${name}`, centre],
      [`lower:${name}`, lower],
      [`upper:${name}`, upper],
    ]),
  );
}

/** One point of the boxes: the centre, all lower, all upper, then corners and points between. */
export function pointOf(draw: Draw, boxes: Boxes, kind: number): Record<string, Tensor<'float32'>> {
  return Object.fromEntries(
    Object.entries(boxes).map(([name, { centre, lower, upper }]) => {
      const data = Float32Array.from(centre.data, (c, i) => {
        const [low, high] = [lower.data[i] ?? 0, upper.data[i] ?? 0];
        if (kind < 3) return [c, low, high][kind] ?? c;
        return kind % 2 === 1 ? draw.pick([low, high]) : inside(draw, low, high);
      });
      return [name, floats(data, centre.shape)];
    }),
  );
}

/** A point whose rows are, in float64, at most ε from the centres; most of them nearly so. */
export function pointInBall(
  draw: Draw,
  boxes: Boxes,
  rows: number,
  epsilon: number,
): Record<string, Tensor<'float32'>> {
  return Object.fromEntries(
    Object.entries(boxes).map(([name, { centre }]) => {
      const data = Float32Array.from(centre.data);
      const size = data.length / rows;
      for (let row = 0; row < rows; row++) {
        const towards = draw.list(size, () => draw.real(-1, 1) ** 3);
        const length = Math.hypot(...towards);
        const reach = epsilon * (1 - 1e-6) * draw.pick([1, 1, draw.next()]);
        const shift = towards.map((t) => (t / length) * reach);
        const moved = shift.map((t, i) => Math.fround((data[row * size + i] ?? 0) + t));
        const distance = Math.hypot(...moved.map((x, i) => x - (data[row * size + i] ?? 0)));
        if (distance <= epsilon) data.set(moved, row * size);
      }
      return [name, floats(data, centre.shape)];
    }),
  );
}

/** Feeds of several points joined row after row: [points·rows, …]. */
export function joined(points: readonly Tensors[]): Record<string, Tensor<'float32'>> {
  const names = Object.keys(points[0] ?? {});
  return Object.fromEntries(
    names.map((name) => {
      const parts = points.map((point) => point[name]);
      const [rows = 1, ...rest] = parts[0]?.shape ?? [];
      const data = new Float32Array(points.length * rows * sizeOf(rest));
      parts.forEach((part, i) =>
        data.set((part?.data ?? []) as ArrayLike<number>, (i * data.length) / points.length),
      );
      return [name, floats(data, [points.length * rows, ...rest])];
    }),
  );
}
