/**
 * The outline of an ℓp ball in the plane, as a closed polygon in the data's units: a square for ℓ∞, a
 * disc for ℓ2, a diamond for ℓ1. The ℓ0 "ball" of one feature is a cross of two lines across the view.
 */
import type { NormName } from '@glacis/core';

export type Point = readonly [number, number];

interface View {
  readonly xRange: Point;
  readonly yRange: Point;
}

const discPoints = 96;

/** One or more outlines; a cross is two of them. */
export function ballOutlines(norm: NormName, centre: Point, radius: number, view: View): Point[][] {
  const [x, y] = centre;
  const at = (dx: number, dy: number): Point => [x + radius * dx, y + radius * dy];
  switch (norm) {
    case 'linf':
      return [[at(-1, -1), at(1, -1), at(1, 1), at(-1, 1)]];
    case 'l1':
      return [[at(-1, 0), at(0, -1), at(1, 0), at(0, 1)]];
    case 'l2':
      return [
        Array.from({ length: discPoints }, (_, index) => {
          const angle = (2 * Math.PI * index) / discPoints;
          return at(Math.cos(angle), Math.sin(angle));
        }),
      ];
    case 'l0':
      return [
        [
          [view.xRange[0], y],
          [view.xRange[1], y],
        ],
        [
          [x, view.yRange[0]],
          [x, view.yRange[1]],
        ],
      ];
  }
}
