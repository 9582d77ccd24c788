/**
 * Bounds layer by layer: below and above every point of the set, each method inside the cheaper ones,
 * exact on the textbook case.
 */
import * as fc from 'fast-check';
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { crown } from '../../src/bounds/crown.ts';
import { alphaCrown } from '../../src/bounds/alpha-crown.ts';
import type { BoundName } from '../../src/bounds/methods.ts';
import { OutputBounder } from '../../src/bounds/outputs.ts';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import type { Node } from '../../src/graph/graph.ts';
import { readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { openClassifier } from '../../src/runtime/open-classifier.ts';
import { openNetwork } from '../../src/runtime/network.ts';
import { ortRuntime } from '../../src/runtime/runtime.ts';
import type { NormName } from '../../src/audit/run.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { Threat } from '../../src/threats/threat.ts';
import { evaluateOutputs } from '../oracle/evaluate.ts';
import { Draw } from '../generators/draw.ts';
import { onnxFile } from '../onnx/hand-made.ts';

const runtime = ortRuntime(ort, { name: 'onnxruntime-node', threads: 1 });
const names: readonly BoundName[] = ['interval', 'crown', 'alpha-crown'];
const INPUTS = 5;

/** A network of a few dense layers, with a skip now and then, bent by what is drawn. */
function denseNetwork(draw: Draw): Uint8Array {
  const b = new Builder();
  let x: Node = b.input('x', [BATCH, INPUTS]);
  let width = INPUTS;
  const weights = (rows: number, columns: number): Node =>
    b.floats(
      draw.list(rows * columns, () => draw.real(-1, 1)),
      [rows, columns],
    );
  const depth = draw.integer(1, 3);
  for (let i = 0; i < depth; i++) {
    const next = draw.integer(2, 7);
    const affine = b.add(b.matMul(x, weights(width, next)), weights(1, next));
    const bent = draw.pick([
      () => b.relu(affine),
      () => b.push('leakyRelu', [affine], { slope: 0.1 }),
      () => b.push('tanh', [affine], {}),
    ])();
    x = next === width && draw.chance(0.5) ? b.add(bent, x) : bent;
    width = next;
  }
  return writeModel(b.graph({ out: b.matMul(x, weights(width, 3)) }));
}

/** A point of the ball, sometimes at its edge. */
function pointIn(draw: Draw, norm: NormName, x: Float32Array, eps: number): Float32Array {
  const move = Float64Array.from(x, () => draw.pick([-1, 1, draw.real(-1, 1), 0]));
  const lengths: Record<NormName, number> = {
    linf: Math.max(...move.map(Math.abs)),
    l2: Math.hypot(...move),
    l1: move.reduce((sum, each) => sum + Math.abs(each), 0),
    l0: 1,
  };
  const scale = (draw.pick([1, draw.real(0, 1)]) * eps) / Math.max(1e-9, lengths[norm]);
  return x.map((value, i) => Math.min(1, Math.max(0, value + scale * (1 - 1e-6) * (move[i] ?? 0))));
}

describe('the ends of the outputs', () => {
  test('hold every point of the ball, and are nested from method to method', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        const draw = new Draw(seed);
        const model = readModel(denseNetwork(draw));
        const network = await openNetwork(model, runtime);
        const norm = draw.pick<NormName>(['linf', 'l2', 'l1']);
        const eps = draw.pick([0, 0.001, 0.1, 0.5]);
        const threat = new Threat(norm, { eps, clip: [0, 1] });
        const x = Float32Array.from({ length: INPUTS }, () => draw.real(0, 1));
        const bounder = new OutputBounder({ network, threat, semantics: 'float32', outward: true });
        let outer: { lower: Float32Array; upper: Float32Array } | null = null;
        for (const name of [...names, 'crown-ibp', 'forward'] as const) {
          const found = await bounder.over(bounder.ball(x, eps), name);
          if (!found) throw new Error(`${name} is not finite`);
          for (let i = 0; i < 20; i++) {
            const point = floats(pointIn(draw, norm, x, eps), [1, INPUTS]);
            const values = evaluateOutputs(model.graph, { x: point })['out']?.data ?? [];
            Array.from(values, Number).forEach((value, k) => {
              expect(found.lower[k]).toBeLessThanOrEqual(value);
              expect(found.upper[k]).toBeGreaterThanOrEqual(value);
            });
          }
          if (!names.includes(name)) continue;
          const { lower, upper }: { lower: Float32Array; upper: Float32Array } = outer ?? found;
          // Up to the rounding of the bounds themselves.
          const unit = (value = 0): number => 1e-6 * (1 + Math.abs(value));
          found.lower.forEach((low, k) => {
            expect(low).toBeGreaterThanOrEqual((lower[k] ?? 0) - unit(lower[k]));
          });
          found.upper.forEach((high, k) => {
            expect(high).toBeLessThanOrEqual((upper[k] ?? 0) + unit(upper[k]));
          });
          outer = found;
        }
        await network.release();
      }),
      { seed: 7, numRuns: 3 },
    );
  });

  test('of ReLU(x) + ReLU(−x) over [−1, 1]: [0, 2], then [0, 1]', async () => {
    const b = new Builder();
    const x = b.input('x', [BATCH, 1]);
    const hidden = b.relu(b.matMul(x, b.floats([1, -1], [1, 2])));
    const graph = b.graph({ out: b.matMul(hidden, b.floats([1, 1], [2, 1])) });
    const network = await openNetwork(readModel(writeModel(graph)), runtime);
    const threat = new Threat('linf', { eps: 1 });
    const bounder = new OutputBounder({ network, threat, semantics: 'real', outward: true });
    const [loose, tight] = [
      await bounder.over(bounder.ball(new Float32Array(1), 1), 'interval'),
      await bounder.over(bounder.ball(new Float32Array(1), 1), 'alpha-crown'),
    ];
    expect(loose?.upper[0]).toBeCloseTo(2, 4);
    expect(tight?.upper[0]).toBeCloseTo(1, 4);
    expect(tight?.lower[0]).toBeCloseTo(0, 4);
    await network.release();
  });
});

test('layers that one operation of the file is made of are told apart', async () => {
  const file = onnxFile({
    opset: 17,
    inputs: { x: ['N', 3] },
    nodes: [
      { op: 'HardSwish', inputs: ['x'], outputs: ['swished'] },
      { op: 'Sigmoid', inputs: ['swished'], outputs: ['y'] },
    ],
    outputs: ['y'],
  });
  const network = await openNetwork(readModel(file), runtime);
  const threat = new Threat('linf', { eps: 0.1 });
  const bounder = new OutputBounder({ network, threat, semantics: 'real', outward: true });
  const found = await bounder.over(bounder.ball(new Float32Array(3), 0.1), 'crown');
  const labels = found?.layers.map(({ label }) => label) ?? [];
  expect(labels.length).toBeGreaterThan(1);
  expect(new Set(labels).size).toBe(labels.length);
  expect(labels.filter((label) => /\(\d of \d\)$/.test(label)).length).toBeGreaterThan(1);
  await network.release();
});

test('optimised slopes bound margins that CROWN’s own do not, and lose none', async () => {
  const gains: number[] = [];
  for (let seed = 0; seed < 6; seed++) {
    const draw = new Draw(seed);
    const classifier = await openClassifier(readModel(denseNetwork(draw)), runtime);
    const threat = new Threat('linf', { eps: 0.5 });
    const rows = {
      count: 1,
      x: Float32Array.from({ length: INPUTS }, () => draw.real(0, 1)),
      labels: Int32Array.of(0),
      radii: Float64Array.of(0.5),
      streams: [0],
    };
    const [plain = Number.NaN] = await crown.margins({ classifier, threat }, rows, 'float32');
    const [climbed = Number.NaN] = await alphaCrown.margins(
      { classifier, threat },
      rows,
      'float32',
    );
    gains.push((climbed - plain) / Math.abs(plain));
    await classifier.release();
  }
  expect(Math.min(...gains)).toBeGreaterThan(-0.01);
  expect(Math.max(...gains)).toBeGreaterThan(0.03);
});
