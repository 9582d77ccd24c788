/** The regularisers of Shi et al. 2021 against their sums written out, and the first weights they go with. */
import { describe, expect, test } from 'vitest';
import { bounded } from '../../src/defend/bounded.ts';
import { initialised } from '../../src/defend/initialise.ts';
import { Layers } from '../../src/defend/layers.ts';
import { TrainableNetwork } from '../../src/defend/network.ts';
import { methodContext } from '../../src/defend/step.ts';
import { imbalance, keepingWidth } from '../../src/defend/warm-up.ts';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { RandomBlock } from '../../src/tensor/random.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { linf } from '../../src/threats/threat.ts';
import { gradientWith } from '../../src/transforms/gradient.ts';
import { load } from '../onnxruntime.ts';

const [COUNT, WIDTH, HIDDEN] = [20, 3, 7];
const EPS = 0.2;
const random = new RandomBlock(5, 0, 0);
const x = Array.from({ length: COUNT * WIDTH }, (_, i) => random.normal(i));

function networkOf(): TrainableNetwork {
  const b = new Builder();
  const layers = new Layers(b, 1);
  const hidden = b.relu(layers.dense(b.input('x', [BATCH, WIDTH]), HIDDEN));
  return new TrainableNetwork(b.graph({ logits: layers.dense(hidden, 2) }));
}

/** The penalty of a network at the given parameters, and its gradient. */
async function penaltyAt(
  network: TrainableNetwork,
  parameters: ArrayLike<number>,
): Promise<{ readonly penalty: number; readonly gradient: Float32Array }> {
  const b = new Builder();
  const threat = linf({ eps: EPS });
  const context = methodContext(b, { network, threat, soft: false });
  const penalty = imbalance(b, bounded(context, context.knob('eps'), null));
  const pieces = network.parts.trained.entries.flatMap(
    ({ id }) => context.network.parameters.get(id) ?? [],
  );
  const gradients = gradientWith(b, penalty, pieces).map((each) =>
    b.reshape(each, [each.shape.reduce<number>((product, dim) => product * Number(dim), 1)]),
  );
  const program = await load(writeModel(b.graph({ penalty, gradient: b.concat(gradients, 0) })));
  const results = await program.run({
    x: floats(x, [COUNT, WIDTH]),
    answers: { type: 'int32', shape: [COUNT], data: new Int32Array(COUNT) },
    parameters: floats(parameters),
    eps: floats([EPS], []),
  });
  return {
    penalty: Number(results['penalty']?.data[0]),
    gradient: results['gradient']?.data as Float32Array,
  };
}

/** The sums of the paper's equations 8 and 9 over the one layer in front of the one ReLU. */
function expectedOf(weights: ArrayLike<number>): number {
  const values = Array.from({ length: COUNT * HIDDEN }, (_, k) => {
    const [row, unit] = [Math.floor(k / HIDDEN), k % HIDDEN];
    let [centre, radius] = [weights[HIDDEN * WIDTH + unit] ?? 0, 0];
    for (let j = 0; j < WIDTH; j++) {
      const weight = weights[unit * WIDTH + j] ?? 0;
      centre += weight * (x[row * WIDTH + j] ?? 0);
      radius += Math.abs(weight) * EPS;
    }
    return { centre, radius };
  });
  const total = (of: (each: (typeof values)[number]) => number): number =>
    values.reduce((sum, each) => sum + of(each), 0);
  const mean = total(({ centre }) => centre) / values.length;
  const isActive = (each: (typeof values)[number]): boolean => each.centre > each.radius;
  const isInactive = (each: (typeof values)[number]): boolean => each.centre < -each.radius;
  const pairs = [
    [EPS, total(({ radius }) => radius) / values.length],
    [
      total((each) => (isActive(each) ? each.centre : 0)),
      total((each) => (isInactive(each) ? -each.centre : 0)),
    ],
    [
      total((each) => (isActive(each) ? (each.centre - mean) ** 2 : 0)),
      total((each) => (isInactive(each) ? (each.centre - mean) ** 2 : 0)),
    ],
  ] as const;
  const [[narrow, wide], ...balances] = pairs;
  const shares = [narrow / wide, ...balances.map(([a, c]) => Math.min(a, c) / Math.max(a, c))];
  return shares.reduce((sum, share) => sum + Math.max(0, 0.5 - share), 0) / 0.5;
}

describe('the penalty while the radius rises', () => {
  const network = networkOf();
  const initial = network.initial.parameters.data as Float32Array;

  test.each([
    ['as drawn', (value: number) => value],
    ['with weights that widen intervals', (value: number) => 4 * value],
    ['with narrow layers', (value: number) => value / 4],
  ])('is that of the paper, %s', async (_name, changed) => {
    const parameters = initial.map((value, i) => changed(value) + (i % 5) / 10);
    const { penalty } = await penaltyAt(network, parameters);
    expect(penalty).toBeCloseTo(expectedOf(parameters), 4);
  });

  test('has the gradient that differences have, and a finite one where all units are dead', async () => {
    const parameters = initial.map((value, i) => 4 * value + (i % 5) / 10);
    const { penalty, gradient } = await penaltyAt(network, parameters);
    expect(penalty).toBeGreaterThan(0);
    const length = Math.hypot(...gradient);
    const along = async (size: number): Promise<number> => {
      const moved = parameters.map((value, i) => value + (size * (gradient[i] ?? 0)) / length);
      return (await penaltyAt(network, moved)).penalty;
    };
    const slope = ((await along(1e-3)) - (await along(-1e-3))) / 2e-3;
    expect(slope / length).toBeCloseTo(1, 1);
    for (const dead of [initial.map(() => 0), initial.map(() => -1)]) {
      const at = await penaltyAt(network, dead);
      expect(at.penalty).toBeLessThanOrEqual(3);
      expect(at.gradient.every(Number.isFinite)).toBe(true);
    }
  });
});

test('fresh weights are normal, and intervals keep their width through a wide layer', () => {
  const b = new Builder();
  const fanIn = 400;
  const dense = new Layers(b, 0).dense(b.input('x', [BATCH, fanIn]), 300);
  const network = new TrainableNetwork(b.graph({ logits: dense }));
  const { parameters } = initialised(network, 3, keepingWidth);
  const weights = Array.from(parameters.data as Float32Array).slice(0, 300 * fanIn);
  const spread = Math.sqrt(weights.reduce((sum, w) => sum + w * w, 0) / weights.length);
  expect(spread * fanIn).toBeCloseTo(Math.sqrt(2 * Math.PI), 1);
  // Half of the values behind a ReLU are 0: widths are halved there, and doubled by the layer.
  const widths = weights.reduce((sum, w) => sum + Math.abs(w), 0) / 300;
  expect(widths).toBeCloseTo(2, 1);
});
