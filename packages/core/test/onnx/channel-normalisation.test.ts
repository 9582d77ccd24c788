/**
 * LRN, the normalisation across channels of AlexNet and GoogLeNet (Krizhevsky et al. 2012): bounds hold what
 * ONNX Runtime gives, whose kernel slides a sum over the channels, adding in front and taking off behind.
 */
import { expect, test } from 'vitest';
import { readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { floats, type Tensor } from '../../src/tensor/tensor.ts';
import { Draw } from '../generators/draw.ts';
import { load } from '../onnxruntime.ts';
import { expectBelow } from '../transforms/below.ts';
import { boxesOf, boxFeeds } from '../transforms/boxes.ts';
import { intervalGraph } from '../transforms/interval-graph.ts';
import { one, onnxFile } from './hand-made.ts';

const normalised = (channels: number, alpha: number): Uint8Array<ArrayBuffer> =>
  onnxFile(
    one('LRN', '', {
      x: ['n', channels, 2, 2],
      attributes: { size: 3, alpha: { float: alpha }, beta: { float: 0.75 } },
    }),
  );

function picture(draw: Draw, channels: number): Tensor<'float32'> {
  const values = draw.list(4 * channels, () => Math.fround(draw.real(-2, 2)));
  return floats(values, [1, channels, 2, 2]);
}

test('linear bounds are below the output at points of boxes of every size', async () => {
  const read = readModel(normalised(5, 0.5)).graph;
  const graph = { ...read, outputs: read.outputs.map(({ id }) => ({ name: 'out', id })) };
  const draw = new Draw(61);
  let kept = 0;
  for (let i = 0; i < 4; i++) {
    const feeds = { x: picture(draw, 5) };
    const boxes = boxesOf(feeds, () => [1e-3, 0.1, 0.5, 1][i] ?? 0);
    kept += (await expectBelow({ graph, feeds, rows: 1, seed: i }, boxes, draw)).kept;
  }
  expect(kept).toBeGreaterThan(6);
});

test('a channel that is far larger leaves its rounding in the sums behind it, and bounds know', async () => {
  const [channels, draw] = [48, new Draw(62)];
  const bytes = normalised(channels, 1);
  const [original, { graph }] = [await load(bytes), readModel(bytes)];
  const program = await load(writeModel(intervalGraph(graph, { output: 'y' })));
  const read = await load(writeModel(graph));
  let apart = 0;
  for (const size of [20, 60, 100, 200]) {
    const x = picture(draw, channels);
    x.data.fill(size, 0, 4);
    const ends = await program.run(boxFeeds(boxesOf({ x }, () => 1e-6)));
    expect(ends['finite']?.data[0]).toBe(1);
    const given = Array.from((await original.run({ x }))['y']?.data ?? [], Number);
    const own = Array.from((await read.run({ x }))['y']?.data ?? [], Number);
    given.forEach((value, i) => {
      expect(value).toBeGreaterThanOrEqual(Number(ends['lower']?.data[i]));
      expect(value).toBeLessThanOrEqual(Number(ends['upper']?.data[i]));
      apart = Math.max(apart, Math.abs(value - (own[i] ?? 0)) / Math.abs(value));
    });
  }
  // Far more than float32 rounds a sum of three squares by.
  expect(apart).toBeGreaterThan(1e-5);
});
