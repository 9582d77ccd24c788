/**
 * Inputs as pictures: which layout an array's shape means, and PNG data URIs of the array itself and
 * of a signed change. A change is drawn in two colours, its strength as opacity, so that it reads on
 * white and on black. The PNG encoder is loaded on first use.
 */
import { trusted, type Html } from './html.ts';

/** Element (y, x, c) of a picture lies at y·rowStride + x·columnStride + c·channelStride. */
export interface Layout {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  readonly rowStride: number;
  readonly columnStride: number;
  readonly channelStride: number;
}

const smallest = 4;
const smallestFlat = 14;

/** How an array of this shape is a picture; null when it is not one. */
export function layoutOf(shape: readonly number[]): Layout | null {
  const dims = shape.slice(shape.length === 4 && shape[0] === 1 ? 1 : 0);
  const [a = 0, b = 0, c = 0] = dims;
  if (dims.length === 3 && (a === 1 || a === 3) && bigEnough(b, c)) return planes(a, b, c);
  if (dims.length === 3 && (c === 1 || c === 3) && bigEnough(a, b)) {
    return {
      height: a,
      width: b,
      channels: c,
      rowStride: b * c,
      columnStride: c,
      channelStride: 1,
    };
  }
  if (dims.length === 2 && bigEnough(a, b)) return planes(1, a, b);
  const flat = dims.length === 1 ? a : dims.length === 2 && a === 1 ? b : 0;
  for (const channels of [1, 3] as const) {
    const side = Math.sqrt(flat / channels);
    if (Number.isInteger(side) && side >= smallestFlat) return planes(channels, side, side);
  }
  return null;
}

function bigEnough(height: number, width: number): boolean {
  return height >= smallest && width >= smallest;
}

function planes(channels: 1 | 3, height: number, width: number): Layout {
  return {
    height,
    width,
    channels,
    rowStride: width,
    columnStride: 1,
    channelStride: height * width,
  };
}

export interface Painter {
  /** The array, its range mapped to black … white. */
  image(values: Float32Array, layout: Layout, range: readonly [number, number]): Html;
  /** `after − before`: warm where it grew, cool where it shrank, full colour at the largest change. */
  change(before: Float32Array, after: Float32Array, layout: Layout): Html;
}

type Paint = (offset: number, layout: Layout) => readonly [number, number, number, number];

const grew = [206, 86, 54] as const;
const shrank = [38, 122, 168] as const;

export async function openPainter(): Promise<Painter> {
  const { PNG } = await import('pngjs');
  const encode = (layout: Layout, paint: Paint): Html => {
    const { width, height } = layout;
    const png = new PNG({ width, height });
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const colour = paint(y * layout.rowStride + x * layout.columnStride, layout);
        png.data.set(colour, (y * width + x) * 4);
      }
    }
    return trusted(`data:image/png;base64,${PNG.sync.write(png).toString('base64')}`);
  };
  return {
    image: (values, layout, [low, high]) => {
      const scale = high > low ? 255 / (high - low) : 0;
      const level = (offset: number): number =>
        Math.round(Math.min(255, Math.max(0, ((values[offset] ?? low) - low) * scale)));
      return encode(layout, (offset, { channels, channelStride }) =>
        channels === 1
          ? [level(offset), level(offset), level(offset), 255]
          : [level(offset), level(offset + channelStride), level(offset + 2 * channelStride), 255],
      );
    },
    change: (before, after, layout) => {
      const largest = largestChange(before, after);
      return encode(layout, (offset, { channels, channelStride }) => {
        let strongest = 0;
        for (let channel = 0; channel < channels; channel++) {
          const at = offset + channel * channelStride;
          const delta = (after[at] ?? 0) - (before[at] ?? 0);
          if (Math.abs(delta) > Math.abs(strongest)) strongest = delta;
        }
        const [red, green, blue] = strongest > 0 ? grew : shrank;
        const opacity = largest > 0 ? Math.round((255 * Math.abs(strongest)) / largest) : 0;
        return [red, green, blue, opacity];
      });
    },
  };
}

export function largestChange(before: Float32Array, after: Float32Array): number {
  return before.reduce((most, value, index) => {
    const delta = Math.abs((after[index] ?? 0) - value);
    return delta > most ? delta : most;
  }, 0);
}

/** The least and greatest value of both arrays. */
export function rangeOf(before: Float32Array, after: Float32Array): readonly [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const values of [before, after]) {
    for (const value of values) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return low <= high ? [low, high] : [0, 1];
}
