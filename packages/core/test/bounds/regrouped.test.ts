/**
 * Numbers that only some orders of evaluation lose: constants that a runtime multiplies with each other first, and
 * coefficients, rooms and scales that vanish before they meet what is large. No point of a set is outside its
 * bounds, with and without the runtime's own fusions.
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
import { load } from '../onnxruntime.ts';
import { evaluateOutputs } from '../oracle/evaluate.ts';

const runtime = ortRuntime(ort, { name: 'onnxruntime-node', threads: 1 });
const methods: readonly BoundName[] = ['interval', 'crown', 'forward'];

const point = {
  strides: [1, 1],
  padBefore: [0, 0],
  padAfter: [0, 0],
  dilations: [1, 1],
  groups: 1,
};

interface Case {
  readonly build: (b: Builder) => Node;
  readonly norm: NormName;
  readonly options: ConstructorParameters<typeof Threat>[1];
  readonly centre: readonly number[];
  readonly others: readonly (readonly number[])[];
}

/** One image of one channel, 2 by 2, weighed by a number and then by what is done to it. */
function weighed(b: Builder, weight: number, then: (x: Node) => Node): Node {
  const x = b.input('x', [BATCH, 1, 2, 2]);
  const product = b.push('conv', [x, b.floats([weight], [1, 1, 1, 1])], point);
  return b.reshape(then(product), [BATCH, 4]);
}

const one = (b: Builder, value: number): Node => b.floats([value], [1]);
const large = [1e25, 2e25, 3e25, 4e25];

const cases: Readonly<Record<string, Case>> = {
  'a scale that a runtime multiplies with the weights before it': {
    build: (b) =>
      weighed(b, 1e-30, (x) => b.mul(b.relu(b.mul(x, b.floats([1e-16], [1, 1, 1]))), 1e25)),
    norm: 'linf',
    options: { eps: 1e23 },
    centre: large,
    others: [large],
  },
  'scales one behind the other where samples do not come first': {
    build: (b) => {
      const x = b.input('x', [BATCH, 2, 2]);
      const first = b.transpose(b.mul(x, one(b, 3)), [1, 0, 2]);
      const scaled = b.mul(first, b.floats([2, 5], [1, 1, 2]));
      return b.reshape(b.relu(b.transpose(scaled, [1, 0, 2])), [BATCH, 4]);
    },
    norm: 'linf',
    options: { eps: 0.5 },
    centre: [0.125, -0.25, 0.25, 0.5],
    others: [
      [0.625, -0.75, 0.75, 0],
      [-0.375, 0.25, -0.25, 1],
    ],
  },
  'a normalisation that a runtime multiplies with the weights before it': {
    build: (b) =>
      weighed(b, 1e-30, (x) => {
        const parts = [1e-16, 0, 0, 1].map((value) => one(b, value));
        return b.mul(b.push('batchNorm', [x, ...parts], { epsilon: 0 }), 1e25);
      }),
    norm: 'linf',
    options: { eps: 1e23 },
    centre: large,
    others: [large],
  },
  'a scale that overflows when it is multiplied with the weights before it': {
    build: (b) => weighed(b, 1e30, (x) => b.mul(x, b.floats([1e10], [1, 1, 1]))),
    norm: 'linf',
    options: { eps: 1e-22 },
    centre: [1e-20, 2e-20, 3e-20, 4e-20],
    others: [[1e-20, 2e-20, 3e-20, 4e-20]],
  },
  'a scale before a product that a runtime puts behind it': {
    build: (b) => {
      const x = b.mul(b.input('x', [BATCH, 2, 2]), 1e30);
      return b.mul(b.reshape(b.matMul(x, b.floats([1e-30, 0], [1, 2, 1])), [BATCH, 2]), 1e20);
    },
    norm: 'linf',
    options: { eps: 1e-23 },
    centre: [1e-20, 2e-20, 3e-20, 4e-20],
    others: [[1e-20, 2e-20, 3e-20, 4e-20]],
  },
  'scales of two values whose product a runtime takes first': {
    build: (b) => {
      const x = b.input('x', [BATCH, 2, 2]);
      const product = b.matMul(b.mul(x, 1e20), b.mul(b.relu(x), 1e20));
      return b.mul(b.reshape(product, [BATCH, 4]), 1e20);
    },
    norm: 'linf',
    options: { eps: 1e-33 },
    centre: [1e-30, 2e-30, 3e-30, 4e-30],
    others: [[1e-30, 2e-30, 3e-30, 4e-30]],
  },
  'a normalisation whose scale is less than any float32': {
    build: (b) => {
      const x = b.input('x', [BATCH, 1]);
      const parts = [1e-38, 0, 0, 1e30].map((value) => one(b, value));
      return b.mul(b.push('batchNorm', [x, ...parts], { epsilon: 0 }), 1e30);
    },
    norm: 'linf',
    options: { eps: 1e36 },
    centre: [1e38],
    others: [[1e38]],
  },
  'small coefficients over a ball that is wide': {
    build: (b) => b.matMul(b.input('x', [BATCH, 2]), b.floats([1e-36, 1e-36], [2, 1])),
    norm: 'l1',
    options: { eps: 1e38, weights: Float32Array.of(1e-12, 1e-12) },
    centre: [0, 0],
    others: [
      [9.9e25, 0],
      [0, -9.9e25],
    ],
  },
  'a room that is less than any float32 for the weight of its feature': {
    build: (b) => b.matMul(b.input('x', [BATCH, 1]), b.floats([1e20], [1, 1])),
    norm: 'l2',
    options: { eps: 1e-36, weights: Float32Array.of(1e10), clip: [0, 2e-40] },
    centre: [1e-40],
    others: [[0], [1.9e-40]],
  },
};

describe.each(Object.entries(cases))('%s', (_, { build, norm, options, centre, others }) => {
  test.each(['float32', 'real'] as const)('under %s semantics', async (semantics) => {
    const b = new Builder();
    const model = readModel(writeModel(b.graph({ out: build(b) })));
    const opened = await openNetwork(model, runtime);
    const files = [await load(model.bytes), await load(model.bytes, { optimise: false })];
    const threat = new Threat(norm, options);
    const x = Float32Array.from(centre);
    const bounder = new OutputBounder({ network: opened, threat, semantics, outward: true });
    for (const method of methods) {
      const found = await bounder.over(bounder.ball(x, options.eps), method);
      if (!found) continue;
      for (const data of others.map((each) => Float32Array.from(each))) {
        expect(threat.distance(x, data)).toBeLessThanOrEqual(options.eps);
        const fed = { x: floats(data, [1, ...opened.sampleShape]) };
        const exact = evaluateOutputs(model.graph, fed);
        const runs = semantics === 'real' ? [] : files;
        for (const each of [exact, ...(await Promise.all(runs.map((file) => file.run(fed))))]) {
          Array.from(each['out']?.data ?? [], Number).forEach((value, k) => {
            expect(value).toBeGreaterThanOrEqual(found.lower[k] ?? Infinity);
            expect(value).toBeLessThanOrEqual(found.upper[k] ?? -Infinity);
          });
        }
      }
    }
    await opened.release();
  });
});
