/** Windows of values as arrays: where each of their numbers is in the whole. */
import type { Node } from '../graph/graph.ts';
import { windowSize } from '../graph/ops/windows.ts';
import { floats, type Tensor } from '../tensor/tensor.ts';
import type { Seen } from '../transforms/place-windows.ts';

/** Where the numbers of windows come from, the same for every channel. */
export interface Gathering {
  /** Places of a window, by axis. */
  readonly size: readonly number[];
  /** Elements of a channel of the whole. */
  readonly area: number;
  /** [places × places of a window]: an index into a channel, or −1 outside the image. */
  readonly sources: Int32Array;
}

export function gatheringOf(seen: Seen, target: Node): Gathering {
  const { node, window } = seen;
  const size = windowSize(window);
  const [whole, places] = [node.shape.slice(2).map(Number), target.shape.slice(2).map(Number)];
  const width = productOf(size);
  const count = productOf(places);
  const sources = new Int32Array(count * width).fill(-1);
  for (let place = 0; place < count; place++) {
    const corner = indicesOf(place, places).map(
      (at, i) => (window.strides[i] ?? 1) * at + (window.first[i] ?? 0),
    );
    for (let k = 0; k < width; k++) {
      const at = indicesOf(k, size).map((offset, i) => offset + (corner[i] ?? 0));
      if (at.some((each, i) => each < 0 || each >= (whole[i] ?? 0))) continue;
      sources[place * width + k] = at.reduce((index, each, i) => index * (whole[i] ?? 1) + each, 0);
    }
  }
  return { size, area: productOf(whole), sources };
}

/** The windows of some places [places, channels, …window]; 0 outside. `from` null: 1 inside, of one channel. */
export function gathered(
  { size, area, sources }: Gathering,
  places: readonly number[],
  from: Float32Array | null,
): Tensor<'float32'> {
  const channels = from ? from.length / area : 1;
  const width = productOf(size);
  const data = new Float32Array(places.length * channels * width);
  let to = 0;
  for (const place of places) {
    for (let channel = 0; channel < channels; channel++) {
      for (let k = place * width; k < (place + 1) * width; k++, to++) {
        const source = sources[k] ?? -1;
        if (source >= 0) data[to] = from ? (from[channel * area + source] ?? Number.NaN) : 1;
      }
    }
  }
  return floats(data, [places.length, channels, ...size]);
}

/** The index along each axis, the last fastest. */
function indicesOf(index: number, sizes: readonly number[]): number[] {
  const at: number[] = [];
  let rest = index;
  for (const size of sizes.toReversed()) {
    at.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return at;
}

export function productOf(sizes: readonly (number | string)[]): number {
  return sizes.reduce<number>((product, size) => product * Number(size), 1);
}
