// Iterated gradient attacks against closed forms: a linear classifier breaks at its exact margin in
// every norm, the valid box included, and no attack may find more; logits so far apart that float32
// cross-entropy has no gradient; and rows that do not feel each other.
import * as ort from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { apgd } from '../../src/attacks/apgd.ts';
import type { Attack, AttackOutcome } from '../../src/attacks/attack.ts';
import { rowsAt } from '../../src/attacks/packing.ts';
import { mpgd } from '../../src/attacks/mpgd.ts';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import type { Node } from '../../src/graph/graph.ts';
import { readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import type { Classifier } from '../../src/runtime/classifier.ts';
import { openClassifier } from '../../src/runtime/open-classifier.ts';
import { ortRuntime } from '../../src/runtime/runtime.ts';
import { RandomBlock } from '../../src/tensor/random.ts';
import type { Rows } from '../../src/threats/ball.ts';
import { Threat } from '../../src/threats/threat.ts';

const FEATURES = 30;
const CLASSES = 5;
const ROWS = 16;
const random = new RandomBlock(8, 0, 0);
const w = Float32Array.from({ length: FEATURES * CLASSES }, (_, i) => random.normal(i));
const x = Float32Array.from({ length: ROWS * FEATURES }, (_, i) => random.uniform(5000 + i));
const runtime = ortRuntime(ort, { name: 'onnxruntime-node' });

type Network = (b: Builder, scores: Node) => Node;

function classifierOf(
  classes: number,
  shape: Network = (_b, scores) => scores,
): Promise<Classifier> {
  const b = new Builder();
  const input = b.input('x', [BATCH, FEATURES]);
  const weights = Array.from({ length: FEATURES * classes }, (_, i) => {
    const [feature, k] = [Math.floor(i / classes), i % classes];
    return w[feature * CLASSES + k] ?? 0;
  });
  const scores = b.matMul(input, b.floats(weights, [FEATURES, classes]));
  return openClassifier(readModel(writeModel(b.graph({ scores: shape(b, scores) }))), runtime);
}

function scoresOf(row: number, classes: number): number[] {
  return Array.from({ length: classes }, (_, k) => {
    let sum = 0;
    for (let i = 0; i < FEATURES; i++) {
      sum += (x[row * FEATURES + i] ?? 0) * (w[i * CLASSES + k] ?? 0);
    }
    return sum;
  });
}

/** The greatest a·δ with ‖δ‖ ≤ radius and x + δ in the box, by bisection of the multiplier in float64. */
function gain(norm: string, a: readonly number[], room: readonly number[], radius: number): number {
  const size = a.map(Math.abs);
  const value = (delta: readonly number[]): number =>
    delta.reduce((sum, own, i) => sum + own * (size[i] ?? 0), 0);
  if (norm === 'linf') return value(room.map((own) => Math.min(own, radius)));
  if (norm === 'l1') {
    let left = radius;
    const order = size.map((_, i) => i).sort((p, q) => (size[q] ?? 0) - (size[p] ?? 0));
    return order.reduce((sum, i) => {
      const spent = Math.min(left, room[i] ?? 0);
      left -= spent;
      return sum + spent * (size[i] ?? 0);
    }, 0);
  }
  const along = (t: number): number[] => size.map((own, i) => Math.min(t * own, room[i] ?? 0));
  let [low, high] = [0, 1e6];
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    if (Math.hypot(...along(middle)) > radius) high = middle;
    else low = middle;
  }
  return value(along(low));
}

/** The least radius at which some rival overtakes. */
function exactRadius(
  norm: string,
  box: boolean,
  row: number,
  label: number,
  classes: number,
): number {
  const scores = scoresOf(row, classes);
  const radii = scores.flatMap((score, k) => {
    if (k === label) return [];
    const a = Array.from(
      { length: FEATURES },
      (_, i) => (w[i * CLASSES + k] ?? 0) - (w[i * CLASSES + label] ?? 0),
    );
    const room = a.map((slope, i) => {
      const own = x[row * FEATURES + i] ?? 0;
      return box ? (slope > 0 ? 1 - own : own) : Infinity;
    });
    const wanted = (scores[label] ?? 0) - score;
    let [low, high] = [0, 1e3];
    if (gain(norm, a, room, high) < wanted) return [];
    for (let i = 0; i < 100; i++) {
      const middle = (low + high) / 2;
      if (gain(norm, a, room, middle) < wanted) low = middle;
      else high = middle;
    }
    return [high];
  });
  return Math.min(...radii);
}

function rowsWith(classes: number, radius: (row: number, label: number) => number): Rows {
  const labels = Int32Array.from({ length: ROWS }, (_, row) => {
    const scores = scoresOf(row, classes);
    return scores.indexOf(Math.max(...scores));
  });
  return {
    count: ROWS,
    x,
    labels,
    radii: Float64Array.from(labels, (label, row) => radius(row, label)),
    streams: Array.from({ length: ROWS }, (_, i) => i),
  };
}

function run(
  attack: Attack,
  classifier: Classifier,
  threat: Threat,
  rows: Rows,
): Promise<AttackOutcome> {
  return attack.run({ classifier, threat, seed: 3 }, rows);
}

const attacks: readonly Attack[] = [
  apgd({ id: 'apgd-t', loss: 'targeted-dlr', steps: 100, restarts: 1 }),
  apgd({ id: 'apgd-margin', loss: 'targeted-margin', steps: 100, restarts: 1 }),
  apgd({ id: 'apgd-wide', loss: 'targeted-margin', steps: 150, restarts: 1, wider: [3, 2] }),
];

let linear: Classifier;
let two: Classifier;
let saturated: Classifier;
beforeAll(async () => {
  linear = await classifierOf(CLASSES);
  two = await classifierOf(2);
  saturated = await classifierOf(CLASSES, (b, scores) => b.mul(scores, 1e4));
});
afterAll(async () => {
  for (const classifier of [linear, two, saturated]) await classifier.release();
});

const CLIPS = [null, [0, 1]] as const;

describe.each(['linf', 'l2', 'l1'] as const)('in %s', (norm) => {
  describe.each(CLIPS)('with the valid box %s', (...clip) => {
    const box = clip[0] !== null;
    const threat = new Threat(norm, { eps: 1, clip: box ? [0, 1] : null });

    test.each(attacks.map((attack) => [attack.id, attack] as const))(
      '%s breaks a linear classifier at 1.01 times its exact margin, inside the set',
      async (_, attack) => {
        const rows = rowsWith(
          CLASSES,
          (row, label) => 1.01 * exactRadius(norm, box, row, label, CLASSES),
        );
        const { margins, best } = await run(attack, linear, threat, rows);
        expect(Math.max(...margins)).toBeLessThanOrEqual(0);
        for (let row = 0; row < ROWS; row++) {
          const [start, end] = [row * FEATURES, (row + 1) * FEATURES];
          const distance = threat.distance(x.subarray(start, end), best.subarray(start, end));
          expect(distance).toBeLessThanOrEqual((rows.radii[row] ?? 0) * (1 + 1e-5));
        }
      },
    );

    test('and nothing breaks it just below', async () => {
      const rows = rowsWith(
        CLASSES,
        (row, label) => 0.999 * exactRadius(norm, box, row, label, CLASSES),
      );
      for (const attack of attacks) {
        const { margins } = await run(attack, linear, threat, rows);
        expect(Math.min(...margins)).toBeGreaterThan(0);
      }
    });
  });

  test('two classes have no ratio of logits: the margin is climbed, and finds the break', async () => {
    const threat = new Threat(norm, { eps: 1 });
    const rows = rowsWith(2, (row, label) => 1.01 * exactRadius(norm, false, row, label, 2));
    const ratio = apgd({ id: 'apgd-dlr', loss: 'dlr', steps: 100, restarts: 1 });
    const { margins } = await run(ratio, two, threat, rows);
    expect(Math.max(...margins)).toBeLessThanOrEqual(0);
  });
});

test.each([
  ['Auto-PGD', apgd({ id: 'apgd-ce', loss: 'cross-entropy', steps: 100, restarts: 1 })],
  [
    'the probability margin',
    apgd({ id: 'pm', loss: 'probability-margin', steps: 100, restarts: 1 }),
  ],
  ['momentum', mpgd({ id: 'mpgd', loss: 'cross-entropy', steps: 60 })],
])('logits times 1e4 hide nothing from cross-entropy climbed by %s', async (_, attack) => {
  const threat = new Threat('linf', { eps: 1 });
  // The runner-up need not be the nearest rival: half as far again reaches it too.
  const rows = rowsWith(
    CLASSES,
    (row, label) => 1.5 * exactRadius('linf', false, row, label, CLASSES),
  );
  const { margins } = await run(attack, saturated, threat, rows);
  expect(Math.max(...margins)).toBeLessThanOrEqual(0);
});

test.each([
  ...attacks,
  apgd({ id: 'restarts', loss: 'dlr', steps: 20, restarts: 3 }),
  mpgd({ id: 'mpgd', loss: 'margin', steps: 20 }),
])('$id does to a row alone what it does to it among others', async (attack) => {
  const threat = new Threat('l2', { eps: 1, clip: [0, 1] });
  const rows = rowsWith(
    CLASSES,
    (row, label) => (row % 3 === 0 ? 1.2 : 0.9) * exactRadius('l2', true, row, label, CLASSES),
  );
  const together = await run(attack, linear, threat, rows);
  for (const row of [0, 1, 7, ROWS - 1]) {
    const alone = await run(attack, linear, threat, rowsAt(rows, [row], FEATURES));
    expect(alone.gradients[0]).toBe(together.gradients[row]);
    expect(alone.margins[0]).toBeCloseTo(together.margins[row] ?? Number.NaN, 4);
  }
});
