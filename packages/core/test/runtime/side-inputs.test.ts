// Inputs that nobody perturbs: fixed rows belong to the inputs of the data, random numbers to counted
// streams; a linear model's margin moves with them exactly.
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { leadProgram } from '../../src/attacks/programs.ts';
import { audit } from '../../src/audit/audit.ts';
import { readModel } from '../../src/onnx/read.ts';
import { openClassifier } from '../../src/runtime/open-classifier.ts';
import { runRows } from '../../src/runtime/rows.ts';
import { ortRuntime, type Runtime } from '../../src/runtime/runtime.ts';
import { SEARCH_PASS } from '../../src/runtime/side-inputs.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { networkFeeds } from '../../src/threats/ball.ts';
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

  test('shows attacks the mean gradient of K draws, in one run', async () => {
    // z is the mean of x·noise: its gradient in a pass is a third of the noise of that pass.
    const spec: FileSpec = {
      opset: 17,
      inputs: { x: ['n', 3] },
      outputs: ['z'],
      nodes: [
        { op: 'RandomNormalLike', inputs: ['x'], outputs: ['noise'] },
        { op: 'Mul', inputs: ['x', 'noise'], outputs: ['y'] },
        {
          op: 'ReduceMean',
          inputs: ['y'],
          outputs: ['z'],
          attributes: { axes: [1] },
        },
      ],
    };
    const model = readModel(onnxFile(spec));
    const passes = 5;
    const classifier = await openClassifier(model, runtime, { expectation: passes });
    const rows = {
      count: 2,
      x: Float32Array.of(1, 2, 3, -1, 0.5, 2),
      labels: Int32Array.of(0, 0),
      radii: Float64Array.of(1, 1),
      streams: [4, 9],
    };
    const context = { classifier, threat: linf({ eps: 1 }), seed: 0 };
    const { gradient } = await runRows(
      classifier,
      await leadProgram(classifier),
      {
        x: { data: rows.x, shape: [3] },
        targets: { data: Int32Array.of(1, 1), shape: [] },
        ...networkFeeds(context, rows),
      },
      2,
    );
    const [side] = classifier.sides;
    const expected = rows.streams.flatMap((stream) => {
      const draws = Array.from({ length: passes }, (_, k) => side?.row(stream, SEARCH_PASS + k));
      return [0, 1, 2].map(
        (i) => draws.reduce((sum, draw) => sum + (draw?.[i] ?? 0), 0) / passes / 3,
      );
    });
    expected.forEach((value, i) => expect(gradient?.[i]).toBeCloseTo(value, 5));
    await classifier.release();
  });

  test('is refused where its random numbers are not seen: two runs differ', async () => {
    const plain = readModel(
      onnxFile({
        opset: 17,
        inputs: { x: ['n', 1] },
        outputs: ['y'],
        nodes: [{ op: 'Relu', inputs: ['x'], outputs: ['y'] }],
      }),
    );
    let run = 0;
    const shaken: Runtime = {
      name: 'shaken',
      session: async (bytes) => {
        const session = await runtime.session(bytes);
        return {
          ...session,
          run: async (feeds) => {
            const { y, ...others } = await session.run(feeds);
            return { ...others, y: floats([Number(y?.data[0]) + 1e-6 * run++], [1, 1]) };
          },
          release: () => session.release(),
        };
      },
    };
    await expect(openClassifier(plain, shaken)).rejects.toThrow(
      /differently from run to run.*--eot/,
    );
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
