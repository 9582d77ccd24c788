/** Images are mirrored and shifted whole, and always alike for a sample and an epoch. */
import { expect, test } from 'vitest';
import { augment } from '../../src/defend/augment.ts';
import { floats } from '../../src/tensor/tensor.ts';

/** Ten images of the numbers 1 to 6 in two rows. */
const images = (): ReturnType<typeof floats> =>
  floats(Array.from({ length: 10 }, () => [1, 2, 3, 4, 5, 6]).flat(), [10, 1, 2, 3]);
const samples = Uint32Array.from({ length: 10 }, (_, i) => i);

test('half of the images are mirrored', () => {
  const x = images();
  augment(x, samples, { flip: true, shift: 0 }, { seed: 1, epoch: 0 });
  const rows = Array.from(samples, (i) => x.data.slice(6 * i, 6 * i + 6).join(''));
  expect(new Set(rows)).toEqual(new Set(['123456', '321654']));
});

test('what a shift moves out is lost, and zeros come in', () => {
  const x = images();
  augment(x, samples, { flip: false, shift: 1 }, { seed: 1, epoch: 0 });
  const down = ['456000', '123456', '000123'];
  const shifted = down.flatMap((rows) => {
    const [a, b] = [rows.slice(0, 3), rows.slice(3)];
    return [rows, `${a.slice(1)}0${b.slice(1)}0`, `0${a.slice(0, 2)}0${b.slice(0, 2)}`];
  });
  const rows = Array.from(samples, (i) => x.data.slice(6 * i, 6 * i + 6).join(''));
  for (const row of rows) expect(shifted).toContain(row);
  expect(new Set(rows).size).toBeGreaterThan(3);
});

test('a sample is augmented alike in any batch, and otherwise in another epoch', () => {
  const [all, one] = [images(), floats([1, 2, 3, 4, 5, 6], [1, 1, 2, 3])];
  const options = { flip: true, shift: 1 };
  augment(all, samples, options, { seed: 1, epoch: 4 });
  augment(one, Uint32Array.of(7), options, { seed: 1, epoch: 4 });
  expect(one.data).toEqual(all.data.slice(42, 48));
  const later = images();
  augment(later, samples, options, { seed: 1, epoch: 5 });
  expect(later.data).not.toEqual(all.data);
});

test('vectors are refused', () => {
  const vectors = floats([1, 2], [1, 2]);
  expect(() => {
    augment(vectors, Uint32Array.of(0), { flip: true, shift: 0 }, { seed: 0, epoch: 0 });
  }).toThrow('flips and shifts are for images');
});
