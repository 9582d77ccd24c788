// Attention as PyTorch exports it: positions in front of samples, heads folded into them. Linear bounds hold
// through it, are tighter than intervals, and rows bounded together are bounded as they are alone.
import { expect, test } from 'vitest';
import { OutputBounder } from '../../src/bounds/outputs.ts';
import { readModel } from '../../src/onnx/read.ts';
import { openNetwork } from '../../src/runtime/network.ts';
import { Threat } from '../../src/threats/threat.ts';
import { runtime } from '../attacks/linear-model.ts';
import { Draw } from '../generators/draw.ts';
import { type Attribute, ints, onnxFile, weights } from '../onnx/hand-made.ts';

const [POSITIONS, WIDTH, HEADS] = [3, 4, 2];

function attention(batch: number | string): Uint8Array {
  const node = (op: string, inputs: string[], output: string, attributes = {}) => ({
    op,
    inputs,
    outputs: [output],
    attributes,
  });
  const turned = (...perm: number[]): Record<string, Attribute> => ({ perm });
  return onnxFile({
    opset: 17,
    inputs: { x: [batch, POSITIONS, WIDTH] },
    outputs: ['y'],
    nodes: [
      node('Transpose', ['x'], 't', turned(1, 0, 2)),
      ...['q', 'k', 'v'].flatMap((name) => [
        node('MatMul', ['t', `w${name}`], `${name}1`),
        node('Reshape', [`${name}1`, 'split'], `${name}2`),
        node('Transpose', [`${name}2`], name, turned(1, 0, 2)),
      ]),
      node('Transpose', ['k'], 'kt', turned(0, 2, 1)),
      node('MatMul', ['q', 'kt'], 'scores'),
      node('Softmax', ['scores'], 'p', { axis: -1 }),
      node('MatMul', ['p', 'v'], 'mixed'),
      node('Transpose', ['mixed'], 'm1', turned(1, 0, 2)),
      node('Reshape', ['m1', 'join'], 'm2'),
      node('Add', ['m2', 't'], 'sum'),
      node('ReduceMean', ['sum'], 'mean', { axes: [0], keepdims: 0 }),
      node('MatMul', ['mean', 'wo'], 'y'),
    ],
    initializers: {
      wq: weights(WIDTH, WIDTH),
      wk: weights(WIDTH, WIDTH),
      wv: weights(WIDTH, WIDTH),
      wo: weights(WIDTH, 2),
      split: ints(POSITIONS, HEADS, WIDTH / HEADS),
      join: ints(POSITIONS, 1, WIDTH),
    },
  });
}

test.each([
  ['with one sample', 1],
  ['with an open axis of samples that shapes inside close', 'n'],
] as const)('attention %s is bounded by lines', async (_, batch) => {
  const model = readModel(attention(batch));
  expect(model.lifted).toBe(true);
  const network = await openNetwork(model, runtime);
  const threat = new Threat('linf', { eps: 0.1 });
  const bounder = new OutputBounder({ network, threat, semantics: 'float32', outward: true });
  const draw = new Draw(7);
  const size = POSITIONS * WIDTH;
  const x = Float32Array.from({ length: size }, () => draw.real(-1, 1));
  const set = bounder.ball(x, 0.1);
  const interval = await bounder.over(set, 'interval');
  const crown = await bounder.over(set, 'crown');
  const near = Array.from({ length: 200 }, () =>
    x.map((value) => Math.fround(value + draw.pick([-1, 1]) * 0.0999)),
  );
  const streams = near.map((_row, i) => i);
  const rows = Float32Array.from(near.flatMap((row) => [...row]));
  const seen = await network.original.run(rows, streams, 0);
  await network.release();
  for (let k = 0; k < 2; k++) {
    const values = streams.map((row) => seen[row * 2 + k] ?? Number.NaN);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const [least = 0, most = 0] = [crown?.lower[k], crown?.upper[k]];
    expect(least).toBeLessThanOrEqual(low);
    expect(most).toBeGreaterThanOrEqual(high);
    const loose = (interval?.upper[k] ?? 0) - (interval?.lower[k] ?? 0);
    expect(most - least).toBeLessThan(0.7 * loose);
    expect(most - least).toBeLessThan(4 * (high - low));
  }
});
