/** Queries about two networks at once: equal inputs stand for each other, different ones do not. */
import { expect, test } from 'vitest';
import { readModel } from '../../src/onnx/read.ts';
import { openNetwork } from '../../src/runtime/network.ts';
import { posedBy } from '../../src/verify/posed.ts';
import { tiesOf } from '../../src/verify/ties.ts';
import { verify } from '../../src/verify/verify.ts';
import { holds } from '../../src/vnnlib/holds.ts';
import { parseVnnlib } from '../../src/vnnlib/parse.ts';
import { problemOf } from '../../src/vnnlib/problem.ts';
import { Draw } from '../generators/draw.ts';
import { drawLayers, modelOf, runtime } from './dense.ts';

const INPUTS = 3;

const pair = (relation: string, ...assertions: readonly string[]): string =>
  [
    '(vnnlib-version <2.0>)',
    '(declare-network f (declare-input X real [1,3]) (declare-output Y real [1,1]))',
    `(declare-network g (${relation} f) (declare-input U real [1,3]) (declare-output V real [1,1]))`,
    ...[0, 1, 2].flatMap((i) => [`(assert (>= X[0,${i}] -0.25))`, `(assert (<= X[0,${i}] 0.25))`]),
    ...assertions.map((line) => `(assert ${line})`),
  ].join('\n');

const equalInputs = [0, 1, 2].map((i) => `(== X[0,${i}] U[0,${i}])`);

async function drawnPair(seed: number, change: number) {
  const layers = drawLayers(new Draw(seed), [INPUTS, 6, 6, 1]);
  const changed = layers.map(({ weights, biases }, i) => ({
    weights,
    biases: i === layers.length - 1 ? biases.map((bias) => bias + change) : biases,
  }));
  const [f, g] = [layers, changed].map((each) => openNetwork(readModel(modelOf(each)), runtime));
  if (!f || !g) throw new RangeError('two networks');
  return { f: await f, g: await g };
}

test('a network whose last bias is moved differs by that much and no more', async () => {
  for (const seed of [1, 2, 3]) {
    const { f, g } = await drawnPair(seed, 0.25);
    const asked = async (assertion: string) => {
      const query = parseVnnlib(pair('isomorphic-to', ...equalInputs, assertion));
      const verdict = await verify({
        query,
        networks: new Map([
          ['f', f],
          ['g', g],
        ]),
      });
      if (verdict.witness) expect(holds(query, verdict.witness)).toBe(true);
      return verdict.outcome;
    };
    expect(await asked('(>= V[0,0] (+ Y[0,0] 1.0))')).toBe('unsat');
    expect(await asked('(<= V[0,0] (- Y[0,0] 0.5))')).toBe('unsat');
    expect(await asked('(>= V[0,0] (+ Y[0,0] 0.249))')).toBe('sat');
    await f.release();
    await g.release();
  }
});

test('only inputs that the whole query holds equal are tied', () => {
  const ties = (...assertions: readonly string[]): number[] => {
    const problem = problemOf(parseVnnlib(pair('equal-to', ...assertions)));
    return Array.from(tiesOf([...problem.disjuncts()], problem.inputCount));
  };
  const box = [0, 1, 2].flatMap((i) => [`(>= U[0,${i}] -0.25)`, `(<= U[0,${i}] 0.25)`]);
  const open = '(>= V[0,0] Y[0,0])';
  expect(ties(...equalInputs, open)).toEqual([0, 1, 2, 0, 1, 2]);
  expect(ties(...box, '(== X[0,1] U[0,2])', open)).toEqual([0, 1, 2, 3, 4, 1]);
  expect(ties(...box, '(<= X[0,1] U[0,2])', open)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(ties(...box, '(== X[0,1] (+ U[0,2] 0.1))', open)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(ties(...box, '(or (== X[0,0] U[0,0]) (== X[0,1] U[0,1]))', open)).toEqual([
    0, 1, 2, 3, 4, 5,
  ]);
  expect(ties(...box, '(== X[0,0] U[0,0])', '(== U[0,0] U[0,1])', open)).toEqual([
    0, 1, 2, 0, 0, 5,
  ]);
});

test('what ties inputs is not asked of boxes again, and a contradiction to it is', async () => {
  const rowsOf = (...assertions: readonly string[]): number[] =>
    posedBy(parseVnnlib(pair('equal-to', ...assertions))).alternatives.map(
      ({ specification }) => specification.rows.length,
    );
  const open = '(>= V[0,0] (+ Y[0,0] 0.5))';
  expect(rowsOf(...equalInputs, open)).toEqual([1]);
  expect(rowsOf(...equalInputs, '(== X[0,0] U[0,1])', open)).toEqual([1]);
  expect(rowsOf(...equalInputs, '(<= X[0,0] (- U[0,1] 0.25))', open)).toEqual([2]);
  const { f, g } = await drawnPair(4, 0.25);
  const networks = new Map([
    ['f', f],
    ['g', g],
  ]);
  const asked = async (...assertions: readonly string[]) =>
    (await verify({ query: parseVnnlib(pair('isomorphic-to', ...assertions)), networks })).outcome;
  expect(await asked(...equalInputs, '(>= V[0,0] Y[0,0])')).toBe('sat');
  expect(await asked(...equalInputs, '(< X[0,0] U[0,0])', '(>= V[0,0] Y[0,0])')).toBe('unsat');
  await f.release();
  await g.release();
});
