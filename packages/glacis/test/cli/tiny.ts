/** A tiny classifier of the plane and points for it: quick to audit, with every verdict in reach. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BATCH, Builder, RandomBlock, tensor, writeModel } from '@glacis/core';
import { writeNpz } from '../../src/data/npz.ts';

export interface Tiny {
  readonly folder: string;
  readonly model: string;
  readonly data: string;
}

const HIDDEN = 16;

/** Class 0 is inside the diamond |x| + |y| < 1, class 1 outside, by ReLUs; noisy weights besides. */
export function tinyModel(): Uint8Array<ArrayBuffer> {
  const b = new Builder();
  const x = b.input('point', [BATCH, 2]);
  const random = new RandomBlock(1, 0, 0);
  const [first, second] = [new Float32Array(2 * HIDDEN), new Float32Array(2 * HIDDEN)];
  for (let k = 0; k < HIDDEN; k++) {
    const axis = k % 2;
    first[axis * HIDDEN + k] = k % 4 < 2 ? 1 : -1;
    first[(1 - axis) * HIDDEN + k] = 0.01 * random.normal(k);
    second[2 * k] = -4 / HIDDEN;
    second[2 * k + 1] = 4 / HIDDEN;
  }
  const hidden = b.relu(b.matMul(x, b.floats(first, [2, HIDDEN])));
  const scores = b.add(b.matMul(hidden, b.floats(second, [HIDDEN, 2])), b.floats([1, -1], [1, 2]));
  return writeModel(b.graph({ scores }));
}

/** Points of the square [−1.5, 1.5]², labelled by the diamond. */
export function tinyPoints(count: number): { x: Float32Array; y: BigInt64Array } {
  const x = new Float32Array(2 * count);
  const y = new BigInt64Array(count);
  for (let i = 0; i < count; i++) {
    const random = new RandomBlock(2, i, 0);
    const [a, c] = [3 * random.uniform(0) - 1.5, 3 * random.uniform(1) - 1.5];
    x.set([a, c], 2 * i);
    y[i] = Math.abs(a) + Math.abs(c) < 1 ? 0n : 1n;
  }
  return { x, y };
}

export function writeTiny(count: number): Tiny {
  const folder = mkdtempSync(join(tmpdir(), 'glacis-test-'));
  const [model, data] = [join(folder, 'tiny.onnx'), join(folder, 'points.npz')];
  const { x, y } = tinyPoints(count);
  writeFileSync(model, tinyModel());
  writeFileSync(
    data,
    writeNpz({ x: tensor('float32', [count, 2], x), y: tensor('int64', [count], y) }),
  );
  return { folder, model, data };
}
