import { describe, expect, test } from 'vitest';
import { parseVnnlib } from '../../src/vnnlib/parse.ts';
import { type Disjunct, problemOf } from '../../src/vnnlib/problem.ts';
import { nameOf } from '../../src/vnnlib/query.ts';
import { errorOf } from './error-of.ts';
import { bounded, declare } from './pieces.ts';

const disjunctsOf = (text: string): Disjunct[] => [...problemOf(parseVnnlib(text)).disjuncts()];

const rowsOf = ({ rows }: Disjunct): unknown[] =>
  rows.map(({ variables, coefficients, bound, isStrict }) => [
    [...variables],
    [...coefficients],
    isStrict ? '<' : '≤',
    bound,
  ]);

describe('a query of version 1.0', () => {
  test('an ACAS Xu property: two input boxes, four rivals each', () => {
    const text = `; unsafe if COC is not minimal\n${declare(2, 3)}
      (assert (or
        (and (<= X_0 0.75) (>= X_0 -0.125) (<= X_1 0.5) (>= X_1 0.25)) ; right
        (and (<= X_0 0.75) (>= X_0 -0.125) (<= X_1 -0.25) (>= X_1 -0.5))))
      (assert (or (and (<= Y_1 Y_0)) (and (<= Y_2 Y_0))))`;
    const disjuncts = disjunctsOf(text);
    expect(disjuncts.map(({ box }) => [[...box.lower], [...box.upper]])).toEqual([
      [
        [-0.125, 0.25],
        [0.75, 0.5],
      ],
      [
        [-0.125, 0.25],
        [0.75, 0.5],
      ],
      [
        [-0.125, -0.5],
        [0.75, -0.25],
      ],
      [
        [-0.125, -0.5],
        [0.75, -0.25],
      ],
    ]);
    expect(disjuncts[0]?.box).toBe(disjuncts[1]?.box);
    expect(disjuncts.map(rowsOf)).toEqual([
      [[[3, 2], [1, -1], '≤', 0]],
      [[[4, 2], [1, -1], '≤', 0]],
      [[[3, 2], [1, -1], '≤', 0]],
      [[[4, 2], [1, -1], '≤', 0]],
    ]);
  });

  test('sums, products, differences and constants on either side become rows', () => {
    const text = `${declare(1, 2)}${bounded(1)}
      (assert (< (+ (* 2 Y_0) (* -1.5 (- Y_1 4)) 1e0 Y_0) (- 8 X_0)))
      (assert (>= 2.5e-1 (- (- Y_0))))`;
    expect(disjunctsOf(text).map(rowsOf)).toEqual([
      [
        [[1, 2, 0], [3, -1.5, 1], '<', 1],
        [[1], [1], '≤', 0.25],
      ],
    ]);
  });

  test('X and Y in one comparison, and an equality as two rows', () => {
    const text = `${declare(1, 1)}${bounded(1)}(assert (= Y_0 X_0))(assert (<= X_0 Y_0))`;
    expect(disjunctsOf(text).map(rowsOf)).toEqual([
      [
        [[1, 0], [1, -1], '≤', 0],
        [[1, 0], [-1, 1], '≤', 0],
        [[0, 1], [1, -1], '≤', 0],
      ],
    ]);
  });

  test('an inequality of inputs splits the box, an equality narrows it', () => {
    const split = disjunctsOf(`${declare(1, 1)}${bounded(1)}(assert (!= X_0 0.5))`);
    expect(split.map(({ box }) => [box.lower[0], box.upper[0], box.open[0]])).toEqual([
      [-1, 0.5, 2],
      [0.5, 1, 1],
    ]);
    const chained = `${declare(3, 1)}(assert (<= X_0 1)) (assert (>= X_0 0.25))
      (assert (== X_1 X_0)) (assert (== (+ X_2 1) (* 2 X_1)))`;
    const [{ box } = { box: null }] = disjunctsOf(chained);
    expect(box && [...box.lower]).toEqual([0.25, 0.25, -0.5]);
    expect(box && [...box.upper]).toEqual([1, 1, 1]);
  });

  test('a decimal between two floats is rounded outward for proofs, to the nearest for a search', () => {
    const query = parseVnnlib(`${declare(1, 1)}(assert (= X_0 0.1)) (assert (<= Y_0 0.1))`);
    const [low, high] = [0.09999999403953552, Math.fround(0.1)];
    const [proof] = problemOf(query).disjuncts();
    expect([proof?.box.lower[0], proof?.box.upper[0], proof?.rows[0]?.bound]).toEqual([
      low,
      high,
      high,
    ]);
    const [search] = problemOf(query, { constants: 'nearest' }).disjuncts();
    expect([search?.box.lower[0], search?.box.upper[0]]).toEqual([high, high]);
    const [double] = problemOf(query, { precision: 'float64' }).disjuncts();
    expect([double?.box.lower[0], double?.box.upper[0]]).toEqual([0.09999999999999999, 0.1]);
  });

  test('a coefficient between two floats comes with its spread', () => {
    const text = `${declare(1, 1)}${bounded(1)}(assert (<= (* 0.1 Y_0) 1))`;
    const [row] = disjunctsOf(text).flatMap(({ rows }) => rows);
    expect(row?.coefficients[0]).toBe(0.09999999403953552);
    expect(row?.spread?.[0]).toBe(2 ** -27);
  });

  test('conditions that hold or fail whatever the variables are settled', () => {
    const base = `${declare(1, 1)}${bounded(1)}`;
    expect(
      disjunctsOf(`${base}(assert (<= 1 2))(assert (or (< X_0 X_0) (<= Y_0 0)))`).map(rowsOf),
    ).toEqual([[[[1], [1], '≤', 0]]]);
    const query = parseVnnlib(`${base}\n(assert (or (< 1 1) (< Y_0 (+ Y_0 0))))`);
    const { contradiction, disjuncts } = problemOf(query);
    expect(contradiction).toMatchObject({ position: { line: 3, column: 9 } });
    expect([...disjuncts()]).toEqual([]);
    expect(problemOf(parseVnnlib(`${base}(assert (or))`)).contradiction).not.toBeNull();
  });

  test('ends that contradict each other are named', () => {
    const { contradiction, disjuncts } = problemOf(
      parseVnnlib(`${declare(1, 1)}\n(assert (>= X_0 2))\n(assert (<= X_0 1.5))`),
    );
    expect(contradiction?.sentence).toBe('X_0 is at least 2 (line 3) and at most 1.5 (line 4)');
    expect([...disjuncts()]).toEqual([]);
    const open = `${declare(1, 1)}\n(assert (> X_0 1))(assert (<= X_0 1))`;
    expect(problemOf(parseVnnlib(open)).contradiction?.sentence).toMatch(/above 1 .* at most 1/);
    const other = `${declare(1, 1)}${bounded(1)}(assert (or (> X_0 2) (< X_0 -2)))`;
    expect(problemOf(parseVnnlib(other)).contradiction?.sentence).toMatch(/every alternative/);
  });

  test('variables may be declared in any order, and are named as declared', () => {
    const text = `(declare-const Y_0 Real)(declare-const X_1 Real)(declare-fun X_0 () Real)
      (set-logic QF_LRA) (assert (<= Y_0 X_1)) (check-sat)`;
    const query = parseVnnlib(text);
    expect([0, 1, 2].map((variable) => nameOf(query, variable))).toEqual(['X_0', 'X_1', 'Y_0']);
    expect(query.formula).toMatchObject({
      parts: [{ left: { index: 2 }, right: { index: 1 } }],
    });
  });

  test('sums and conditions may be nested as deep as they are long', () => {
    const sum = `${'(+ '.repeat(5000)}Y_0${' 1)'.repeat(5000)}`;
    const and = `${'(and '.repeat(5000)}(<= ${sum} 0)${' (<= Y_0 1))'.repeat(5000)}`;
    const [disjunct] = disjunctsOf(`${declare(1, 1)}${bounded(1)}(assert ${and})`);
    expect(disjunct?.rows.length).toBe(5001);
    expect(disjunct?.rows[0]?.bound).toBe(-5000);
    const deep = `${'(or (<= Y_0 1) (and (<= Y_0 1) '.repeat(3000)}(<= Y_0 1)${'))'.repeat(3000)}`;
    expect(errorOf(() => parseVnnlib(`${declare(1, 1)}(assert ${deep})`)).message).toMatch(
      /nested more than 1000 deep/,
    );
    const minus = `${'(- '.repeat(5001)}Y_0${')'.repeat(5001)}`;
    const [negated] = disjunctsOf(`${declare(1, 1)}${bounded(1)}(assert (<= ${minus} 3))`);
    expect(negated && rowsOf(negated)).toEqual([[[1], [-1], '≤', 3]]);
  });
});
