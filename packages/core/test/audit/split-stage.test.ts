/**
 * Branch and bound over the inputs inside an audit: brackets hold the exact margin of tiny networks, found by
 * brute force over all patterns of activations, and close around it; what is asked at ε is decided.
 */
import * as fc from 'fast-check';
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { audit } from '../../src/audit/audit.ts';
import { defaultPlan, onlyProving, type Plan, splitPlan } from '../../src/audit/plan.ts';
import type { AuditPart } from '../../src/audit/part.ts';
import type { SampleRecord } from '../../src/audit/run.ts';
import { splitRefusal } from '../../src/audit/split-stage.ts';
import { interval } from '../../src/bounds/interval.ts';
import { readModel } from '../../src/onnx/read.ts';
import { openClassifier } from '../../src/runtime/open-classifier.ts';
import { ortRuntime } from '../../src/runtime/runtime.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { Threat } from '../../src/threats/threat.ts';
import { Draw } from '../generators/draw.ts';
import { denseModel, nearestRival, scoresOf } from './patterns.ts';

const runtime = ortRuntime(ort, { name: 'onnxruntime-node', threads: 1 });
const proofs = [{ bound: interval, tolerance: 1e-2, dearTolerance: 1e-2, hope: Infinity }];
const splitting: Plan = onlyProving(defaultPlan(), { proofs, exact: null, split: splitPlan });

interface Asked {
  readonly bytes: Uint8Array;
  readonly x: Float32Array;
  readonly label: number;
  readonly threat: Threat;
}

async function recordOf(
  { bytes, x, label, threat }: Asked,
  options: { readonly plan?: Plan; readonly radii?: boolean } = {},
): Promise<SampleRecord> {
  const { plan = splitting, radii = true } = options;
  const model = readModel(bytes);
  const data = { x: floats(x, [1, x.length]), y: [label] };
  const { samples } = await audit({ model, data, threat, runtime, plan, radii });
  const [sample] = samples;
  if (!sample) throw new RangeError('one sample was asked about');
  return sample;
}

function drawn(seed: number): Asked & { readonly exact: number } {
  const draw = new Draw(seed);
  const network = denseModel(draw, 2, [draw.integer(2, 5), draw.integer(2, 4)], 3);
  const x = Float32Array.from({ length: 2 }, () => draw.real(0, 1));
  const scores = scoresOf(network, x);
  const label = scores.indexOf(Math.max(...scores));
  const threat = new Threat('linf', { eps: 0, clip: [0, 1] });
  const exact = nearestRival(network, x, label, 'linf');
  return { bytes: network.bytes, x, label, threat, exact };
}

describe('cutting boxes of few inputs', () => {
  test('brackets hold the exact margin and close around it', async () => {
    let [closed, all] = [0, 0];
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        const { exact, ...asked } = drawn(seed);
        // Numbers this small are lost in float32.
        fc.pre(exact > 1e-3);
        const { lower, upper } = await recordOf(asked);
        all++;
        if (exact === Infinity) {
          expect(upper).toBeNull();
          expect(lower).toBe(asked.threat.reach(asked.x));
          closed++;
          return;
        }
        expect(lower).toBeLessThanOrEqual(exact * (1 + 1e-5));
        expect(upper ?? Infinity).toBeGreaterThanOrEqual(exact * (1 - 1e-5));
        if ((upper ?? Infinity) <= (lower ?? 0) * (1 + 3e-3)) closed++;
      }),
      { seed: 23, numRuns: 15 },
    );
    expect(closed / all).toBeGreaterThan(0.9);
  });

  test('decides at ε on both sides of the margin, what is broken by the original file', async () => {
    const found = [3, 5, 8, 13].map(drawn).filter(({ exact }) => exact > 1e-2 && exact < 1);
    expect(found.length).toBeGreaterThan(0);
    for (const { exact, ...asked } of found) {
      const at = (share: number): Promise<SampleRecord> =>
        recordOf(
          { ...asked, threat: new Threat('linf', { eps: share * exact, clip: [0, 1] }) },
          { radii: false },
        );
      expect(await at(0.98)).toMatchObject({ verdict: 'certified', lowerMethod: 'bab' });
      const broken = await at(1.02);
      expect(broken).toMatchObject({ verdict: 'falsified', upperMethod: 'bab' });
      expect(broken.upper).toBeLessThanOrEqual(1.02 * exact);
    }
  });

  test('without enough boxes an input is left open, and it is said', async () => {
    const { exact, ...asked } = drawn(3);
    const split = { ...splitPlan, boxes: 1 };
    const plan = { ...splitting, split };
    const threat = new Threat('linf', { eps: 0.98 * exact, clip: [0, 1] });
    const model = readModel(asked.bytes);
    const data = { x: floats(asked.x, [1, 2]), y: [asked.label] };
    const part = await audit({ model, data, threat, runtime, plan, radii: false });
    expect(part.samples[0]?.verdict).toBe('unknown');
    expect(part.notes.join(' ')).toMatch(/left open after 1 boxes \(bab\)/);
  });

  test('a lesser effort leaves inputs to a greater one, which goes on with those alone', async () => {
    const { exact, ...asked } = drawn(3);
    const threat = new Threat('linf', { eps: 0.98 * exact, clip: [0, 1] });
    const model = readModel(asked.bytes);
    const far = new Float32Array(2);
    const data = {
      x: floats(Float32Array.of(...asked.x, ...far), [2, 2]),
      y: [asked.label, (asked.label + 1) % 3],
      // Not in their order.
      indices: [7, 2],
    };
    const plan = { ...splitting, split: { ...splitPlan, boxes: 512 } };
    const options = { model, data, threat, runtime, plan, radii: false };
    const first = await audit({ ...options, effort: 0 });
    expect(first.whole).toBe(false);
    expect(first.notes.join()).not.toMatch(/left open/);
    const [other, open] = first.samples;
    expect(open?.verdict).toBe('timeout');
    const all = await audit({ ...options, effort: 3, before: first });
    expect(all.whole).toBe(true);
    expect(all.samples[1]).toMatchObject({ verdict: 'certified', lowerMethod: 'bab' });
    expect(all.samples[0]).toEqual(other);
    const asks = ({ methods }: AuditPart): unknown => methods.map(({ id, asked: n }) => [id, n]);
    expect(asks(all)).toEqual(asks(first));
    // The same as at once.
    const atOnce = await audit(options);
    expect(atOnce.samples.map(({ verdict, lower }) => [verdict, lower])).toEqual(
      all.samples.map(({ verdict, lower }) => [verdict, lower]),
    );
  });

  test('where many inputs vary, and in other norms, sets are cut inside', async () => {
    const drawnModel = denseModel(new Draw(4), 30, [12, 12], 3);
    const model = readModel(drawnModel.bytes);
    const draw = new Draw(9);
    const x = Float32Array.from(draw.list(30, () => draw.real(0, 1)));
    const classifier = await openClassifier(model, runtime);
    expect(splitRefusal(classifier)).toBeNull();
    await classifier.release();
    for (const norm of ['linf', 'l2'] as const) {
      const data = { x: floats(x, [1, 30]), y: null };
      const at = async (plan: Plan): Promise<SampleRecord | undefined> => {
        const threat = new Threat(norm, { eps: 0.1, clip: [0, 1] });
        return (await audit({ model, data, threat, runtime, plan })).samples[0];
      };
      const cut = await at({
        ...splitting,
        split: { ...splitPlan, domains: 500, searchDomains: 200, tolerance: 0.02 },
      });
      const bound = await at({ ...splitting, split: null });
      expect(cut?.lowerMethod).toMatch(/bab/);
      expect(cut?.lower ?? 0).toBeGreaterThan(1.02 * (bound?.lower ?? 0));
      // What is found breaks the model outside what is proven.
      if (cut?.upper) expect(cut.upper).toBeGreaterThanOrEqual(cut.lower ?? Infinity);
    }
  });
});
