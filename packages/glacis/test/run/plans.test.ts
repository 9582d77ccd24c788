/** What certify runs before the exact margin: what a run of each cheaper bound runs, step by step. */
import {
  audit,
  exactPlan,
  openClassifier,
  readModel,
  type SampleRecord,
  tensor,
  Threat,
} from '@glacis/core';
import { expect, test } from 'vitest';
import { type Certification, planOf } from '../../src/run/plans.ts';
import { nodeRuntime } from '../../src/runtime/node.ts';
import { tinyModel, tinyPoints } from '../cli/tiny.ts';

test('where no program may be solved, exact radii are those of alpha-crown, to the last bit', async () => {
  const runtime = nodeRuntime();
  const model = readModel(tinyModel());
  const classifier = await openClassifier(model, runtime);
  const { x, y } = tinyPoints(6);
  const data = { x: tensor('float32', [6, 2], x), y: Array.from(y, Number) };
  const threat = new Threat('linf', { eps: 0 });
  const found: (readonly SampleRecord[])[] = [];
  for (const proof of ['alpha-crown', 'exact'] satisfies Certification['proof'][]) {
    const { plan, radii } = planOf({ proof, radius: true }, []);
    const without = { ...plan, exact: plan.exact && { ...exactPlan, nodes: 0 } };
    const options = { model, classifier, data, threat, runtime, plan: without, radii };
    found.push((await audit(options)).samples);
  }
  await classifier.release();
  const [alone, before] = found.map((samples) => samples.map(({ lower }) => lower));
  expect(alone?.some((radius) => (radius ?? 0) > 0.05)).toBe(true);
  expect(before).toEqual(alone);
});
