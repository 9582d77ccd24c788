/** What `supports` says is what the engine does: held to the engine's own answers, query by query. */
import { describe, expect, test } from 'vitest';
import { readModel } from '../../src/onnx/read.ts';
import { readableOperators } from '../../src/onnx/support.ts';
import { openNetwork } from '../../src/runtime/network.ts';
import { parseVnnlib } from '../../src/vnnlib/parse.ts';
import { capabilities } from '../../src/verify/capabilities.ts';
import { type Member, supportedTheories, textOf, theories } from '../../src/verify/theories.ts';
import { verify } from '../../src/verify/verify.ts';
import { Draw } from '../generators/draw.ts';
import { drawLayers, modelOf, runtime } from './dense.ts';

describe('a theory is supported exactly where its query is decided', () => {
  const sets: Readonly<Record<string, Readonly<Record<string, Member>>>> = theories;
  const cases = Object.entries(sets).flatMap(([set, members]) =>
    Object.entries(members).map(([name, member]) => [set, name, member] as const),
  );
  test.each(cases)('%s: %s', async (set, name, member) => {
    const model = readModel(modelOf(drawLayers(new Draw(1), [2, 4, 2])));
    const network = await openNetwork(model, runtime);
    const query = parseVnnlib(textOf(member));
    const networks = new Map(query.networks.map((each) => [each.name, network]));
    const decided = verify({ query, networks }).then(
      ({ outcome }) => outcome,
      (error: Error) => error.name,
    );
    const supported: readonly string[] = supportedTheories(set as keyof typeof theories);
    expect(['sat', 'unsat'].includes(await decided)).toBe(supported.includes(name));
    if (!supported.includes(name)) expect(await decided).toBe('VnnlibError');
    await network.release();
  });
});

test('versions are pairs in order, and queries of both ends are read', () => {
  const [least, most] = capabilities['onnx-opset-versions']().map(Number);
  expect(least).toBeLessThan(most ?? 0);
  for (const version of capabilities['vnnlib-versions']()) {
    const body =
      version === '1.0'
        ? '(declare-const X_0 Real)(declare-const Y_0 Real)'
        : '(declare-network f (declare-input X real [1]) (declare-output Y real [1]))';
    const { major, minor } = parseVnnlib(`(vnnlib-version <${version}>)${body}`).version;
    expect(`${major}.${minor}`).toBe(version);
  }
});

test('proofs are over real and float32, and about no random operator', () => {
  expect(capabilities['onnx-element-types']()).toEqual(['real', 'float32']);
  const operators = capabilities['onnx-operators']();
  expect(operators).toContain('Conv');
  expect(readableOperators().filter((name) => !operators.includes(name))).toEqual([
    'RandomNormal',
    'RandomNormalLike',
    'RandomUniform',
    'RandomUniformLike',
  ]);
});
