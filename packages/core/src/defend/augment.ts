/** Augmentation of images [batch, channels, height, width]: mirrored left to right, and shifted. */
import type { Tensor } from '../tensor/tensor.ts';
import { augmentationOf, type Draw } from './draws.ts';

export interface Augmentation {
  /** Half of the images are mirrored. */
  readonly flip: boolean;
  /** Moved by up to so many pixels in each direction; what comes in is 0. */
  readonly shift: number;
}

/** Changes the rows in place; each row's draw belongs to its sample. Throws RangeError for what is no image. */
export function augment(
  x: Tensor<'float32'>,
  samples: Uint32Array,
  { flip, shift }: Augmentation,
  draw: Draw,
): void {
  const [, channels, height, width] = x.shape;
  if (x.shape.length !== 4 || !channels || !height || !width) {
    throw new RangeError('flips and shifts are for images [channels, height, width]');
  }
  const plane = height * width;
  samples.forEach((sample, row) => {
    const random = augmentationOf(draw, sample);
    const move = (element: number): number =>
      Math.floor(random.uniform(element) * (2 * shift + 1)) - shift;
    const [down, right, mirrors] = [move(0), move(1), flip && random.sign(2) > 0];
    for (let channel = 0; channel < channels; channel++) {
      const start = (row * channels + channel) * plane;
      const image = x.data.subarray(start, start + plane);
      if (mirrors) mirror(image, width);
      if (down !== 0 || right !== 0) moved(image, width, down, right);
    }
  });
}

function mirror(image: Float32Array, width: number): void {
  for (let at = 0; at < image.length; at += width) image.subarray(at, at + width).reverse();
}

function moved(image: Float32Array, width: number, down: number, right: number): void {
  const from = image.slice();
  image.fill(0);
  const height = image.length / width;
  for (let to = Math.max(0, down); to < Math.min(height, height + down); to++) {
    const source = (to - down) * width;
    const [start, end] = [Math.max(0, -right), Math.min(width, width - right)];
    image.set(from.subarray(source + start, source + end), to * width + start + right);
  }
}
