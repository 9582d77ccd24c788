/**
 * onnxruntime-web refuses inputs that a model does not have, and gives results that it is handed to write over
 * back as they were: what climbs from run to run comes to the same on it.
 */
import { openNetwork, parseVnnlib, readModel, verify } from '@glacis/core';
import { expect, test } from 'vitest';
import { Draw } from '../../../core/test/generators/draw.ts';
import { drawLayers, modelOf, queryText } from '../../../core/test/verify/dense.ts';
import { nodeRuntime } from '../../src/runtime/node.ts';

const INPUTS = 25;
const model = readModel(modelOf(drawLayers(new Draw(5), [INPUTS, 12, 10, 1])));
const ends = [-0.2, 0.2].map((end) => Array.from({ length: INPUTS }, () => end));
const coefficients = [...Array.from({ length: INPUTS }, () => 0), 1];

async function decided(device: 'cpu' | 'wasm', bound: number) {
  const network = await openNetwork(model, nodeRuntime({ device }));
  try {
    const [low = [], high = []] = ends;
    const query = parseVnnlib(queryText(INPUTS, 1, low, high, [[{ coefficients, bound }]]));
    const networks = new Map([[query.networks[0]?.name ?? '', network]]);
    const { outcome, method, branches } = await verify({ query, networks });
    return { outcome, method, branches };
  } finally {
    await network.release();
  }
}

test('a query that is cut inside takes as many domains', async () => {
  const BOUND = -2;
  const native = await decided('cpu', BOUND);
  expect(native).toMatchObject({ outcome: 'unsat', method: 'activation-splitting' });
  expect(native.branches).toBeGreaterThan(10);
  expect(await decided('wasm', BOUND)).toEqual(native);
});
