// Searches for the nearest break against closed forms. On a linear classifier the nearest break lies on
// the nearest rival's hyperplane ∩ valid box: without a box its distance is margin / ‖w‖_q, with one it
// is found here by bisection over radii of the exact least margin in ball ∩ box.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Attack } from '../../src/attacks/attack.ts';
import { alma } from '../../src/attacks/alma.ts';
import { cornerSearch } from '../../src/attacks/corner-search.ts';
import { cw } from '../../src/attacks/cw.ts';
import { ddn } from '../../src/attacks/ddn.ts';
import { deepfool } from '../../src/attacks/deepfool.ts';
import { fab } from '../../src/attacks/fab.ts';
import { fmn } from '../../src/attacks/fmn.ts';
import type { NormName } from '../../src/audit/run.ts';
import { rowsAt } from '../../src/attacks/packing.ts';
import { pdpgd } from '../../src/attacks/pdpgd.ts';
import type { Classifier } from '../../src/runtime/classifier.ts';
import { Threat } from '../../src/threats/threat.ts';
import { exact, FEATURES, linear, ROWS, rowsFor, scoresOf, weightsOf, x } from './linear-oracle.ts';

const sized = ['l2', 'linf', 'l1'] as const;
const searches: readonly (readonly [string, Attack, readonly [NormName, ...NormName[]]])[] = [
  ['FAB', fab({ id: 'fab', targeted: false, rivals: 9, steps: 10, restarts: 1 }), sized],
  ['targeted FAB', fab({ id: 'fab-t', targeted: true, rivals: 9, steps: 12, restarts: 2 }), sized],
  ['FMN in rounds', fmn({ id: 'fmn', steps: 80, rounds: 2, rivals: 9 }), [...sized, 'l0']],
  ['DeepFool', deepfool({ steps: 20, rivals: 9 }), ['l2', 'linf']],
  ['DDN', ddn({ steps: 100 }), ['l2']],
  ['Carlini–Wagner', cw({ steps: 300, searches: 8 }), ['l2']],
  ['ALMA', alma({ steps: 300 }), ['l2', 'l1']],
  ['PDPGD', pdpgd({ steps: 500 }), ['l1', 'l0']],
  ['CornerSearch', cornerSearch({ rivals: 3, shortlist: 8, exchanges: 1 }), ['l0']],
];

/** These mind the strongest rival of the moment only. */
const followers = ['DDN', 'Carlini–Wagner', 'ALMA', 'PDPGD'];

describe.each([2, 6])('on a linear classifier of %i classes', (classes) => {
  const weights = weightsOf(classes);
  let classifier: Classifier;
  beforeAll(async () => {
    classifier = await linear(weights, classes);
  });
  afterAll(() => classifier.release());

  const cases = searches.flatMap(([name, attack, served]) =>
    served
      .filter(() => !followers.includes(name) || classes === 2)
      .flatMap((norm) =>
        // Counting features takes a range of valid values.
        (norm === 'l0' ? [[0, 1] as const] : [null, [0, 1] as const]).map((clip) => ({
          name,
          attack,
          norm,
          clip,
          box: clip ? 'with a box' : 'without a box',
        })),
      ),
  );
  test.each(cases)('$name finds the nearest break in $norm $box', async (given) => {
    const { attack, norm, clip } = given;
    const threat = new Threat(norm, { eps: 1, clip });
    const { best, margins } = await attack.run(
      { classifier, threat, seed: 1 },
      rowsFor(weights, classes),
    );
    for (let row = 0; row < ROWS; row++) {
      const nearest = exact(norm, weights, classes, row, clip);
      const [start, end] = [row * FEATURES, (row + 1) * FEATURES];
      const distance = threat.distance(x.subarray(start, end), best.subarray(start, end));
      expect(distance).toBeLessThanOrEqual(nearest * 1.01);
      expect(distance).toBeGreaterThan(nearest * (1 - 1e-4));
      expect(margins[row]).toBeLessThanOrEqual(0);
    }
  });

  test.each(searches)('%s never goes farther than it may', async (_, attack, [norm]) => {
    const threat = new Threat(norm, { eps: 1, clip: [0, 1] });
    const radius = exact(norm, weights, classes, 0, [0, 1]);
    const rows = rowsFor(weights, classes, radius * 1.02);
    const { best, margins } = await attack.run({ classifier, threat, seed: 1 }, rows);
    for (let row = 0; row < ROWS; row++) {
      const [start, end] = [row * FEATURES, (row + 1) * FEATURES];
      const distance = threat.distance(x.subarray(start, end), best.subarray(start, end));
      expect(distance).toBeLessThanOrEqual(radius * 1.02);
      if (distance === 0) expect(margins[row]).toBeGreaterThan(0);
    }
  });

  test.each(searches)(
    '%s finds for a row alone what it finds among others',
    async (_, attack, [norm]) => {
      const context = { classifier, threat: new Threat(norm, { eps: 1, clip: [0, 1] }), seed: 1 };
      const together = await attack.run(context, rowsFor(weights, classes));
      const all = rowsFor(weights, classes);
      const alone = await attack.run(context, {
        count: 1,
        x: x.slice(4 * FEATURES, 5 * FEATURES),
        labels: all.labels.slice(4, 5),
        radii: all.radii.slice(4, 5),
        streams: [4],
      });
      const among = together.best.slice(4 * FEATURES, 5 * FEATURES);
      const apart = alone.best.reduce(
        (most, value, i) => Math.max(most, Math.abs(value - (among[i] ?? 0))),
        0,
      );
      expect(apart).toBeLessThan(1e-5);
    },
  );
});

test('frozen features stay and weights stretch the distance', async () => {
  const weights = weightsOf(2);
  const classifier = await linear(weights, 2);
  const widths = Float32Array.from({ length: FEATURES }, (_, i) => 0.5 + (i % 3));
  const threat = new Threat('l2', { eps: 1, weights: widths, frozen: [0, 7] });
  for (const [, attack, served] of searches) {
    if (!served.includes('l2')) continue;
    const { best } = await attack.run({ classifier, threat, seed: 1 }, rowsFor(weights, 2));
    for (let row = 0; row < ROWS; row++) {
      const [start, end] = [row * FEATURES, (row + 1) * FEATURES];
      const slopes = Array.from(widths, (width, i) =>
        i === 0 || i === 7 ? 0 : width * ((weights[FEATURES + i] ?? 0) - (weights[i] ?? 0)),
      );
      const [p = 0, q = 0] = scoresOf(weights, 2, row);
      const nearest = Math.abs(p - q) / Math.hypot(...slopes);
      const distance = threat.distance(x.subarray(start, end), best.subarray(start, end));
      expect(distance / nearest).toBeGreaterThan(1 - 1e-4);
      expect(distance / nearest).toBeLessThan(1.01);
    }
  }
  await classifier.release();
});

test('features that are frozen are not counted on', async () => {
  const weights = weightsOf(2);
  const classifier = await linear(weights, 2);
  const threat = new Threat('l0', { eps: 1, clip: [0, 1], frozen: [0, 7] });
  const attack = cornerSearch({ rivals: 1, shortlist: 8, exchanges: 1 });
  const { best } = await attack.run({ classifier, threat, seed: 1 }, rowsFor(weights, 2));
  const held = weights.map((weight, i) => (i % FEATURES === 0 || i % FEATURES === 7 ? 0 : weight));
  for (let row = 0; row < ROWS; row++) {
    const [p = 0, q = 0] = scoresOf(weights, 2, row);
    const gains = Array.from({ length: FEATURES }, (_, i) => {
      const slope = ((held[i] ?? 0) - (held[FEATURES + i] ?? 0)) * (p > q ? -1 : 1);
      const value = x[row * FEATURES + i] ?? 0;
      return Math.max(slope * (1 - value), -slope * value);
    }).sort((a, b) => b - a);
    let [needed, left] = [0, Math.abs(p - q)];
    while (left > 0) left -= gains[needed++] ?? 0;
    const own = best.subarray(row * FEATURES, (row + 1) * FEATURES);
    expect(threat.distance(x.subarray(row * FEATURES, (row + 1) * FEATURES), own)).toBe(needed);
  }
  await classifier.release();
});

test.each(searches)(
  '%s hands back the input and its margin where nothing breaks',
  async (_, attack, [norm]) => {
    const classifier = await linear(weightsOf(3), 3, 0);
    const rows = { ...rowsFor(weightsOf(3), 3), labels: new Int32Array(ROWS) };
    const threat = new Threat(norm, { eps: 1, clip: [0, 1] });
    const { best, margins } = await attack.run({ classifier, threat, seed: 1 }, rows);
    expect([...best]).toEqual([...x]);
    expect([...margins]).toEqual(Array<number>(ROWS).fill(1));
    await classifier.release();
  },
);

test('a search that is content within ε breaks what the whole one does there, with fewer gradients', async () => {
  const weights = weightsOf(6);
  const classifier = await linear(weights, 6);
  const nearest = Array.from({ length: ROWS }, (_, row) => exact('l2', weights, 6, row, null));
  const eps = nearest.toSorted((a, b) => a - b)[ROWS >> 1] ?? 0;
  const threat = new Threat('l2', { eps: 1.05 * eps });
  const options = { id: 'fmn', steps: 40, rounds: 3, rivals: 2 };
  const run = async (within: boolean): Promise<{ broken: boolean[]; gradients: number[] }> => {
    const rows = rowsFor(weights, 6);
    const { best, gradients } = await fmn({ ...options, within }).run(
      { classifier, threat, seed: 1 },
      rows,
    );
    const broken = nearest.map((_, row) => {
      const [start, end] = [row * FEATURES, (row + 1) * FEATURES];
      return threat.distance(x.subarray(start, end), best.subarray(start, end)) <= threat.eps;
    });
    return { broken, gradients: [...gradients] };
  };
  const [whole, content] = [await run(false), await run(true)];
  expect(content.broken).toEqual(whole.broken);
  expect(content.broken.filter(Boolean).length).toBeGreaterThan(ROWS / 2);
  content.broken.forEach((broken, row) => {
    const [less, all] = [content.gradients[row] ?? 0, whole.gradients[row] ?? 0];
    if (broken) expect(less).toBeLessThan(all / 2);
    else expect(less).toBe(all);
  });
  await classifier.release();
});

test('a search that is content within ε leaves a row at once, however many stand beside it', async () => {
  const weights = weightsOf(6);
  const classifier = await linear(weights, 6);
  const nearest = Array.from({ length: ROWS }, (_, row) => exact('l2', weights, 6, row, null));
  const order = [...nearest.keys()].sort((p, q) => (nearest[p] ?? 0) - (nearest[q] ?? 0));
  const [near = 0, far = 0] = [order.at(0), order.at(-1)];
  const threat = new Threat('l2', { eps: 1.004 * (nearest[near] ?? 0) });
  const attack = fmn({ id: 'fmn', steps: 40, rounds: 3, rivals: 2, within: true });
  const gradientsOf = async (positions: readonly number[]) => {
    const rows = rowsAt(rowsFor(weights, 6), positions, FEATURES);
    const { gradients } = await attack.run({ classifier, threat, seed: 1 }, rows);
    return [...gradients];
  };
  const [alone] = await gradientsOf([near]);
  const [among] = await gradientsOf([near, ...Array.from({ length: 30 }, () => far)]);
  expect(among).toBe(alone);
  await classifier.release();
});

test('a norm that an attack does not serve is refused in words', async () => {
  const classifier = await linear(weightsOf(2), 2);
  const refusal = (attack: Attack, norm: NormName): string | null | undefined =>
    attack.refusal?.({ classifier, threat: new Threat(norm, { eps: 1, clip: [0, 1] }) });
  for (const [, attack, served] of searches) {
    for (const norm of ['linf', 'l2', 'l1', 'l0'] as const) {
      const said = refusal(attack, norm);
      if (served.includes(norm)) expect(said).toBeNull();
      else expect(said).toMatch(/^serves ℓ.*, not ℓ[∞012]$/);
    }
  }
  expect(refusal(ddn({ steps: 1 }), 'linf')).toBe('serves ℓ2, not ℓ∞');
  expect(refusal(deepfool({ steps: 1, rivals: 1 }), 'l1')).toBe('serves ℓ∞ and ℓ2, not ℓ1');
  await classifier.release();
});
