/**
 * Verdicts against exact enumeration on lines, and on properties whose answer is known: a witness holds in
 * the original file, and no box, point or disjunction is decided wrongly.
 */
import { describe, expect, test } from 'vitest';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { parseVnnlib } from '../../src/vnnlib/parse.ts';
import { holds } from '../../src/vnnlib/holds.ts';
import { Draw } from '../generators/draw.ts';
import { decide, drawLayers, modelOf, queryText, short } from './dense.ts';
import { evaluateLayers, greatestSlack, type Layer, type LineRow } from './line-oracle.ts';

const [INPUTS, OUTPUTS] = [3, 2];
/** Nearer to the threshold than this the oracle's own rounding may decide. */
const TIE = 1e-5;

function drawRow(draw: Draw): LineRow {
  const isMixed = draw.chance(0.3);
  const coefficients = draw
    .list(INPUTS + OUTPUTS, () => draw.integer(-2, 2))
    .map((c, i) => (i >= INPUTS || isMixed ? c : 0));
  const isEmpty = coefficients.every((c) => c === 0);
  const bound = short(draw.real(-1.5, 0.5));
  return { coefficients: isEmpty ? [0, 0, 0, 1, 0] : coefficients, bound };
}

describe('random networks on a line of inputs', () => {
  test.each(Array.from({ length: 40 }, (_, seed) => seed))(
    'the verdict is that of exact enumeration, %i',
    async (seed) => {
      const draw = new Draw(seed);
      const depth = draw.integer(1, 2);
      const widths = [INPUTS, ...draw.list(depth, () => draw.integer(2, 6)), OUTPUTS];
      const layers = drawLayers(draw, widths);
      const middle = draw.list(INPUTS, () => draw.integer(-8, 8) / 8);
      const varying = draw.integer(0, INPUTS - 1);
      const lower = [...middle];
      const upper = middle.map((value, i) =>
        i === varying ? value + draw.integer(1, 16) / 8 : value,
      );
      const disjunction = Array.from({ length: draw.integer(1, 3) }, () =>
        Array.from({ length: draw.integer(1, 3) }, () => drawRow(draw)),
      );
      const slack = greatestSlack(layers, lower, upper, disjunction);
      const text = queryText(INPUTS, OUTPUTS, lower, upper, disjunction);
      const { outcome, witness } = await decide(modelOf(layers), text);
      const isTie = Math.abs(slack) <= TIE;
      expect(isTie || outcome === (slack > 0 ? 'sat' : 'unsat')).toBe(true);
      expect(witness === null || holds(parseVnnlib(text), witness)).toBe(true);
    },
  );
});

test('what is proven over a box of several inputs no sampled point contradicts', async () => {
  for (let seed = 100; seed < 112; seed++) {
    const draw = new Draw(seed);
    const layers = drawLayers(draw, [INPUTS, 6, 6, OUTPUTS]);
    const points = Array.from({ length: 300 }, () => draw.list(INPUTS, () => draw.real(-1, 1)));
    const values = points.map((x) => evaluateLayers(layers, x)[0] ?? 0);
    const least = Math.min(...values);
    // Below what sampling reached: proven, or a better point is found.
    const bound = short(least - draw.real(0, 0.4));
    const row = { coefficients: [0, 0, 0, 1, 0], bound };
    const text = queryText(INPUTS, OUTPUTS, [-1, -1, -1], [1, 1, 1], [[row]]);
    const { outcome, witness } = await decide(modelOf(layers), text);
    expect(['sat', 'unsat']).toContain(outcome);
    if (witness) expect(holds(parseVnnlib(text), witness)).toBe(true);
    const easy = queryText(
      INPUTS,
      OUTPUTS,
      [-1, -1, -1],
      [1, 1, 1],
      [[{ ...row, bound: short(least + 0.01) }]],
    );
    expect((await decide(modelOf(layers), easy)).outcome).toBe('sat');
  }
});

/** y = relu(x), so that everything about it is known. */
const hinge: readonly Layer[] = [
  { weights: Float32Array.of(1), biases: Float32Array.of(0) },
  { weights: Float32Array.of(1), biases: Float32Array.of(0) },
];

const about = (...assertions: readonly string[]): string =>
  ['(declare-const X_0 Real)', '(declare-const Y_0 Real)', ...assertions]
    .map((line) => (line.startsWith('(declare') ? line : `(assert ${line})`))
    .join('\n');

const verdictOn = async (...assertions: readonly string[]): Promise<string> =>
  (await decide(modelOf(hinge), about(...assertions))).outcome;

describe('properties of y = relu(x) whose answer is known', () => {
  test('a box that is one point is decided there', async () => {
    expect(await verdictOn('(<= X_0 0.5)', '(>= X_0 0.5)', '(>= Y_0 0.5)')).toBe('sat');
    expect(await verdictOn('(<= X_0 0.5)', '(>= X_0 0.5)', '(>= Y_0 0.51)')).toBe('unsat');
  });

  test('a least value that is attained satisfies ≤ and not what is strictly less', async () => {
    const box = ['(>= X_0 -1)', '(<= X_0 1)'];
    expect(await verdictOn(...box, '(<= Y_0 0)')).toBe('sat');
    expect(await verdictOn(...box, '(< Y_0 -0.001)')).toBe('unsat');
    expect(await verdictOn(...box, '(> Y_0 0.999)')).toBe('sat');
    expect(await verdictOn(...box, '(> Y_0 1.001)')).toBe('unsat');
  });

  test('constraints of the inputs alone decide', async () => {
    expect(await verdictOn('(>= X_0 0)', '(<= X_0 1)', '(>= X_0 0.5)')).toBe('sat');
    expect(await verdictOn('(>= X_0 2)', '(<= X_0 1)')).toBe('unsat');
    expect(await verdictOn('(> X_0 1)', '(<= X_0 1)')).toBe('unsat');
  });

  test('a disjunction of impossible cases is unsat, with one possible it is sat', async () => {
    const box = ['(>= X_0 -1)', '(<= X_0 1)'];
    const cases = ['(and (<= X_0 0) (>= Y_0 0.5))', '(and (>= X_0 0.5) (<= Y_0 0.4))'];
    expect(await verdictOn(...box, `(or ${cases.join(' ')})`)).toBe('unsat');
    expect(await verdictOn(...box, `(or ${cases.join(' ')} (and (>= Y_0 0.9)))`)).toBe('sat');
    expect(
      await verdictOn('(>= X_0 0)', '(<= X_0 1)', '(or (and (>= X_0 2)) (and (<= X_0 -1)))'),
    ).toBe('unsat');
  });

  test('inputs and outputs in one comparison are bounded together', async () => {
    const box = ['(>= X_0 -1)', '(<= X_0 1)'];
    expect(await verdictOn(...box, '(< (- Y_0 X_0) -0.001)')).toBe('unsat');
    expect(await verdictOn(...box, '(>= (- Y_0 X_0) 0.999)')).toBe('sat');
  });
});

test('what is strictly beyond a value that an output attains is unsat', async () => {
  const b = new Builder();
  const bytes = writeModel(b.graph({ y: b.relu(b.input('x', [BATCH, 1])) }));
  const verdict = async (...assertions: readonly string[]): Promise<string> =>
    (await decide(bytes, about(...assertions))).outcome;
  const box = ['(>= X_0 -1)', '(<= X_0 1)'];
  expect(await verdict(...box, '(< Y_0 0)')).toBe('unsat');
  expect(await verdict(...box, '(> Y_0 1)')).toBe('unsat');
  expect(await verdict('(>= X_0 -1)', '(<= X_0 -0.5)', '(> Y_0 0)')).toBe('unsat');
  expect(await verdict(...box, '(>= Y_0 1)')).toBe('sat');
});
