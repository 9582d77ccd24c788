/**
 * Weights from 1e-30 to 1e30: what float32 loses below its smallest numbers may be multiplied up again. No point
 * of a set is outside its bounds, in any norm.
 */
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import type { NormName } from '../../src/audit/run.ts';
import type { BoundName } from '../../src/bounds/methods.ts';
import { OutputBounder } from '../../src/bounds/outputs.ts';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import type { Node } from '../../src/graph/graph.ts';
import { readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { openNetwork } from '../../src/runtime/network.ts';
import { ortRuntime } from '../../src/runtime/runtime.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { Threat } from '../../src/threats/threat.ts';
import { Draw } from '../generators/draw.ts';
import { load } from '../onnxruntime.ts';
import { evaluateOutputs } from '../oracle/evaluate.ts';

const runtime = ortRuntime(ort, { name: 'onnxruntime-node', threads: 1 });
const methods: readonly BoundName[] = ['interval', 'crown', 'forward'];
const INPUTS = 4;

interface Layers {
  readonly widths: readonly number[];
  /** Of each layer's weights. */
  readonly scales: readonly number[];
  /** Layers behind which there is a ReLU. */
  readonly bent: readonly number[];
  readonly eps: number;
}

const networks: Readonly<Record<string, Layers>> = {
  'many tiny coefficients of a first layer': {
    widths: [70, 2],
    scales: [1e-23, 1e23],
    bent: [0],
    eps: 0.5,
  },
  'coefficients below every scale': { widths: [8, 2], scales: [1e-33, 1e33], bent: [0], eps: 0.5 },
  'a value amplified before its coefficients vanish': {
    widths: [8, 8, 2],
    scales: [1e20, 1e-23, 1e-24],
    bent: [0],
    eps: 0.5,
  },
  'the same behind two ReLUs': {
    widths: [8, 8, 2],
    scales: [1e20, 1e-23, 1e-24],
    bent: [0, 1],
    eps: 0.05,
  },
  'products that vanish inside an affine region': {
    widths: [6, 6, 6, 2],
    scales: [1e-22, 1e-22, 1e38, 1e6],
    bent: [2],
    eps: 0.01,
  },
  'a ball of almost no radius': { widths: [8, 2], scales: [1e20, 1e15], bent: [0], eps: 1e-40 },
};

function network({ widths, scales, bent }: Layers, draw: Draw): Uint8Array {
  const b = new Builder();
  let x: Node = b.input('x', [BATCH, INPUTS]);
  let from = INPUTS;
  widths.forEach((width, i) => {
    const weights = draw.list(from * width, () => draw.real(-1, 1) * (scales[i] ?? 1));
    x = b.matMul(x, b.floats(weights, [from, width]));
    if (bent.includes(i)) x = b.relu(x);
    from = width;
  });
  return writeModel(b.graph({ out: x }));
}

const norms = ['linf', 'l2', 'l1'] as const;

/** A point well inside the ball, so that float32 does not take it out. */
function pointIn(draw: Draw, norm: NormName, x: Float32Array, eps: number): Float32Array {
  const move = Float64Array.from(x, () => draw.pick([-1, 1, draw.real(-1, 1), 0]));
  const lengths = {
    linf: Math.max(...move.map(Math.abs)),
    l2: Math.hypot(...move),
    l1: move.reduce((sum, each) => sum + Math.abs(each), 0),
    l0: 1,
  };
  const scale = eps / Math.max(1e-9, lengths[norm]);
  const point = x.map((value, i) => value + 0.999 * scale * (move[i] ?? 0));
  return point;
}

describe.each(Object.entries(networks))('%s', (_, layers) => {
  test.each(norms)('in %s', async (norm) => {
    const draw = new Draw(9);
    const { eps } = layers;
    const model = readModel(network(layers, draw));
    const opened = await openNetwork(model, runtime);
    const file = await load(model.bytes);
    const threat = new Threat(norm, { eps });
    const x = eps < 1e-30 ? new Float32Array(INPUTS) : Float32Array.from([0.5, -0.3, 0.8, 0.1]);
    for (const semantics of ['float32', 'real'] as const) {
      const bounder = new OutputBounder({ network: opened, threat, semantics, outward: true });
      for (const method of semantics === 'real' ? (['crown'] as const) : methods) {
        const found = await bounder.over(bounder.ball(x, eps), method);
        for (let i = 0; i < 30; i++) {
          const point = floats(pointIn(draw, norm, x, eps), [1, INPUTS]);
          const exact = evaluateOutputs(model.graph, { x: point })['out']?.data ?? [];
          const computed = (await file.run({ x: point }))['out']?.data ?? [];
          const values = semantics === 'real' ? [exact] : [exact, computed];
          for (const each of values) {
            Array.from(each, Number).forEach((value, k) => {
              expect(value).toBeGreaterThanOrEqual(found?.lower[k] ?? -Infinity);
              expect(value).toBeLessThanOrEqual(found?.upper[k] ?? Infinity);
            });
          }
        }
      }
    }
    await opened.release();
  });
});

test('a branch that reaches the input past a bounded value has bounds in every norm', async () => {
  const b = new Builder();
  const draw = new Draw(4);
  const x = b.input('x', [BATCH, INPUTS]);
  const weights = b.floats(
    draw.list(INPUTS * 5, () => draw.real(-1, 1)),
    [INPUTS, 5],
  );
  const a = b.matMul(x, weights);
  const model = readModel(writeModel(b.graph({ out: b.mul(a, b.relu(a)) })));
  const opened = await openNetwork(model, runtime);
  for (const norm of norms) {
    const threat = new Threat(norm, { eps: 0.1 });
    const bounder = new OutputBounder({
      network: opened,
      threat,
      semantics: 'real',
      outward: true,
    });
    const found = await bounder.over(bounder.ball(new Float32Array(INPUTS), 0.1), 'crown');
    expect(found?.lower.every((low, k) => low <= 0 && (found.upper[k] ?? -1) >= 0)).toBe(true);
  }
  await opened.release();
});
