// What a diagnosis draws, on a linear model whose landscape and gradient are known.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newEntry } from '../../src/audit/ledger.ts';
import { diagnose, type Diagnosis } from '../../src/diagnose/diagnose.ts';
import type { MaskingFigures } from '../../src/audit/run.ts';
import { loosenessOf } from '../../src/diagnose/looseness.ts';
import type { Classifier } from '../../src/runtime/classifier.ts';
import { Threat } from '../../src/threats/threat.ts';
import { runtime } from '../attacks/linear-model.ts';
import { bent, rowsAtOne, unitWeights } from './models.ts';

const w = unitWeights(16);
const length = Math.sqrt(w.reduce((sum, value) => sum + value * value, 0));
const EPS = 0.8 / length;
let classifier: Classifier;
let surrogate: Classifier;
let figures: MaskingFigures | null;

beforeAll(async () => {
  classifier = await bent(w, (_, t) => t);
  surrogate = await bent(
    w.map((value) => 2 * value),
    (_, t) => t,
  );
  const threat = new Threat('l2', { eps: EPS });
  const data = rowsAtOne(w);
  const surrogates = [surrogate];
  const options = { classifier, runtime, data, threat, surrogates };
  const diagnosis: Diagnosis = await diagnose({ ...options, depth: 'quick' });
  figures = diagnosis.masking.figures;
});
afterAll(async () => {
  await classifier.release();
  await surrogate.release();
});

test('the landscape falls along the gradient and is level across it', () => {
  const { side = 0, reach = 0, margins = [] } = figures?.landscape ?? {};
  expect(margins.length).toBe(side * side);
  margins.forEach((margin, i) => {
    const u = reach * ((2 * (i % side)) / (side - 1) - 1);
    // w·x = 1, and a step of ε along the gradient takes 0.8 of it.
    expect(margin).toBeCloseTo(1 - 0.8 * u, 3);
  });
});

test('what is within ε is a disc, and the attack goes straight to its edge', () => {
  const { side = 0, reach = 0, distances = [], path = [] } = figures?.landscape ?? {};
  distances.forEach((own, i) => {
    const at = (place: number): number => reach * ((2 * place) / (side - 1) - 1);
    expect(own).toBeCloseTo(Math.hypot(at(i % side), at(Math.floor(i / side))), 2);
  });
  const [u = 0, v = 1] = path.at(-1) ?? [];
  expect(u).toBeCloseTo(1, 3);
  expect(v).toBeCloseTo(0, 3);
});

test("the gradient's map is w, and the surrogate's is its own", () => {
  const [map] = figures?.gradients ?? [];
  map?.own.forEach((value, k) => expect(value).toBeCloseTo(w[k] ?? 0, 3));
  map?.other?.forEach((value, k) => expect(value).toBeCloseTo(2 * (w[k] ?? 0), 3));
  expect(map?.other?.length).toBe(w.length);
});

test('along the attack the margin falls to a fifth of what it was', () => {
  const climb = figures?.climb ?? [];
  expect(climb[0]).toEqual({ step: 0, low: 1, middle: 1, high: 1 });
  expect(climb.at(-1)?.middle).toBeCloseTo(0.2, 3);
});

test('the curve falls from 1 to 0 where ε reaches the boundary, for gradients as for all attacks', () => {
  const curve = figures?.curve ?? [];
  for (const { eps, gradient, all } of curve) {
    expect(gradient).toBe(eps * length < 1 ? 1 : 0);
    expect(all).toBe(gradient);
  }
});

test('backward bounds of a linear model are exact, and intervals over the box around the ball are wider', async () => {
  const { x } = rowsAtOne(w);
  const entry = newEntry(0, 0, x.data.slice(0, w.length));
  const layers = await loosenessOf(classifier, runtime, {
    threat: new Threat('l2', { eps: EPS }),
    entry,
  });
  const output = layers.at(-1);
  // Of two scores one varies by 2·ε·‖w‖₂ and the other is 0.
  expect(output?.crown).toBeCloseTo(EPS * length, 3);
  expect(output?.alphaCrown).toBeCloseTo(EPS * length, 3);
  expect(output?.interval).toBeCloseTo(EPS, 3);
});
