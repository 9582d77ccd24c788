// Inputs that nobody perturbs: fixed rows belong to the inputs of the data, random numbers to counted
// streams; a linear model's margin moves with them exactly.
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { audit } from '../../src/audit/audit.ts';
import { readModel } from '../../src/onnx/read.ts';
import { openClassifier } from '../../src/runtime/classifier.ts';
import { ortRuntime } from '../../src/runtime/runtime.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { linf } from '../../src/threats/threat.ts';
import { type FileSpec, onnxFile } from '../onnx/hand-made.ts';

const runtime = ortRuntime(ort, { name: 'onnxruntime-node' });

/** Logits [0, x − t]: the margin of class 1 at x is x − t, whatever else x is near. */
const threshold: FileSpec = {
  opset: 17,
  inputs: { x: ['n', 1], t: ['n', 1] },
  outputs: ['y'],
  nodes: [{ op: 'Sub', inputs: ['x', 't'], outputs: ['y'] }],
};

describe('a fixed input', () => {
  test('has a row for each input of the data, by its index', async () => {
    const model = readModel(onnxFile(threshold));
    const fixed = { t: { data: Float32Array.of(0.5, 0.25, 0), rows: 3 } };
    const classifier = await openClassifier(model, runtime, { fixed });
    const { samples } = await audit({
      model,
      runtime,
      classifier,
      // Inputs 2 and 0 of the data.
      data: { x: floats([1, 1], [2, 1]), y: [1, 1], indices: [2, 0] },
      threat: linf({ eps: 0.6 }),
    });
    await classifier.release();
    expect(samples.map(({ verdict }) => verdict)).toEqual(['falsified', 'certified']);
    expect(samples[0]?.upper).toBeCloseTo(0.5, 4);
    expect(samples[0]?.lower).toBeCloseTo(0.5, 4);
    expect(samples[1]?.upper).toBeCloseTo(1, 4);
  });

  test('of one row serves all, and one too short is an error', async () => {
    const model = readModel(onnxFile(threshold));
    const one = { t: { data: Float32Array.of(0.5), rows: 1 } };
    const classifier = await openClassifier(model, runtime, { fixed: one });
    const { predictions } = await classifier.judge(Float32Array.of(1, 0), [0, 900]);
    expect(Array.from(predictions)).toEqual([1, 0]);
    await classifier.release();
    const two = { t: { data: Float32Array.of(0.5, 1), rows: 2 } };
    const short = await openClassifier(model, runtime, { fixed: two });
    await expect(short.judge(Float32Array.of(1), [2])).rejects.toThrow(/no row 2/);
    await short.release();
  });

  test('must leave one input, and one only', async () => {
    const model = readModel(onnxFile(threshold));
    await expect(openClassifier(model, runtime)).rejects.toThrow(/2 inputs, x, t/);
    const one = { data: Float32Array.of(0.5), rows: 1 };
    await expect(openClassifier(model, runtime, { fixed: { x: one, t: one } })).rejects.toThrow(
      /none is left/,
    );
    await expect(openClassifier(model, runtime, { fixed: { u: one } })).rejects.toThrow(
      /no input u/,
    );
  });
});

describe('a randomised model', () => {
  /** z = x + s·noise: class 1 is answered in more than half of the passes where x is above 0. */
  const noisy = (scale: number): FileSpec => ({
    opset: 17,
    inputs: { x: ['n', 1] },
    outputs: ['y'],
    nodes: [
      {
        op: 'RandomNormalLike',
        inputs: ['x'],
        outputs: ['noise'],
        attributes: { scale: { float: scale } },
      },
      { op: 'Add', inputs: ['x', 'noise'], outputs: ['y'] },
    ],
  });

  test('answers by votes of seeded passes, the same again, and is never certified', async () => {
    const model = readModel(onnxFile(noisy(1)));
    const job = {
      model,
      runtime,
      data: { x: floats([0.1, 3, -3], [3, 1]), y: [1, 1, 0] },
      threat: linf({ eps: 0.2 }),
    };
    const [first, again] = [await audit(job), await audit(job)];
    const timeless = ({ samples }: typeof first) => samples.map((s) => ({ ...s, seconds: 0 }));
    expect(timeless(first)).toEqual(timeless(again));
    expect(first.samples.every(({ lower }) => lower === null)).toBe(true);
    expect(first.samples.map(({ verdict }) => verdict).slice(1)).toEqual(['unknown', 'unknown']);
    expect(first.notes.join(' ')).toContain('randomised');
  });

  test('votes as its distribution says: Φ(1) of the passes at one standard deviation', async () => {
    const classifier = await openClassifier(readModel(onnxFile(noisy(0.5))), runtime);
    const rows = 40;
    const streams = Array.from({ length: rows }, (_, i) => i);
    const { scores } = await classifier.judge(new Float32Array(rows).fill(0.5), streams);
    await classifier.release();
    const share = streams.reduce((sum, i) => sum + (scores[2 * i + 1] ?? 0), 0) / (100 * rows);
    // 4,000 draws: a standard deviation of 0.006.
    expect(Math.abs(share - 0.8413)).toBeLessThan(0.025);
  });
});
