// A model whose scores are no numbers beyond a hyperplane: there it is broken, by whatever came upon it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { attackTable, type AttackName } from '../../src/attacks/table.ts';
import { audit } from '../../src/audit/audit.ts';
import { defaultPlan } from '../../src/audit/plan.ts';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import { readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import type { Classifier } from '../../src/runtime/classifier.ts';
import { openClassifier } from '../../src/runtime/open-classifier.ts';
import { RandomBlock } from '../../src/tensor/random.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { l2 } from '../../src/threats/threat.ts';
import { randomWeights, runtime } from './linear-model.ts';

const [FEATURES, ROWS] = [12, 8];
const w = randomWeights(FEATURES);
const random = new RandomBlock(6, 0, 0);
const x = Float32Array.from({ length: ROWS * FEATURES }, (_, i) => random.uniform(i));
const along = (row: number): number =>
  w.reduce((sum, weight, i) => sum + weight * (x[row * FEATURES + i] ?? 0), 0);
const END = Math.max(...Array.from({ length: ROWS }, (_, row) => along(row))) + 0.5;

/** Scores (1 + √(END − w·x), 0): the first leads wherever there are numbers. */
function rooted(): Promise<Classifier> {
  const b = new Builder();
  const input = b.input('x', [BATCH, FEATURES]);
  const root = b.sqrt(b.sub(END, b.matMul(input, b.constant(floats(w, [FEATURES, 1])))));
  const scores = b.concat([b.add(root, 1), b.mul(root, 0)], 1);
  return openClassifier(readModel(writeModel(b.graph({ scores }))), runtime);
}

let classifier: Classifier;
beforeAll(async () => void (classifier = await rooted()));
afterAll(() => classifier.release());

const nearest: readonly AttackName[] = [
  'fmn',
  'fab',
  'deepfool',
  'cw',
  'ddn',
  'alma',
  'fmn-rounds',
];

describe.each(nearest)('%s', (name) => {
  test('finds the end of the numbers, and the sample says what broke it', async () => {
    const { samples, methods } = await audit({
      model: classifier.model,
      classifier,
      runtime,
      threat: l2({ eps: 100 }),
      proofs: false,
      radii: false,
      plan: { ...defaultPlan(), noise: null, attacks: [attackTable[name]] },
      data: { x: floats(x, [ROWS, FEATURES]), y: new Array<number>(ROWS).fill(0) },
    });
    const slope = Math.hypot(...w);
    samples.forEach(({ upper, upperMethod, verdict }, row) => {
      expect({ verdict, upperMethod }).toEqual({ verdict: 'falsified', upperMethod: 'non-finite' });
      const exact = (END - along(row)) / slope;
      expect((upper ?? 0) / exact).toBeGreaterThan(1 - 1e-5);
      expect((upper ?? Infinity) / exact).toBeLessThan(1.1);
    });
    expect(methods.map(({ id, decided }) => [id, decided])).toEqual([[name, ROWS]]);
  });
});
