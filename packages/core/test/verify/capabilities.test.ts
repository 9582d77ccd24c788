/** What `supports` says is what the engine does: held to the engine's own answers, query by query. */
import { describe, expect, test } from 'vitest';
import { readModel } from '../../src/onnx/read.ts';
import { readableOperators } from '../../src/onnx/support.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { parseVnnlib } from '../../src/vnnlib/parse.ts';
import { capabilities } from '../../src/verify/capabilities.ts';
import { type Member, supportedTheories, textOf, theories } from '../../src/verify/theories.ts';
import { openQueryNetwork } from '../../src/verify/query-network.ts';
import { verify } from '../../src/verify/verify.ts';
import type { Query } from '../../src/vnnlib/query.ts';
import { onnxFile } from '../onnx/hand-made.ts';
import { runtime } from './dense.ts';

/** X [2], and Z [2] where it is declared, to Y [2], by way of a value of the name that the theory asks for. */
function fileFor(query: Query): Uint8Array {
  const isTwo = query.networks[0]?.tensors.some(({ name }) => name === 'Z');
  const names = isTwo ? ['x', 'z'] : ['x'];
  return onnxFile({
    opset: 17,
    inputs: Object.fromEntries(names.map((name) => [name, [2]])),
    outputs: ['y'],
    nodes: [
      { op: 'Sum', inputs: names, outputs: ['sum'] },
      { op: 'MatMul', inputs: ['sum', 'w'], outputs: ['hidden'] },
      { op: 'Relu', inputs: ['hidden'], outputs: ['y'] },
    ],
    initializers: { w: floats([0.5, -1, 0.25, 1], [2, 2]) },
  });
}

describe('a theory is supported exactly where its query is decided', () => {
  const sets: Readonly<Record<string, Readonly<Record<string, Member>>>> = theories;
  const cases = Object.entries(sets).flatMap(([set, members]) =>
    Object.entries(members).map(([name, member]) => [set, name, member] as const),
  );
  test.each(cases)('%s: %s', async (set, name, member) => {
    const query = parseVnnlib(textOf(member));
    const model = readModel(fileFor(query), { hidden: ['hidden'] });
    const network = await openQueryNetwork(query, 'f', model, runtime);
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
