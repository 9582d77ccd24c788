// What must hold of every audit, on small random networks: brackets are in order, verdicts follow
// from them, success is what the original file says, and nothing that is not a number proves anything.
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { audit } from '../../src/audit/audit.ts';
import { type AuditPart, joinParts } from '../../src/audit/part.ts';
import { ContradictionError, Ledger, newEntry } from '../../src/audit/ledger.ts';
import type { NormName } from '../../src/audit/run.ts';
import { summarise, wilson } from '../../src/audit/summary.ts';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import type { Node } from '../../src/graph/graph.ts';
import { type Model, readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { ortRuntime } from '../../src/runtime/runtime.ts';
import { RandomBlock } from '../../src/tensor/random.ts';
import { floats, type Tensor } from '../../src/tensor/tensor.ts';
import { linf, Threat } from '../../src/threats/threat.ts';

const FEATURES = 6;
const HIDDEN = 12;
const CLASSES = 3;
const runtime = ortRuntime(ort, { name: 'onnxruntime-node' });

type Change = (name: string, values: Float32Array) => void;

function network(seed: number, change: Change = () => undefined, softmax = false): Model {
  const b = new Builder();
  const weights = (name: string, shape: number[], draw: number): Node => {
    const random = new RandomBlock(seed, 0, draw);
    const size = shape.reduce((product, dim) => product * dim, 1);
    const values = Float32Array.from({ length: size }, (_, i) => random.normal(i) / 2);
    change(name, values);
    return b.constant(floats(values, shape), name, true);
  };
  const x = b.input('x', [BATCH, FEATURES]);
  const hidden = b.relu(
    b.add(b.matMul(x, weights('w1', [FEATURES, HIDDEN], 1)), weights('b1', [HIDDEN], 2)),
  );
  const scores = b.add(
    b.matMul(hidden, weights('w2', [HIDDEN, CLASSES], 3)),
    weights('b2', [CLASSES], 4),
  );
  const output = softmax ? b.push('softmax', [scores], { axis: 1 }) : scores;
  return readModel(writeModel(b.graph({ output })));
}

function inputs(seed: number, count: number): Tensor<'float32'> {
  const random = new RandomBlock(seed, 1, 9);
  const values = Float32Array.from({ length: count * FEATURES }, (_, i) => random.uniform(i));
  return floats(values, [count, FEATURES]);
}

const withoutTimes = (part: AuditPart): unknown =>
  JSON.parse(
    JSON.stringify({ samples: part.samples, methods: part.methods }, (key, value: unknown) =>
      key === 'seconds' ? 0 : value,
    ),
  );

describe.each<NormName>(['linf', 'l2', 'l1'])('an audit in %s', (norm) => {
  test('keeps lower below upper, and every broken input breaks the original file inside its radius', async () => {
    const model = network(5);
    const threat = new Threat(norm, { eps: 0.2, clip: [0, 1] });
    const x = inputs(5, 40);
    const run = await audit({ model, data: { x }, threat, runtime });
    const session = await runtime.session(model.bytes);
    let broken = 0;
    for (const [i, sample] of run.samples.entries()) {
      const adversarial = run.adversarial[i];
      if (sample.upper === null || !adversarial) continue;
      broken++;
      expect(sample.lower).toBeLessThan(sample.upper);
      const own = x.data.subarray(i * FEATURES, (i + 1) * FEATURES);
      expect(threat.distance(own, adversarial)).toBe(sample.upper);
      const results = await session.run({ x: floats(adversarial, [1, FEATURES]) });
      const scores = Array.from(results['output']?.data as Float32Array);
      const rival = Math.max(...scores.filter((_, k) => k !== sample.label));
      expect(scores[sample.label]).toBeLessThanOrEqual(rival);
      expect(sample.verdict === 'falsified').toBe(sample.upper <= 0.2);
    }
    expect(broken).toBeGreaterThan(10);
  });
});

describe('an audit', () => {
  const threat = linf({ eps: 0.05, clip: [0, 1] });

  test('gives the same result for the same seed, however the inputs are split', async () => {
    const model = network(8);
    const x = inputs(8, 20);
    const whole = await audit({ model, data: { x }, threat, runtime, seed: 3 });
    const again = await audit({ model, data: { x }, threat, runtime, seed: 3 });
    expect(withoutTimes(again)).toEqual(withoutTimes(whole));
    const half = async (from: number, to: number): Promise<AuditPart> =>
      audit({
        model,
        data: {
          x: floats(x.data.slice(from * FEATURES, to * FEATURES), [to - from, FEATURES]),
          indices: Array.from({ length: to - from }, (_, i) => from + i),
        },
        threat,
        runtime,
        seed: 3,
      });
    const joined = joinParts([await half(11, 20), await half(0, 11)]);
    expect(joined.samples.map(({ index }) => index)).toEqual(
      whole.samples.map(({ index }) => index),
    );
    joined.samples.forEach((sample, i) => {
      expect(sample.verdict).toBe(whole.samples[i]?.verdict);
      expect(sample.lower).toBeCloseTo(whole.samples[i]?.lower ?? Number.NaN, 4);
      expect(sample.upper).toBeCloseTo(whole.samples[i]?.upper ?? Number.NaN, 3);
    });
  });

  test('never proves anything about a network with a weight that is NaN, infinite or overflows', async () => {
    for (const poison of [Number.NaN, Infinity, -Infinity, 3e38]) {
      for (const name of ['w1', 'b1', 'w2', 'b2']) {
        const model = network(8, (own, values) => {
          if (own === name) values[1] = poison;
        });
        const x = inputs(8, 8);
        const run = await audit({ model, data: { x }, threat, runtime });
        for (const sample of run.samples) {
          expect(sample.verdict, `${name} = ${poison}`).not.toBe('certified');
          expect(sample.lower ?? 0).toBe(0);
        }
      }
    }
  });

  test('reports an input that is not finite as an error and goes on with the others', async () => {
    const x = inputs(8, 3);
    x.data[FEATURES + 2] = Number.NaN;
    const run = await audit({ model: network(8), data: { x }, threat, runtime });
    expect(run.samples.map(({ verdict }) => verdict === 'error')).toEqual([false, true, false]);
    expect(run.samples[1]?.error).toMatch(/not a finite number/);
  });

  test('counts a tie as broken', async () => {
    const model = network(8, (name, values) => {
      if (name === 'w2') values.fill(0);
      if (name === 'b2') values.fill(1);
    });
    const run = await audit({ model, data: { x: inputs(8, 4), y: [0, 1, 2, 0] }, threat, runtime });
    expect(run.samples.every(({ verdict }) => verdict === 'misclassified')).toBe(true);
  });

  test('works on the logits of a network that ends in a softmax, and says so', async () => {
    const run = await audit({
      model: network(8, undefined, true),
      data: { x: inputs(8, 12) },
      threat,
      runtime,
    });
    const plain = await audit({ model: network(8), data: { x: inputs(8, 12) }, threat, runtime });
    expect(run.notes.join(' ')).toMatch(/softmax/);
    run.samples.forEach((sample, i) => {
      expect(sample.lower).toBeCloseTo(plain.samples[i]?.lower ?? Number.NaN, 4);
    });
  });

  test('stops with what is finished when it is aborted', async () => {
    const controller = new AbortController();
    const x = inputs(8, 200);
    const run = await audit({
      model: network(8),
      data: { x },
      threat,
      runtime,
      signal: controller.signal,
      onSamples: () => controller.abort(),
    });
    expect(run.samples.length).toBeGreaterThan(0);
    expect(run.samples.length).toBeLessThan(200);
  });

  test('past its deadline leaves open inputs as timeouts', async () => {
    const run = await audit({
      model: network(8),
      data: { x: inputs(8, 6) },
      threat: linf({ eps: 0.3, clip: [0, 1] }),
      runtime,
      deadline: Date.now() - 1,
    });
    expect(run.samples.some(({ verdict }) => verdict === 'timeout')).toBe(true);
    expect(run.samples.some(({ verdict }) => verdict === 'certified')).toBe(false);
  });
});

test('a radius that counts features is proven to a whole number of them', () => {
  const entry = newEntry(4, 0, Float32Array.of(0));
  const ledger = new Ledger([entry], new Threat('l0', { eps: 3, clip: [0, 1] }), 'float32');
  ledger.proven(entry, 17.9995, 'crown');
  expect(entry.lower).toBe(17);
});

test('an attack inside a proven radius stops everything', () => {
  const entry = newEntry(4, 0, Float32Array.of(0));
  const ledger = new Ledger([entry], linf({ eps: 0.1 }), 'float32');
  ledger.proven(entry, 0.2, 'interval');
  const found = {
    x: Float32Array.of(0.1),
    distance: 0.1,
    prediction: 1,
    margin: -1,
    size: 10,
    isFinite: true,
  };
  expect(() => ledger.broken(entry, found, 'fgsm')).toThrow(ContradictionError);
});

test('over the reals an attack that is within rounding of a tie lowers the proof instead', () => {
  const entry = newEntry(4, 0, Float32Array.of(0));
  const ledger = new Ledger([entry], linf({ eps: 0.1 }), 'real');
  ledger.proven(entry, 0.2, 'interval');
  ledger.broken(
    entry,
    {
      x: Float32Array.of(0.1),
      distance: 0.1,
      prediction: 1,
      margin: -1e-7,
      size: 1,
      isFinite: true,
    },
    'fgsm',
  );
  expect(entry.lower).toBeLessThan(0.1);
  expect([...ledger.notes].join(' ')).toMatch(/rounding/);
});

test('95 % intervals are those of Wilson', () => {
  // Wilson 1927 for 8 of 10 (Brown, Cai & DasGupta 2001): [0.490, 0.943].
  expect(wilson(8, 10)?.map((end) => Math.round(end * 1000) / 1000)).toEqual([0.49, 0.943]);
  expect(wilson(0, 50)?.[0]).toBe(0);
  expect(wilson(50, 50)?.[1]).toBe(1);
  expect(summarise([], 0.1).accuracy.clean).toBeNull();
});
