// Loss traces against what they record: one margin for each evaluation, the first at the input, the
// smallest the outcome's own, and nothing where nobody asked.
import { expect, test } from 'vitest';
import { apgd } from '../../src/attacks/apgd.ts';
import type { Attack } from '../../src/attacks/attack.ts';
import { cw } from '../../src/attacks/cw.ts';
import { mpgd } from '../../src/attacks/mpgd.ts';
import { pgd } from '../../src/attacks/pgd.ts';
import { LossTrace } from '../../src/attacks/trace.ts';
import { Threat } from '../../src/threats/threat.ts';
import { linearClassifier, randomWeights, rowsOn } from './linear-model.ts';

const w = randomWeights(20);
const attacks: readonly (readonly [string, Attack])[] = [
  ['PGD', pgd({ loss: 'margin', steps: 90, restarts: 1 })],
  ['momentum PGD', mpgd({ id: 'mpgd', loss: 'margin', steps: 20 })],
  ['Auto-PGD', apgd({ id: 'apgd', loss: 'margin', steps: 30, restarts: 1 })],
];

test.each(attacks)('%s traces every margin it saw from the input on', async (_, attack) => {
  const classifier = await linearClassifier(w);
  const { rows, margins } = rowsOn(w, 6, 1e-3);
  const threat = new Threat('linf', { eps: 1e-3 });
  const context = { classifier, threat, seed: 1 };
  const { trace, forwards, margins: found } = await attack.run({ ...context, trace: true }, rows);
  margins.forEach((margin, row) => {
    const [current, best] = [trace?.current(row) ?? [], trace?.best(row) ?? []];
    expect(current.length).toBe(forwards[row]);
    expect(current[0]).toBeCloseTo(margin, 4);
    expect(best.at(-1)).toBe(Math.min(...current));
    expect(best.at(-1)).toBeCloseTo(found[row] ?? NaN, 5);
  });
  expect((await attack.run(context, rows)).trace).toBeUndefined();
  await classifier.release();
});

test('a search for the nearest break traces every margin it saw, of its closing step too', async () => {
  const classifier = await linearClassifier(w);
  const { rows, margins } = rowsOn(w, 3, 1e30);
  const context = { classifier, threat: new Threat('l2', { eps: 1 }), seed: 1, trace: true };
  const { trace, forwards } = await cw({ steps: 10, searches: 2 }).run(context, rows);
  margins.forEach((margin, row) => {
    expect(trace?.lengths[row]).toBe(forwards[row]);
    expect(trace?.lengths[row]).toBeGreaterThan(21);
    expect(trace?.current(row)[0]).toBeCloseTo(margin, 4);
  });
  await classifier.release();
});

test('a trace keeps its values as it widens', () => {
  const trace = new LossTrace(2);
  for (let i = 0; i < 200; i++) trace.note(i % 2, i % 7);
  expect([...trace.current(1)]).toEqual(Array.from({ length: 100 }, (_, i) => (2 * i + 1) % 7));
  expect(trace.best(0).at(-1)).toBe(0);
});
