/** The parts of branch and bound, each by itself: the store forgets nothing, cutting and clipping lose nothing. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { readModel } from '../../src/onnx/read.ts';
import { OutOfTime } from '../../src/runtime/deadline.ts';
import { openNetwork } from '../../src/runtime/network.ts';
import { roundingModel } from '../../src/transforms/rounding.ts';
import { type BatchBounds, type BoxBatch, BoxBounder } from '../../src/verify/box-bounder.ts';
import { BoxStore } from '../../src/verify/box-store.ts';
import { byLength, bySlope, cut, pointsOf } from '../../src/verify/branching.ts';
import { clip } from '../../src/verify/clipping.ts';
import { InputSplitting } from '../../src/verify/input-splitting.ts';
import { JointNetwork } from '../../src/verify/joint.ts';
import { posedBy } from '../../src/verify/posed.ts';
import { volumeOf } from '../../src/verify/rule-race.ts';
import { Search } from '../../src/verify/search.ts';
import { specificationOf } from '../../src/verify/specification.ts';
import { WitnessJudge } from '../../src/verify/witness.ts';
import { problemOf } from '../../src/vnnlib/problem.ts';
import { parseVnnlib } from '../../src/vnnlib/parse.ts';
import { Draw } from '../generators/draw.ts';
import { drawLayers, modelOf, queryText, runtime } from './dense.ts';
import { evaluateLayers } from './line-oracle.ts';

const box = (low: number, high: number) => ({
  lower: Float32Array.of(low),
  upper: Float32Array.of(high),
});

test('boxes come back worst first, each once, and depth first when there are many', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -50, max: 50 })),
      fc.integer({ min: 0, max: 20 }),
      (keys, most) => {
        const store = new BoxStore(1, most);
        keys.forEach((key, i) => store.push({ ...box(i, i + 1), disjunct: i, key }));
        expect(store.size).toBe(keys.length);
        expect(store.worst).toBe(Math.min(Infinity, ...keys));
        const [lower, upper] = [new Float32Array(1), new Float32Array(1)];
        const seen = keys.map(() => {
          const next = store.pop(lower, upper);
          expect(lower[0]).toBe(next?.disjunct);
          expect(upper[0]).toBe((next?.disjunct ?? 0) + 1);
          expect(next?.key).toBe(keys[next?.disjunct ?? 0]);
          return next?.disjunct ?? -1;
        });
        expect(store.pop(lower, upper)).toBeNull();
        expect([...seen].sort((a, b) => a - b)).toEqual(keys.map((_, i) => i));
        const late = keys.length - Math.min(keys.length, most);
        if (most > 0)
          expect(seen.slice(0, late).every((i, k) => i === keys.length - 1 - k)).toBe(true);
        const sorted = seen.slice(late).map((i) => keys[i] ?? 0);
        if (most > 0) expect(sorted).toEqual([...sorted].sort((a, b) => a - b));
      },
    ),
  );
});

test('the pieces of a box cover it', () => {
  const draw = new Draw(5);
  for (let round = 0; round < 50; round++) {
    const lower = Float32Array.from(draw.list(3, () => draw.real(-1, 1)));
    const upper = lower.map((low) => low + draw.pick([0, 1e-7, 1, 3]));
    const slopes = Float32Array.from(draw.list(3, () => draw.real(-2, 2)));
    const scores = draw.pick([bySlope, byLength])(lower, upper, slopes);
    const pieces = cut({ lower, upper }, scores, draw.pick([2, 4, 16]));
    for (let k = 0; k < 20; k++) {
      const x = lower.map((low, i) => low + draw.real(0, 1) * ((upper[i] ?? low) - low));
      const holds = pieces.some((piece) =>
        x.every((value, i) => value >= (piece.lower[i] ?? 0) && value <= (piece.upper[i] ?? 0)),
      );
      expect(holds).toBe(true);
    }
  }
});

/** A query with random rows over a random box, and its network. */
async function drawn(seed: number) {
  const draw = new Draw(seed);
  const layers = drawLayers(draw, [2, 5, 5, 2]);
  const rows = Array.from({ length: draw.integer(1, 4) }, () => ({
    coefficients: [...draw.list(3, () => draw.integer(-2, 2)), draw.pick([-1, 1])],
    bound: draw.real(-1, 1),
  }));
  const [lower, upper] = [
    [-1, -0.5],
    [0.25, 1],
  ] as const;
  const text = queryText(2, 2, lower, upper, [rows]);
  const query = parseVnnlib(text);
  const network = await openNetwork(readModel(modelOf(layers)), runtime);
  const joint = new JointNetwork(query, new Map([[query.networks[0]?.name ?? '', network]]));
  const specification = specificationOf(
    { rows: [...problemOf(query).disjuncts()].flatMap((disjunct) => disjunct.rows) },
    4,
  );
  return { draw, layers, rows, query, joint, network, specification };
}

test.each([
  ['as CROWN chooses them', false],
  ['optimised', true],
])('with slopes %s a row is nowhere below the linear function of its bound', async (_, climbs) => {
  for (let seed = 0; seed < 8; seed++) {
    const { draw, layers, joint, network, specification } = await drawn(seed);
    const options = { rounding: roundingModel('real'), linearUpTo: 256 };
    const bounder = new BoxBounder(joint, options);
    const lower = Float32Array.from(draw.list(2 * 4, () => draw.real(-1, 0)));
    const upper = lower.map((low) => low + draw.real(0, 1));
    const specifications = Array.from({ length: 4 }, () => specification);
    const {
      rows: count,
      least,
      slopes,
    } = await bounder.bound({ count: 4, lower, upper, specifications, climbs });
    await network.release();
    for (let k = 0; k < 200; k++) {
      const at = k % 4;
      const [from, to] = [lower.subarray(2 * at, 2 * at + 2), upper.subarray(2 * at, 2 * at + 2)];
      const x = Array.from(from, (low, i) => low + draw.real(0, 1) * ((to[i] ?? low) - low));
      const joined = [...x, ...evaluateLayers(layers, x)];
      specification.rows.forEach((row, j) => {
        const value = row.coefficients.reduce(
          (sum, c, i) => sum + c * (joined[row.variables[i] ?? 0] ?? 0),
          0,
        );
        let linear = least[at * count + j] ?? NaN;
        x.forEach((own, i) => {
          const slope = slopes[(at * count + j) * 2 + i] ?? 0;
          const distance = slope > 0 ? own - (from[i] ?? 0) : (to[i] ?? 0) - own;
          linear += Math.abs(slope) * distance;
        });
        expect(value).toBeGreaterThanOrEqual(linear);
      });
    }
  }
});

test('optimised slopes never lower a bound, and raise some', async () => {
  let raised = 0;
  for (let seed = 0; seed < 8; seed++) {
    const { draw, joint, network, specification } = await drawn(seed);
    const options = { rounding: roundingModel('float32'), linearUpTo: 256 };
    const lower = Float32Array.from(draw.list(2 * 4, () => draw.real(-1, 0)));
    const upper = lower.map((low) => low + draw.real(0, 1));
    const specifications = Array.from({ length: 4 }, () => specification);
    const boxes = { count: 4, lower, upper, specifications };
    const bounder = new BoxBounder(joint, options);
    const plain = await bounder.bound({ ...boxes, climbs: false });
    const climbed = await bounder.bound({ ...boxes, climbs: true });
    await network.release();
    plain.least.forEach((least, i) => {
      expect(climbed.least[i]).toBeGreaterThanOrEqual(least);
      if ((climbed.least[i] ?? least) > least + 1e-3) raised++;
    });
  }
  expect(raised).toBeGreaterThan(5);
});

test('whichever rules race, and whenever, the search ends the same', async () => {
  let [proven, found] = [0, 0];
  for (let seed = 0; seed < 12; seed++) {
    const { query, joint, network } = await drawn(seed);
    const { alternatives } = posedBy(query);
    const rounding = roundingModel('float32');
    const ends = [];
    for (const race of [undefined, { from: 8, boxes: 6, fewest: 2 }]) {
      const splitting = new InputSplitting(alternatives, {
        bounder: new BoxBounder(joint, { rounding, linearUpTo: 256 }),
        search: new Search(joint, new WitnessJudge(query, joint)),
        mostBoxes: 1e6,
        seed: 0,
        discrete: true,
        climbsFrom: race ? 0 : Infinity,
        ...(race && { race }),
      });
      const { witness, stuck, left } = await splitting.run();
      if (!witness) expect(stuck + left).toBe(0);
      ends.push(witness ? 'found' : 'proven');
    }
    await network.release();
    expect(ends[1]).toBe(ends[0]);
    if (ends[0] === 'found') found++;
    else proven++;
  }
  expect(Math.min(proven, found)).toBeGreaterThan(1);
});

/** Knows nothing of any box, and is interrupted once. */
class Interrupted extends BoxBounder {
  private left = 12;

  override async bound(batch: BoxBatch): Promise<BatchBounds> {
    if (--this.left === 0) throw new OutOfTime();
    const bounds = await super.bound(batch);
    return { ...bounds, least: bounds.least.fill(NaN) };
  }
}

test('a race that is interrupted loses no box', async () => {
  const { query, joint, network } = await drawn(1);
  const { alternatives } = posedBy(query);
  const [whole] = alternatives;
  if (!whole) throw new RangeError('the query has an alternative');
  const bounder = new Interrupted(joint, { rounding: roundingModel('real'), linearUpTo: 256 });
  const splitting = new InputSplitting(alternatives, {
    bounder,
    search: new Search(joint, { witness: () => Promise.resolve(null) }),
    mostBoxes: 1e6,
    seed: 0,
    discrete: false,
    climbsFrom: Infinity,
    race: { from: 8, boxes: 1e9, fewest: 2 },
  });
  const none = new Float32Array();
  const nothing = { disjuncts: new Int32Array(), keys: new Float64Array() };
  const boxes = {
    lower: whole.lower,
    upper: whole.upper,
    disjuncts: Int32Array.of(whole.index),
    keys: Float64Array.of(-Infinity),
  };
  await expect(splitting.advance(boxes, 1e9)).rejects.toThrow(OutOfTime);
  const { open } = await splitting.advance({ lower: none, upper: none, ...nothing }, 0);
  await network.release();
  expect(open.disjuncts.length).toBeGreaterThan(8);
  expect(volumeOf(open, new Map([[whole.index, whole]]))).toBeCloseTo(1, 6);
});

test('the points of a box that cannot be cut are its corners', () => {
  const next = (value: number): number => value + 2 ** -23;
  const lower = Float32Array.of(1, 0.5, 1);
  const upper = Float32Array.of(next(1), 0.5, next(1));
  const points = pointsOf({ lower, upper }).map((piece) => {
    expect(piece.upper).toEqual(piece.lower);
    return Array.from(piece.lower);
  });
  const both = [1, next(1)];
  const corners = both.flatMap((a) => both.map((c) => [a, 0.5, c]));
  expect(points).toHaveLength(4);
  expect(points).toEqual(expect.arrayContaining(corners));
  expect(pointsOf({ lower, upper: lower })).toEqual([]);
  const wide = new Float32Array(13).fill(1);
  expect(pointsOf({ lower: wide, upper: wide.map(next) })).toEqual([]);
});

test('clipping keeps every point at which the linear functions allow all rows', async () => {
  let clipped = 0;
  for (let seed = 0; seed < 60; seed++) {
    const draw = new Draw(seed);
    const width = draw.integer(1, 4);
    const count = draw.integer(1, 3);
    const from = Float32Array.from(draw.list(width, () => draw.real(-1, 1)));
    const to = from.map((low) => low + draw.real(0, 2));
    const least = Float32Array.from(draw.list(count, () => draw.real(-2, 0.2)));
    const slopes = Float32Array.from(
      draw.list(count * width, () => draw.pick([0, draw.real(-3, 3)])),
    );
    const rows = Array.from({ length: count }, () => ({
      variables: Int32Array.of(0),
      coefficients: Float64Array.of(1),
      spread: null,
      bound: 0,
      isStrict: false,
      isOfInputs: false,
      at: 0,
    }));
    const [lower, upper] = [from.slice(), to.slice()];
    const some = clip(specificationOf({ rows }, 1), lower, upper, least, slopes);
    clipped += Number(!some || lower.some((low, i) => low > (from[i] ?? 0)));
    for (let k = 0; k < 200; k++) {
      const x = from.map((low, i) => low + draw.real(0, 1) * ((to[i] ?? low) - low));
      const allowed = rows.every(({ bound }, j) => {
        const rise = x.reduce((sum, own, i) => {
          const slope = slopes[j * width + i] ?? 0;
          return sum + Math.abs(slope) * (slope > 0 ? own - (from[i] ?? 0) : (to[i] ?? 0) - own);
        }, 0);
        return (least[j] ?? 0) + rise <= bound;
      });
      if (!allowed) continue;
      expect(some).toBe(true);
      x.forEach((own, i) => {
        expect(own).toBeGreaterThanOrEqual(lower[i] ?? 0);
        expect(own).toBeLessThanOrEqual(upper[i] ?? 0);
      });
    }
  }
  expect(clipped).toBeGreaterThan(10);
});
