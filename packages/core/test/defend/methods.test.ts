/**
 * What methods train on: adversaries stay in the set and raise the loss, certified losses are those of
 * the bounds that prove, and moons hardened by each method are robust where ordinary ones are not.
 */
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { crownIbp } from '../../src/bounds/crown.ts';
import { interval } from '../../src/bounds/interval.ts';
import { batchRows } from '../../src/defend/batches.ts';
import { freshNetwork } from '../../src/defend/fresh-network.ts';
import type { Labelled } from '../../src/defend/labelled.ts';
import { Layers } from '../../src/defend/layers.ts';
import { divergence } from '../../src/defend/methods/trades.ts';
import { type TrainingMethodName, trainingMethods } from '../../src/defend/methods/table.ts';
import { Mover } from '../../src/defend/mover.ts';
import { TrainableNetwork } from '../../src/defend/network.ts';
import { optimisers } from '../../src/defend/optimisers/table.ts';
import { nextName, stepGraph, type StepOptions } from '../../src/defend/step.ts';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import { readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { openClassifier } from '../../src/runtime/open-classifier.ts';
import { ortRuntime } from '../../src/runtime/runtime.ts';
import { RandomBlock } from '../../src/tensor/random.ts';
import { floats, row, type Tensor } from '../../src/tensor/tensor.ts';
import { l0, l1, l2, linf, type Threat } from '../../src/threats/threat.ts';
import { load } from '../onnxruntime.ts';

const runtime = ortRuntime(ort, { name: 'onnxruntime-node' });
const COUNT = 12;
const random = new RandomBlock(7, 0, 0);
const x = floats(
  Array.from({ length: 4 * COUNT }, (_, i) => random.uniform(i)),
  [COUNT, 4],
);
const data: Labelled = { x, y: Int32Array.from({ length: COUNT }, (_, i) => i % 2) };
const noise = floats(
  Array.from({ length: 4 * COUNT }, (_, i) => 2 * random.uniform(1000 + i) - 1),
  [COUNT, 4],
);
const network = new TrainableNetwork(
  freshNetwork({ sampleShape: [4], classes: 2, seed: 3, width: 8 }),
);
const answers = batchRows(data, Uint32Array.from(data.y.keys()));

function optionsOf(name: TrainingMethodName, threat: Threat): StepOptions {
  const method = trainingMethods[name];
  return { network, method, threat, optimiser: optimisers.sgd, longest: Infinity, soft: false };
}

/** One step with a rate of 1 and no momentum behind it: loss, and the gradient it went down. */
async function stepped(
  options: StepOptions,
  knobs: Readonly<Record<string, number>>,
  parameters: Tensor = network.initial.parameters,
  moved: Tensor = x,
): Promise<{ readonly loss: number; readonly gradient: Float32Array }> {
  const program = await load(writeModel(stepGraph(options)));
  const scalars = Object.entries({ balance: 0, ...knobs, rate: 1, shrink: 0 });
  const results = await program.run({
    ...Object.fromEntries(scalars.map(([name, value]) => [name, floats([value], [])])),
    ...answers,
    moved,
    parameters,
    velocity: floats(new Float32Array(network.parts.trained.size)),
  });
  return {
    loss: Number(results['loss']?.data[0]),
    gradient: results[nextName('velocity')]?.data as Float32Array,
  };
}

describe('the adversary', () => {
  test.each([
    ['linf', linf({ eps: 0.3, clip: [0, 1] })],
    ['l2', l2({ eps: 0.5, clip: [0, 1] })],
    ['l1', l1({ eps: 0.8, clip: [0, 1] })],
    ['l0', l0({ eps: 2, clip: [0, 1] })],
    ['weighted linf', linf({ eps: 0.2, weights: Float32Array.of(1, 2, 0.5, 1), frozen: [3] })],
  ])('stays in the set and raises the loss: %s', async (_name, threat) => {
    const options = optionsOf('adversarial', threat);
    const { adversary } = options.method;
    if (!adversary) throw new Error('adversarial training has an adversary');
    const mover = await Mover.open(adversary, options, runtime);
    const { parameters } = network.initial;
    const feeds = { ...answers, parameters, eps: floats([threat.eps], []) };
    const points = (await mover.move(feeds, noise, adversary.steps)) as Tensor<'float32'>;
    await mover.release();
    for (let i = 0; i < COUNT; i++) {
      expect(threat.distance(row(x, i), row(points, i))).toBeLessThanOrEqual(threat.eps * 1.0001);
    }
    const clean = await stepped(optionsOf('natural', threat), {});
    const attacked = await load(writeModel(stepGraph(optionsOf('adversarial', threat))));
    const results = await attacked.run({
      ...answers,
      moved: points,
      parameters,
      velocity: floats(new Float32Array(network.parts.trained.size)),
      rate: floats([0], []),
      shrink: floats([0], []),
    });
    expect(Number(results['loss']?.data[0])).toBeGreaterThan(clean.loss);
  });
});

describe('certified losses', () => {
  const threat = linf({ eps: 0.1 });

  /** The proofs' lower bounds of the margin, for two classes the only one. */
  async function proven(bound: typeof interval): Promise<Float64Array> {
    const model = readModel(writeModel(network.closed(network.initial)));
    const classifier = await openClassifier(model, runtime);
    const rows = {
      count: COUNT,
      x: x.data,
      labels: data.y,
      radii: new Float64Array(COUNT).fill(threat.eps),
      streams: Array.from(data.y.keys()),
    };
    const margins = await bound.margins({ classifier, threat }, rows, 'real');
    await classifier.release();
    return margins;
  }

  const softplus = (z: number): number => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));

  test.each([
    ['ibp', interval, {}],
    ['crown-ibp', crownIbp, { linear: 1 }],
  ] as const)(
    'of %s are the cross-entropy of the margins it proves',
    async (name, bound, knobs) => {
      const margins = await proven(bound);
      const expected = margins.reduce((sum, margin) => sum + softplus(-margin), 0) / COUNT;
      const { loss } = await stepped(optionsOf(name, threat), { eps: 0.1, natural: 0, ...knobs });
      // A proof pays for rounding, and CROWN's is met with the interval bound.
      expect(loss).toBeCloseTo(expected, 4);
    },
  );

  test('CROWN-IBP is composed: its gradient is the change of the bound, and halves of both bounds mix', async () => {
    const options = optionsOf('crown-ibp', threat);
    const knobs = { eps: 0.1, natural: 0, linear: 1 };
    const { gradient } = await stepped(options, knobs);
    const { data: initial } = network.initial.parameters;
    const length = Math.hypot(...gradient);
    const along = async (size: number): Promise<number> => {
      const moved = Float32Array.from(
        initial as Float32Array,
        (value, i) => value + (size * (gradient[i] ?? 0)) / length,
      );
      return (await stepped(options, knobs, floats(moved))).loss;
    };
    const slope = ((await along(1e-2)) - (await along(-1e-2))) / 2e-2;
    expect(slope / length).toBeCloseTo(1, 2);
    const intervals = await stepped(options, { ...knobs, linear: 0 });
    const plain = await stepped(optionsOf('ibp', threat), { eps: 0.1, natural: 0 });
    expect(intervals.loss).toBeCloseTo(plain.loss, 5);
    expect(intervals.loss).toBeGreaterThan((await stepped(options, knobs)).loss);
  });

  test('see batch normalisation as the batch does: at radius 0 they are the ordinary loss', async () => {
    const b = new Builder();
    const layers = new Layers(b, 5);
    const hidden = layers.dense(b.input('x', [BATCH, 4]), 6);
    const vectors = [1, 0, 0, 1].map((value, i) =>
      b.constant(floats(new Float32Array(6).fill(value)), `norm.${i}`, true),
    );
    const bent = b.relu(b.push('batchNorm', [hidden, ...vectors], { epsilon: 1e-5 }));
    const normalised = new TrainableNetwork(b.graph({ logits: layers.dense(bent, 2) }));
    const lossOf = async (
      name: TrainingMethodName,
      knobs: Readonly<Record<string, number>>,
    ): Promise<number> => {
      const options = { ...optionsOf(name, threat), network: normalised };
      const program = await load(writeModel(stepGraph(options)));
      const scalars = Object.entries({ balance: 0, ...knobs, rate: 1, shrink: 0 });
      const results = await program.run({
        ...Object.fromEntries(scalars.map(([each, value]) => [each, floats([value], [])])),
        ...answers,
        ...normalised.initial,
        velocity: floats(new Float32Array(normalised.parts.trained.size)),
      });
      return Number(results['loss']?.data[0]);
    };
    const ordinary = await lossOf('natural', {});
    expect(await lossOf('ibp', { eps: 0, natural: 0 })).toBeCloseTo(ordinary, 4);
    expect(await lossOf('crown-ibp', { eps: 0, natural: 0, linear: 1 })).toBeCloseTo(ordinary, 4);
    expect(await lossOf('ibp', { eps: 0.1, natural: 0 })).toBeGreaterThan(ordinary);
  });

  test.each([
    ['l2', l2({ eps: 0.2 })],
    ['l1', l1({ eps: 0.2 })],
  ])('have finite gradients in %s too', async (_name, set) => {
    for (const name of ['ibp', 'crown-ibp'] as const) {
      const own = { eps: 0.2, natural: 0.5, balance: 0.5 };
      const knobs = { ...own, ...(name === 'ibp' ? {} : { linear: 0.5 }) };
      const { gradient } = await stepped(optionsOf(name, set), knobs);
      expect(gradient.every(Number.isFinite)).toBe(true);
      expect(gradient.some((value) => value !== 0)).toBe(true);
    }
  });
});

test('TRADES adds β times the divergence between inputs as they are and moved', async () => {
  const options = optionsOf('trades', linf({ eps: 0.1 }));
  const { parameters } = network.initial;
  const away = floats(
    Array.from(x.data, (value, i) => value + (noise.data[i] ?? 0)),
    x.shape,
  );
  const lossOf = async (beta: number, moved: Tensor): Promise<number> =>
    (await stepped(options, { beta }, parameters, moved)).loss;
  const natural = await stepped(optionsOf('natural', linf({ eps: 0.1 })), {});
  const divergent = (await lossOf(1, away)) - natural.loss;
  expect(await lossOf(6, x)).toBeCloseTo(natural.loss, 5);
  expect(divergent).toBeGreaterThan(0);
  expect(await lossOf(6, away)).toBeCloseTo(natural.loss + 6 * divergent, 5);
});

test('the divergence of TRADES is Σ p·log(p/q)', async () => {
  const b = new Builder();
  const [from, to] = [b.input('from', [1, 3]), b.input('to', [1, 3])];
  const program = await load(writeModel(b.graph({ kl: divergence(b, from, to) })));
  const [u, v] = [
    [1, 2, 0.5],
    [-1, 0, 3],
  ];
  const { kl } = await program.run({ from: floats(u, [1, 3]), to: floats(v, [1, 3]) });
  const softmax = (z: number[]): number[] => {
    const sum = z.reduce((total, each) => total + Math.exp(each), 0);
    return z.map((each) => Math.exp(each) / sum);
  };
  const [p, q] = [softmax(u), softmax(v)];
  const expected = p.reduce((sum, each, i) => sum + each * Math.log(each / (q[i] ?? 1)), 0);
  expect(Number(kl?.data[0])).toBeCloseTo(expected, 5);
});
