/**
 * How the features of one input lie on a plane, for attacks that change neighbours together: channels
 * of height × width, channels first or last. A sequence is one row; a long one whose length is a square
 * (or three of them) is taken for a flattened picture. Any grid is correct: it only says who is near whom.
 */
import type { RandomBlock } from '../tensor/random.ts';

export interface FeatureGrid {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Feature of (channel, row, column) = channel·channelStep + row·rowStep + column·columnStep. */
  readonly channelStep: number;
  readonly rowStep: number;
  readonly columnStep: number;
}

/** A sequence that is a picture laid flat has at least this side. */
const LEAST_SIDE = 8;
/** So few planes at the end are channels. */
const MOST_CHANNELS = 4;

/** The grid of a sample of this shape. */
export function gridOf(shape: readonly number[]): FeatureGrid {
  const axes = shape.filter((dim) => dim > 1);
  if (axes.length <= 1) return sequence(axes[0] ?? 1);
  const [height = 1, width = 1] = axes.slice(-2);
  if (axes.length === 2) return planes(1, height, width);
  const [rows = 1, columns = 1, last = 1] = axes;
  if (axes.length === 3 && last <= MOST_CHANNELS && rows > MOST_CHANNELS) {
    return {
      channels: last,
      height: rows,
      width: columns,
      channelStep: 1,
      rowStep: columns * last,
      columnStep: last,
    };
  }
  return planes(
    axes.slice(0, -2).reduce((product, dim) => product * dim, 1),
    height,
    width,
  );
}

function planes(channels: number, height: number, width: number): FeatureGrid {
  return {
    channels,
    height,
    width,
    channelStep: height * width,
    rowStep: width,
    columnStep: 1,
  };
}

function sequence(length: number): FeatureGrid {
  for (const channels of [1, 3]) {
    const side = Math.sqrt(length / channels);
    if (Number.isInteger(side) && side >= LEAST_SIDE) return planes(channels, side, side);
  }
  return planes(1, 1, length);
}

/** A rectangle of the plane, in all channels. */
export interface Window {
  top: number;
  left: number;
  height: number;
  width: number;
}

export interface WindowSize {
  readonly height: number;
  readonly width: number;
}

/** Height and width of the window, as square as the grid allows, that covers this share of the plane. */
export function windowSize({ height, width }: FeatureGrid, share: number, least = 1): WindowSize {
  const area = share * height * width;
  const across = Math.min(width, Math.max(least, Math.round(Math.sqrt(area))));
  const down = Math.min(height, Math.max(least, Math.round(area / across)));
  // A plane that is lower than the square is wide gets a wider window.
  return { height: down, width: Math.min(width, Math.max(across, Math.round(area / down))) };
}

/** Moves a window of this size to a random place; numbers `at` and `at + 1` of the block are used. */
export function placeWindow(
  window: Window,
  { height, width }: FeatureGrid,
  size: WindowSize,
  random: RandomBlock,
  at: number,
): void {
  window.height = size.height;
  window.width = size.width;
  window.top = Math.floor(random.uniform(at) * (height - size.height + 1));
  window.left = Math.floor(random.uniform(at + 1) * (width - size.width + 1));
}
