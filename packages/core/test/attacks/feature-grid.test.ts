// Grids: every feature has one place, and windows stay inside and cover what was asked.
import { describe, expect, test } from 'vitest';
import { gridOf, placeWindow, windowSize } from '../../src/attacks/feature-grid.ts';
import { RandomBlock } from '../../src/tensor/random.ts';

const shapes = [
  [1, 28, 28],
  [3, 32, 32],
  [32, 32, 3],
  [784],
  [1, 784, 1],
  [3072],
  [13],
  [5, 7],
  [1],
  [2, 3, 4, 5],
];

describe.each(shapes)('a sample of shape %j', (...shape) => {
  const grid = gridOf(shape);

  test('every feature has exactly one place', () => {
    const places = new Set<number>();
    for (let channel = 0; channel < grid.channels; channel++) {
      for (let y = 0; y < grid.height; y++) {
        for (let x = 0; x < grid.width; x++) {
          places.add(channel * grid.channelStep + y * grid.rowStep + x * grid.columnStep);
        }
      }
    }
    const size = shape.reduce((product, dim) => product * dim, 1);
    expect([...places].sort((p, q) => p - q)).toEqual(Array.from({ length: size }, (_, i) => i));
  });

  test('windows lie inside the plane', () => {
    const window = { top: 0, left: 0, height: 0, width: 0 };
    for (let draw = 0; draw < 200; draw++) {
      const random = new RandomBlock(1, 0, draw);
      placeWindow(window, grid, windowSize(grid, random.uniform(9), 1 + (draw % 3)), random, 0);
      expect(Math.min(window.top, window.left)).toBeGreaterThanOrEqual(0);
      expect(window.top + window.height).toBeLessThanOrEqual(grid.height);
      expect(window.left + window.width).toBeLessThanOrEqual(grid.width);
      expect(window.height * window.width).toBeGreaterThan(0);
    }
  });
});

test('a picture laid flat is seen as a picture, a short sequence as a line', () => {
  expect(gridOf([784])).toMatchObject({ channels: 1, height: 28, width: 28 });
  expect(gridOf([3072])).toMatchObject({ channels: 3, height: 32, width: 32 });
  expect(gridOf([36])).toMatchObject({ channels: 1, height: 1, width: 36 });
});

test('a window on a line is as long as a square would be large', () => {
  expect(windowSize(gridOf([40]), 0.5)).toEqual({ height: 1, width: 20 });
  expect(windowSize(gridOf([1, 28, 28]), 0.8)).toEqual({ height: 25, width: 25 });
});
