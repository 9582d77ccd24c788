/** Lipschitz constants of margins over a ball against closed forms, and against differences between points of it. */
import { expect, test } from 'vitest';
import { localLipschitz } from '../../src/bounds/local-lipschitz.ts';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import type { Node } from '../../src/graph/graph.ts';
import { readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { openClassifier } from '../../src/runtime/open-classifier.ts';
import type { Classifier } from '../../src/runtime/classifier.ts';
import { Threat } from '../../src/threats/threat.ts';
import { randomWeights, runtime } from '../attacks/linear-model.ts';
import { Draw } from '../generators/draw.ts';
import { evaluateOutputs } from '../oracle/evaluate.ts';
import { floats } from '../../src/tensor/tensor.ts';

const norms = ['linf', 'l2', 'l1'] as const;
type NormOf = (typeof norms)[number];

const lengthIn: Readonly<Record<NormOf, (v: readonly number[]) => number>> = {
  linf: (v) => Math.max(...v.map(Math.abs)),
  l2: (v) => Math.hypot(...v),
  l1: (v) => v.reduce((sum, each) => sum + Math.abs(each), 0),
};

async function open(features: number, network: (b: Builder, x: Node) => Node): Promise<Classifier> {
  const b = new Builder();
  const scores = network(b, b.input('x', [BATCH, features]));
  return openClassifier(readModel(writeModel(b.graph({ scores }))), runtime);
}

test('of a linear model they are the norms of differences of its weights, wherever', async () => {
  // Scores x, 2y and 0; at (1, 0) the first is ahead, by x − 2y and by x.
  const classifier = await open(2, (b, x) => b.matMul(x, b.floats([1, 0, 0, 0, 2, 0], [2, 3])));
  const threat = new Threat('l2', { eps: 0.1 });
  const found = await localLipschitz({ classifier, threat }, Float32Array.of(1, 0), 0.1);
  expect(found?.answer).toBe(0);
  const near = (value: number | undefined, truth: number): void => {
    expect(value).toBeGreaterThanOrEqual(truth);
    expect(value).toBeLessThan(truth * (1 + 1e-4));
  };
  const [first, second] = found?.margins ?? [];
  expect([first?.class, second?.class]).toEqual([1, 2]);
  near(first?.linf, 3);
  near(first?.l2, Math.sqrt(5));
  near(first?.l1, 2);
  norms.forEach((norm) => near(second?.[norm], 1));
  // The Jacobian's sizes [[1, 2], [1, 0]].
  near(found?.all.linf.linf, 3);
  near(found?.all.linf.l2, Math.sqrt(10));
  near(found?.all.linf.l1, 4);
  near(found?.all.l1.linf, 2);
  near(found?.all.l1.l2, 2);
  near(found?.all.l1.l1, 2);
  near(found?.all.l2.linf, Math.sqrt(5));
  near(found?.all.l2.l1, Math.sqrt(8));
  near(found?.all.l2.l2, Math.sqrt(6));
  await classifier.release();
});

test('where no hinge bends they are those of the piece alone, and where one does of both', async () => {
  // Scores |x| + x and 0: the slope is 2 to the right of 0, and 0 to the left.
  const classifier = await open(1, (b, x) =>
    b.concat([b.add(b.add(b.relu(x), b.relu(b.neg(x))), x), b.mul(x, 0)], 1),
  );
  const threat = new Threat('linf', { eps: 1 });
  const at = async (x: number, radius: number): Promise<number> => {
    const found = await localLipschitz({ classifier, threat }, Float32Array.of(x), radius);
    return found?.margins[0]?.linf ?? Number.NaN;
  };
  expect(await at(1, 0.5)).toBeCloseTo(2, 4);
  expect(await at(-1, 0.5)).toBeCloseTo(0, 4);
  expect(await at(0.1, 0.5)).toBeGreaterThanOrEqual(2);
  await classifier.release();
});

test.each(norms)('no two points of an %s ball are farther apart than they say', async (norm) => {
  const [features, hidden, classes] = [6, 12, 4];
  const [first, second] = [randomWeights(features * hidden, 3), randomWeights(hidden * classes, 4)];
  const classifier = await open(features, (b, x) =>
    b.matMul(
      b.push('tanh', [b.relu(b.matMul(x, b.floats(first, [features, hidden])))], {}),
      b.floats(second, [hidden, classes]),
    ),
  );
  const draw = new Draw(norms.indexOf(norm));
  const threat = new Threat(norm, { eps: 0.5 });
  const centre = Float32Array.from({ length: features }, () => draw.real(-1, 1));
  const found = await localLipschitz({ classifier, threat }, centre, 0.5);
  if (!found) throw new RangeError('the constants are not known');
  const pointOf = (): number[] => {
    const away = Array.from(centre, () => draw.real(-1, 1));
    const size = lengthIn[norm](away);
    return away.map((each, i) => (centre[i] ?? 0) + (0.49 * draw.next() * each) / size);
  };
  const marginsAt = (x: readonly number[]): number[] => {
    const [all] = Object.values(evaluateOutputs(classifier.graph, { x: floats(x, [1, features]) }));
    const scores = Array.from(all?.data ?? [], Number);
    return found.margins.map(({ class: k }) => (scores[found.answer] ?? 0) - (scores[k] ?? 0));
  };
  for (let i = 0; i < 200; i++) {
    const [one, other] = [pointOf(), pointOf()].map((each) => Array.from(Float32Array.from(each)));
    if (!one || !other) continue;
    const moved = one.map((value, k) => value - (other[k] ?? 0));
    const [from, to] = [marginsAt(one), marginsAt(other)];
    const changed = from.map((value, k) => value - (to[k] ?? 0));
    for (const p of norms) {
      const length = lengthIn[p](moved);
      for (const q of norms) {
        expect(lengthIn[q](changed)).toBeLessThanOrEqual(found.all[p][q] * length);
      }
      changed.forEach((change, k) => {
        expect(Math.abs(change)).toBeLessThanOrEqual((found.margins[k]?.[p] ?? 0) * length);
      });
    }
  }
  await classifier.release();
});

test('a model that jumps is refused', async () => {
  const classifier = await open(2, (b, x) => b.add(x, b.push('floor', [x], {})));
  const threat = new Threat('linf', { eps: 0.1 });
  await expect(
    localLipschitz({ classifier, threat }, Float32Array.of(0.5, 0.25), 0.1),
  ).rejects.toThrow(/jumps/u);
  await classifier.release();
});
