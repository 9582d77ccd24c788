import { expect, test } from 'vitest';
import { differenceWithin, inputPairs } from '../../src/vnnlib/pairs.ts';
import { parseVnnlib } from '../../src/vnnlib/parse.ts';
import { problemOf } from '../../src/vnnlib/problem.ts';
import { scopedPair } from './pieces.ts';

const differences = (assertions: string, equivalence = '(equal-to f)'): (readonly number[])[] => {
  const query = parseVnnlib(scopedPair(equivalence, assertions));
  const [disjunct] = problemOf(query).disjuncts();
  if (!disjunct) throw new RangeError('no disjunct');
  return inputPairs(query).map((pair) => {
    const { lower, upper } = differenceWithin(disjunct, pair);
    return [pair.copy, pair.original, lower, upper];
  });
};

test('inputs tied by an equality do not differ, others as far as their boxes', () => {
  const assertions = '(assert (== B[0] A[0])) (assert (and (<= B[1] 3) (>= B[1] 2)))';
  expect(differences(assertions)).toEqual([
    [2, 0, 0, 0],
    [3, 1, 1, 4],
  ]);
});

test('a comparison of the two narrows their difference on one side, whatever it is scaled by', () => {
  const box = '(assert (and (<= B[0] 1) (>= B[0] -1) (<= B[1] 1) (>= B[1] -1)))';
  const assertions = `${box}(assert (<= B[0] A[0])) (assert (<= (* 4 A[1]) (+ (* 4 B[1]) 1)))`;
  expect(differences(assertions, '(isomorphic-to f)')).toEqual([
    [2, 0, -2, 0],
    [3, 1, -0.25, 2],
  ]);
});

test('an offset that no float equals is an interval that holds it', () => {
  const [first] = differences('(assert (== (- B[0] A[0]) 0.1)) (assert (== B[1] A[1]))');
  expect(first?.slice(2)).toEqual([0.09999999403953552, Math.fround(0.1)]);
});

test('networks that are no copies have no pairs', () => {
  const box = '(assert (and (<= B[0] 1) (>= B[0] -1) (<= B[1] 1) (>= B[1] -1)))';
  expect(differences(box, '')).toEqual([]);
});
