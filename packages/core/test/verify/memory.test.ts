/** Memory for one box, or for some: what is decided stays decided, by going depth first. */
import { describe, expect, test } from 'vitest';
import { readModel } from '../../src/onnx/read.ts';
import { openNetwork } from '../../src/runtime/network.ts';
import { BoxStore } from '../../src/verify/box-store.ts';
import { verify } from '../../src/verify/verify.ts';
import { holds } from '../../src/vnnlib/holds.ts';
import { parseVnnlib } from '../../src/vnnlib/parse.ts';
import { Draw } from '../generators/draw.ts';
import { drawLayers, modelOf, queryText, runtime } from './dense.ts';

const INPUTS = 4;
const layers = drawLayers(new Draw(6), [INPUTS, 16, 16, 1]);
const [low, high] = [-1, 1].map((end) => Array.from({ length: INPUTS }, () => end));

async function decided(bound: number, memory: number) {
  const row = { coefficients: [0, 0, 0, 0, 1], bound };
  const query = parseVnnlib(queryText(INPUTS, 1, low ?? [], high ?? [], [[row]]));
  const network = await openNetwork(readModel(modelOf(layers)), runtime);
  const networks = new Map([[query.networks[0]?.name ?? '', network]]);
  try {
    const decision = await verify({ query, networks, memory });
    if (decision.witness) expect(holds(query, decision.witness)).toBe(true);
    return decision.outcome;
  } finally {
    await network.release();
  }
}

describe('of 20,000 points the least output is about −1.1915', () => {
  test.each([1, 2000, 2 ** 30])('and %i bytes for boxes change nothing', async (memory) => {
    expect(await decided(-1.2215, memory)).toBe('unsat');
    expect(await decided(-1.19, memory)).toBe('sat');
  });
});

test('without room the newest box goes first, and none is lost', () => {
  const store = new BoxStore(1, 0);
  const box = (at: number) => ({ lower: Float32Array.of(at), upper: Float32Array.of(at + 1) });
  for (const at of [0, 1, 2]) store.push({ ...box(at), disjunct: 0, key: -at });
  const { lower, keys } = store.take(2);
  expect([[...lower], [...keys]]).toEqual([
    [2, 1],
    [-2, -1],
  ]);
  store.put({ lower, upper: lower.map((x) => x + 1), disjuncts: Int32Array.of(0, 0), keys });
  expect([...store.take(Infinity).lower].toSorted((a, b) => a - b)).toEqual([0, 1, 2]);
  expect([store.size, store.worst]).toEqual([0, Infinity]);
});
