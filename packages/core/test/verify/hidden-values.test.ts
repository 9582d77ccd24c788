/** Hidden nodes, several inputs and several outputs: what they are is what the file computes, and closed forms say when. */
import { fromBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema } from 'onnx-buf';
import { describe, expect, test } from 'vitest';
import { readModel } from '../../src/onnx/read.ts';
import type { OpenNetwork } from '../../src/runtime/network.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { openQueryNetwork } from '../../src/verify/query-network.ts';
import { type Decision, verify } from '../../src/verify/verify.ts';
import { fileOf, hiddenOf, requireNetworks } from '../../src/vnnlib/interface.ts';
import { parseVnnlib } from '../../src/vnnlib/parse.ts';
import { type FileSpec, onnxFile } from '../onnx/hand-made.ts';
import { errorOf } from '../vnnlib/error-of.ts';
import { runtime } from './dense.ts';

/** a [N,2] and b [N,1,3] → sum = (a₀ + b₀, a₁ + b₁ − b₂), up = ReLU(sum), y = up₀ − up₁, z = up. */
const twoByTwo: FileSpec = {
  opset: 17,
  inputs: { a: ['N', 2], b: ['N', 1, 3] },
  outputs: ['y', 'z'],
  nodes: [
    { op: 'Flatten', inputs: ['b'], outputs: ['flat'] },
    { op: 'MatMul', inputs: ['flat', 'w'], outputs: ['moved'] },
    { op: 'Add', inputs: ['a', 'moved'], outputs: ['sum'] },
    { op: 'Relu', inputs: ['sum'], outputs: ['up'] },
    { op: 'MatMul', inputs: ['up', 'v'], outputs: ['y'] },
    { op: 'Identity', inputs: ['up'], outputs: ['z'] },
  ],
  initializers: { w: floats([1, 0, 0, 1, 0, -1], [3, 2]), v: floats([1, -1], [2, 1]) },
};

const declared = (type: string, name = 'f', letters = 'ABHYZ', relation = ''): string => {
  const [a, b, h, y, z] = letters;
  return `(declare-network ${name} ${relation}
    (declare-input ${a} ${type} [1,2]) (declare-input ${b} ${type} [1,1,3])
    (declare-hidden ${h} ${type} [1,2] "sum")
    (declare-output ${y} ${type} [1,1]) (declare-output ${z} ${type} [1,2]))`;
};

const unit = (names: readonly string[]): string =>
  names.map((name) => `(assert (and (>= ${name} 0) (<= ${name} 1)))`).join('\n');

const inputs = (a: string, b: string): string[] => [
  ...[0, 1].map((i) => `${a}[0,${i}]`),
  ...[0, 1, 2].map((i) => `${b}[0,0,${i}]`),
];

async function decided(text: string, file: FileSpec = twoByTwo): Promise<Decision> {
  const query = parseVnnlib(text);
  const networks = new Map<string, OpenNetwork>();
  const models = new Map(
    query.networks
      .filter((network) => fileOf(network) === network.name)
      .map(({ name }) => [name, readModel(onnxFile(file), { hidden: hiddenOf(query, name) })]),
  );
  requireNetworks(query, models);
  try {
    for (const [name, model] of models) {
      networks.set(name, await openQueryNetwork(query, name, model, runtime));
    }
    return await verify({ query, networks });
  } finally {
    for (const network of networks.values()) await network.release();
  }
}

describe.each(['real', 'float32'])('over %s', (type) => {
  const asked = async (...assertions: readonly string[]): Promise<Decision> =>
    decided(
      [
        '(vnnlib-version <2.1>)',
        declared(type),
        unit(inputs('A', 'B')),
        ...assertions.map((assertion) => `(assert ${assertion})`),
      ].join('\n'),
    );

  test('a hidden value alone is decided at its ends: a₁ + b₁ − b₂ is from −1 to 2', async () => {
    expect((await asked('(<= H[0,1] -1)')).outcome).toBe('sat');
    expect((await asked('(<= H[0,1] -1.001)')).outcome).toBe('unsat');
    expect((await asked('(>= H[0,1] 2.001)')).outcome).toBe('unsat');
  });

  test('inputs of several tensors are met together: y = 2 asks for all of three of them', async () => {
    const { outcome, witness } = await asked('(>= Y[0,0] 2)');
    expect(outcome).toBe('sat');
    const [a0, a1, b0, b1, b2] = witness ?? [];
    expect([a0, b0, Math.max(0, (a1 ?? 1) + (b1 ?? 1) - (b2 ?? 0))]).toEqual([1, 1, 0]);
    expect((await asked('(>= Y[0,0] 2.001)')).outcome).toBe('unsat');
    expect((await asked('(>= (- Y[0,0] A[0,0] B[0,0,0]) 0.001)')).outcome).toBe('unsat');
  });

  test('hidden values, inputs and outputs meet in one row', async () => {
    // ReLU(s) ≥ s, and it is as much as s exactly where s is not negative.
    expect((await asked('(<= Z[0,1] (- H[0,1] 0.001))')).outcome).toBe('unsat');
    expect((await asked('(>= Z[0,1] (+ H[0,1] 1))')).outcome).toBe('sat');
    expect((await asked('(>= Z[0,1] (+ H[0,1] 1.001))')).outcome).toBe('unsat');
    expect((await asked('(>= (- H[0,0] A[0,0] B[0,0,0]) 0.001)')).outcome).toBe('unsat');
  });

  test('a witness is what the file computes, its hidden values among it', async () => {
    const { witness } = await asked('(>= Z[0,1] (+ H[0,1] 0.5))', '(>= A[0,1] 0.25)');
    const [, a1 = NaN, , b1 = NaN, b2 = NaN, h0, h1, y, z0 = NaN, z1 = NaN] = witness ?? [];
    expect(h1).toBe(Math.fround(a1 + Math.fround(b1 - b2)));
    expect([z0, z1, y]).toEqual([h0, 0, z0 - z1]);
  });

  test('an equal copy has hidden values of its own', async () => {
    const both = (assertion: string): Promise<Decision> =>
      decided(
        [
          '(vnnlib-version <2.1>)',
          declared(type),
          declared(type, 'g', 'CDIVW', '(equal-to f)').replace('"sum"', '"up"'),
          unit([...inputs('A', 'B'), ...inputs('C', 'D')]),
          `(assert ${assertion})`,
        ].join('\n'),
      );
    expect((await both('(>= (- I[0,1] H[0,1]) 3)')).outcome).toBe('sat');
    expect((await both('(>= (- I[0,1] H[0,1]) 3.001)')).outcome).toBe('unsat');
  });
});

test('inputs that are equal stand for each other within one network', async () => {
  const text = [
    '(vnnlib-version <2.1>)',
    declared('real'),
    unit(inputs('A', 'B')),
    '(assert (== A[0,1] B[0,0,2]))',
    '(assert (== B[0,0,1] 0.5))',
  ].join('\n');
  expect((await decided(`${text}(assert (<= H[0,1] 0.499))`)).outcome).toBe('unsat');
  expect((await decided(`${text}(assert (<= H[0,1] 0.5))`)).outcome).toBe('sat');
});

test('more inputs than boxes are cut along are bounded layer by layer', async () => {
  const wide: FileSpec = {
    opset: 17,
    inputs: { a: ['N', 20], b: ['N', 20] },
    outputs: ['y'],
    nodes: [
      { op: 'Sub', inputs: ['a', 'b'], outputs: ['apart'] },
      { op: 'Abs', inputs: ['apart'], outputs: ['far'] },
      { op: 'ReduceSum', inputs: ['far', 'axes'], outputs: ['y'] },
    ],
    initializers: { axes: { type: 'int64', shape: [1], data: BigInt64Array.of(1n) } },
  };
  const names = ['A', 'B'].flatMap((name) =>
    Array.from({ length: 20 }, (_, i) => `${name}[0,${i}]`),
  );
  const text = `(vnnlib-version <2.1>)
    (declare-network f (declare-input A real [1,20]) (declare-input B real [1,20])
      (declare-hidden H real [1,20] "far") (declare-output Y real [1,1]))
    ${unit(names)}`;
  expect((await decided(`${text}(assert (>= Y[0,0] 20.01))`, wide)).outcome).toBe('unsat');
  expect((await decided(`${text}(assert (>= (- Y[0,0] H[0,3]) 19.01))`, wide)).outcome).toBe(
    'unsat',
  );
  expect((await decided(`${text}(assert (>= H[0,3] 1))`, wide)).outcome).toBe('sat');
});

describe('the file that judges', () => {
  test('has its nodes as they were, and the hidden values behind its outputs', () => {
    const file = onnxFile(twoByTwo);
    const { bytes, outputs, hidden, graph } = readModel(file, {
      hidden: ['sum', 'up', 'y', 'none'],
    });
    const [before, after] = [file, bytes].map((each) => fromBinary(ModelProtoSchema, each).graph);
    expect(after?.output.map(({ name }) => name)).toEqual(['y', 'z', 'sum', 'up']);
    expect(after?.node).toEqual(before?.node);
    expect(outputs.map(({ name }) => name)).toEqual(['y', 'z']);
    expect(hidden.map(({ name }) => name)).toEqual(['sum', 'up']);
    expect(graph.outputs.map(({ name }) => name)).toEqual(['y', 'z', 'sum', 'up']);
  });

  test('gives what is no real number, and no value of a node, to nobody', () => {
    const { hidden } = readModel(onnxFile(twoByTwo), { hidden: ['a', 'w', 'nothing'] });
    expect(hidden).toEqual([]);
  });
});

test('what a query declares otherwise than the file is said with its place', async () => {
  const models = (query: ReturnType<typeof parseVnnlib>) =>
    new Map([['f', readModel(onnxFile(twoByTwo), { hidden: hiddenOf(query, 'f') })]]);
  const refused = (text: string) => {
    const query = parseVnnlib(`(vnnlib-version <2.1>)\n${text}`);
    return errorOf(() => requireNetworks(query, models(query)));
  };
  const good = declared('real');
  expect(refused(good.replace('"sum"', '"sums"'))).toMatchObject({
    reason: 'invalid',
    position: { line: 4, column: 21 },
  });
  expect(refused(good.replace('H real [1,2]', 'H real [2]')).message).toMatch(
    /H is real \[2\], but hidden node of the file, 'sum', is float32 \[\?,2\]/,
  );
  expect(refused(good.replace('(declare-input B real [1,1,3])', '')).message).toMatch(
    /'f' declares 1 inputs, its file has 2/,
  );
  expect(refused(good.replace('(declare-output Z real [1,2])', '')).message).toMatch(
    /'f' declares 1 outputs, its file has 2/,
  );
  const swapped = good
    .replace('A real [1,2]', 'A real [1,1,3]')
    .replace('B real [1,1,3]', 'B real [1,2]');
  expect(refused(swapped).message).toMatch(/A is real \[1,1,3\], but input 0 of the file, 'a'/);
  const several = good.replaceAll('[1,', '[4,');
  const samples = [0, 1, 2, 3];
  const inRow = (row: number): string[] =>
    inputs('A', 'B').map((name) => name.replace('[0', `[${row}`));
  await expect(
    decided(`(vnnlib-version <2.1>)\n${several}${unit(samples.flatMap(inRow))}`),
  ).rejects.toThrow(/A \[4,2\], B \[4,1,3\] are not one sample of the network, 5 numbers/);
});
