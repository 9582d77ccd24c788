/** Gradients of linear models are the same everywhere, those of a wave point anywhere. */
import * as ort from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { type GradientAlignment, gradientAlignment } from '../../src/diagnose/alignment.ts';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import type { Node } from '../../src/graph/graph.ts';
import { readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { openClassifier } from '../../src/runtime/open-classifier.ts';
import { ortRuntime } from '../../src/runtime/runtime.ts';
import { RandomBlock } from '../../src/tensor/random.ts';
import { l2 } from '../../src/threats/threat.ts';

const runtime = ortRuntime(ort, { name: 'onnxruntime-node' });
const [COUNT, WIDTH] = [200, 6];
const random = new RandomBlock(4, 0, 0);

/** Of scores [0, f(x)] on normal points that differ most along the first axis. */
async function alignmentOf(
  score: (b: Builder, x: Node) => Node,
  stretch: number,
): Promise<GradientAlignment> {
  const b = new Builder();
  const x = b.input('x', [BATCH, WIDTH]);
  const own = score(b, x);
  const graph = b.graph({ logits: b.concat([b.mul(own, 0), own], 1) });
  const classifier = await openClassifier(readModel(writeModel(graph)), runtime);
  const rows = {
    count: COUNT,
    x: Float32Array.from(
      { length: COUNT * WIDTH },
      (_, i) => random.normal(i) * (i % WIDTH === 0 ? stretch : 1),
    ),
    labels: new Int32Array(COUNT).fill(1),
    radii: new Float64Array(COUNT).fill(0.1),
    streams: Array.from({ length: COUNT }, (_, i) => i),
  };
  const threat = l2({ eps: 0.1 });
  const found = await gradientAlignment({ classifier, threat, seed: 0 }, rows);
  await classifier.release();
  return found;
}

const first = (b: Builder, x: Node): Node => b.slice(x, 1, 0, 1);

test('a linear score has one gradient; along the axis on which inputs differ it is theirs', async () => {
  const along = await alignmentOf(first, 100);
  expect(along.nearby).toBeCloseTo(1, 6);
  expect(along.withInput).toBeGreaterThan(0.95);
  const across = await alignmentOf((b, x) => b.slice(x, 1, 1, 2), 100);
  expect(across.nearby).toBeCloseTo(1, 6);
  expect(across.withInput).toBeLessThan(0.1);
});

test('a score with ripples far finer than ε has gradients that say nothing of each other', async () => {
  const rippled = await alignmentOf((b, x) => {
    const waves = b.push('sin', [b.mul(x, 2000)], {});
    return b.sum(waves, [1], true);
  }, 1);
  expect(Math.abs(rippled.nearby ?? 1)).toBeLessThan(0.2);
});

test('neighbours are a tenth of ε away: what bends within ε, but not there, has gradients that agree', async () => {
  const waves =
    (frequency: number) =>
    (b: Builder, x: Node): Node =>
      b.sum(b.push('sin', [b.mul(x, frequency)], {}), [1], true);
  expect((await alignmentOf(waves(20), 1)).nearby).toBeGreaterThan(0.9);
  expect((await alignmentOf(waves(200), 1)).nearby).toBeLessThan(0.7);
});

test('where there is no gradient nothing is compared', async () => {
  const flat = await alignmentOf((b, x) => b.mul(first(b, x), 0), 1);
  expect(flat).toEqual({ nearby: null, withInput: null });
});
