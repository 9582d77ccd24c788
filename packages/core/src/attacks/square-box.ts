/**
 * Squares in ℓ∞: every feature of the window goes to one end of its range, all of a channel to the
 * same; the walk begins with vertical stripes (Andriushchenko et al. 2020, section 3.2). A square that
 * would change nothing is drawn again instead of asked about.
 */
import { type FeatureGrid, placeWindow, windowSize, type Window } from './feature-grid.ts';
import type { Moves, Walk } from './square.ts';

/** Draws of one query until something changes. */
const MOST_DRAWS = 16;

export function boxMoves(grid: FeatureGrid): Moves {
  const { channels, height, width, channelStep, rowStep, columnStep } = grid;
  const signWords = Math.ceil(channels / 32);
  const perDraw = 2 + signWords;

  const upwards = ({ random }: Walk, at: number, channel: number): boolean =>
    ((random.bits(at + (channel >> 5)) >>> (channel & 31)) & 1) === 1;

  /** Sets the window's features to their ends; returns whether any of them moved. */
  const fill = (walk: Walk, signsAt: number): boolean => {
    const { trial, lower, upper, window } = walk;
    let moved = false;
    for (let channel = 0; channel < channels; channel++) {
      const ends = upwards(walk, signsAt, channel) ? upper : lower;
      for (let y = window.top; y < window.top + window.height; y++) {
        let feature = channel * channelStep + y * rowStep + window.left * columnStep;
        for (let x = 0; x < window.width; x++, feature += columnStep) {
          const end = ends[feature] ?? 0;
          if (end === trial[feature]) continue;
          trial[feature] = end;
          moved = true;
        }
      }
    }
    return moved;
  };

  const copy = (from: Float32Array, to: Float32Array, window: Window): void => {
    for (let channel = 0; channel < channels; channel++) {
      for (let y = window.top; y < window.top + window.height; y++) {
        let feature = channel * channelStep + y * rowStep + window.left * columnStep;
        for (let x = 0; x < window.width; x++, feature += columnStep)
          to[feature] = from[feature] ?? 0;
      }
    }
  };

  return {
    begin: (walk) => {
      for (let left = 0; left < width; left++) {
        Object.assign(walk.window, { top: 0, left, height, width: 1 });
        fill(walk, left * signWords);
      }
      Object.assign(walk.window, { top: 0, left: 0, height, width });
    },
    propose: (walk, query, share) => {
      const size = windowSize(grid, share);
      const first = width * signWords + query * MOST_DRAWS * perDraw;
      for (let draw = 0; draw < MOST_DRAWS; draw++) {
        const at = first + draw * perDraw;
        placeWindow(walk.window, grid, size, walk.random, at);
        if (fill(walk, at + 2)) break;
      }
    },
    settle: (walk, accepted) => {
      if (accepted) copy(walk.trial, walk.best, walk.window);
      else copy(walk.best, walk.trial, walk.window);
    },
  };
}
