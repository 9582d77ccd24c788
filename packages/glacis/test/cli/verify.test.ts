/** `glacis verify` and `glacis bench` as they are started: words, files and exit codes. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { BATCH, Builder, writeModel } from '@glacis/core';
import { ModelProtoSchema, TensorProtoSchema } from 'onnx-buf';
import { beforeAll, expect, test } from 'vitest';
import { glacis } from './glacis.ts';
import { writeTiny } from './tiny.ts';

/** The tiny network's scores: class 0 wins inside the diamond |x| + |y| < 1. */
const about = (low: number, high: number, assertion: string): string =>
  [
    ...['X_0', 'X_1', 'Y_0', 'Y_1'].map((name) => `(declare-const ${name} Real)`),
    ...[0, 1].flatMap((i) => [`(assert (>= X_${i} ${low}))`, `(assert (<= X_${i} ${high}))`]),
    `(assert ${assertion})`,
  ].join('\n');

let folder = '';
let model = '';

beforeAll(() => {
  ({ folder, model } = writeTiny(1));
  writeFileSync(join(folder, 'inside.vnnlib'), about(-0.3, 0.3, '(<= Y_0 Y_1)'));
  writeFileSync(join(folder, 'corner.vnnlib'), about(-0.6, 0.6, '(<= Y_0 Y_1)'));
  writeFileSync(
    join(folder, 'three.vnnlib'),
    `(declare-const X_0 Real)\n(declare-const Y_0 Real)\n`,
  );
});

const at = (name: string): string => join(folder, name);

test('what holds everywhere in the box is unsat, in one word', async () => {
  const { code, stdout } = await glacis(['verify', model, at('inside.vnnlib'), '--timeout', '60']);
  expect(stdout).toBe('unsat\n');
  expect(code).toBe(0);
});

test('a witness is printed as the standard has it, and written as a result file', async () => {
  const words = ['verify', at('corner.vnnlib'), '--network', model, '--out', at('result.txt')];
  const { code, stdout } = await glacis(words);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^sat\nX real \[2\]\n(-?\d+\.\d+\n){2}Y real \[2\]\n(-?\d+\.\d+\n){2}$/);
  const [, , x, y] = stdout.split('\n');
  expect(Math.abs(Number(x)) + Math.abs(Number(y))).toBeGreaterThan(0.9);
  expect(readFileSync(at('result.txt'), 'utf8')).toMatch(/^sat\n\(\(X_0 /);
});

test('a witness that is serialised is a file for each tensor, and not printed', async () => {
  const words = ['verify', at('corner.vnnlib'), '--network', model];
  const { code, stdout } = await glacis([...words, '--serialise-assignments', at('witness')]);
  expect([code, stdout]).toEqual([0, 'sat\n']);
  expect(readdirSync(at('witness')).sort()).toEqual(['X.pb', 'Y.pb']);
  const none = ['verify', at('inside.vnnlib'), '--network', model];
  const unsat = await glacis([...none, '--serialise-assignments', at('nothing')]);
  expect([unsat.code, unsat.stdout, existsSync(at('nothing'))]).toEqual([0, 'unsat\n', false]);
});

test('several inputs, hidden nodes and several outputs are each a tensor of the assignment', async () => {
  const b = new Builder();
  const [x, z] = [b.input('x', [BATCH, 2]), b.input('z', [BATCH, 1, 2])];
  const sum = b.add(x, b.reshape(z, [BATCH, 2]));
  const up = b.relu(sum);
  const whole = fromBinary(
    ModelProtoSchema,
    writeModel(b.graph({ sum, up, y: b.sum(up, [1], true) })),
  );
  // The sum is a value inside: no output of the file.
  whole.graph?.output.shift();
  writeFileSync(at('two.onnx'), toBinary(ModelProtoSchema, whole));
  const query = `(vnnlib-version <2.1>)
    (declare-network f
      (declare-input X float32 [1,2]) (declare-input Z float32 [1,1,2])
      (declare-hidden H float32 [1,2] "sum")
      (declare-output U float32 [1,2]) (declare-output Y float32 [1,1]))
    ${['X[0,0]', 'X[0,1]', 'Z[0,0,0]', 'Z[0,0,1]'].map((name) => `(assert (and (>= ${name} 0.25) (<= ${name} 0.5)))`).join('')}
    (assert (<= (- Y[0,0] H[0,1]) 0.5))`;
  writeFileSync(at('two.vnnlib'), query);
  const words = ['verify', at('two.vnnlib'), '--network', `f=${at('two.onnx')}`];
  const { code, stdout } = await glacis(words);
  expect(code).toBe(0);
  const shapes = stdout.split('\n').filter((line) => line.includes('float32'));
  expect(shapes).toEqual([
    'X float32 [1,2]',
    'Z float32 [1,1,2]',
    'H float32 [1,2]',
    'U float32 [1,2]',
    'Y float32 [1,1]',
  ]);
  await glacis([...words, '--serialise-assignments', at('tensors')]);
  const read = (name: string) =>
    fromBinary(TensorProtoSchema, readFileSync(at(`tensors/${name}.pb`)));
  expect(readdirSync(at('tensors')).sort()).toEqual(['H.pb', 'U.pb', 'X.pb', 'Y.pb', 'Z.pb']);
  expect(read('Z').dims).toEqual([1n, 1n, 2n]);
  expect(Buffer.from(read('H').rawData)).toEqual(Buffer.from(read('U').rawData));
});

/** VNN-LIB 2.0 about the tiny network, whose input the file declares as float32. */
const declared = (type: string, ...assertions: readonly string[]): string =>
  [
    '(vnnlib-version <2.0>)',
    `(declare-network f (declare-input X ${type} [1,2]) (declare-output Y ${type} [1,2]))`,
    ...assertions.map((line) => `(assert ${line})`),
    ...[0, 1].map((i) => `(assert (and (<= X[0,${i}] 0.6) (>= X[0,${i}] -0.6)))`),
  ].join('\n');

test('a float32 witness is of the declared types, in the order of the declarations', async () => {
  writeFileSync(at('float32.vnnlib'), declared('float32', '(<= Y[0,0] Y[0,1])'));
  const words = ['verify', at('float32.vnnlib'), '--network', `f=${model}`, '--timeout', '30'];
  const { code, stdout } = await glacis(words);
  const lines = stdout.trimEnd().split('\n');
  expect([code, lines.length]).toEqual([0, 7]);
  expect([lines[0], lines[1], lines[4]]).toEqual(['sat', 'X float32 [1,2]', 'Y float32 [1,2]']);
});

test('the errors that the standard asks for go to stderr, with nothing on stdout', async () => {
  const path = at('typed.vnnlib');
  const says = async (query: string, ...networks: readonly string[]): Promise<string> => {
    writeFileSync(path, query);
    const words = networks.flatMap((each) => ['--network', each]);
    const { code, stdout, stderr } = await glacis(['verify', path, ...words]);
    expect([code, stdout]).toEqual([2, '']);
    return stderr;
  };
  const ours = `f=${model}`;
  // Insufficient, unnecessary.
  expect(await says(declared('real'))).toContain('needs a network');
  expect(await says(declared('real'), `g=${model}`)).toContain("network 'f' has no file");
  expect(await says(declared('real'), ours, `g=${model}`)).toContain("no use for 'g'");
  // Types of the file, types that are not analysed.
  expect(await says(declared('float64', '(<= Y[0,0] 0.5)'), ours)).toContain('is float32');
  expect(await says(declared('float16', '(<= Y[0,0] 0.5)'), ours)).toContain('X is float16');
});

test('--json says what decided', async () => {
  const { stdout } = await glacis(['verify', model, at('corner.vnnlib'), '--json']);
  const { result, assignment, seconds } = JSON.parse(stdout) as Record<string, unknown>;
  expect(result).toBe('sat');
  expect(assignment).toHaveLength(2);
  expect(seconds).toBeGreaterThan(0);
});

test('time that is up before anything is decided is timed-out, exit code 3', async () => {
  const { code, stdout } = await glacis([
    'verify',
    model,
    at('inside.vnnlib'),
    '--timeout',
    '0.21',
  ]);
  expect([code, stdout]).toEqual([3, 'timed-out\n']);
});

test('a query about another network, none, or one too many are faults of the command line', async () => {
  const other = await glacis(['verify', model, at('three.vnnlib')]);
  expect([other.code, other.stdout]).toEqual([2, '']);
  expect(other.stderr).toContain('declares 1 inputs');
  const none = await glacis(['verify', at('inside.vnnlib')]);
  expect(none.code).toBe(2);
  expect(none.stderr).toContain('--network');
  const both = await glacis(['verify', model, at('inside.vnnlib'), '--network', model]);
  expect(both.code).toBe(2);
});

test('a benchmark is counted, held to what is expected, and not run twice', async () => {
  const set = at('set');
  mkdirSync(set);
  const lines = [
    `${model},${at('inside.vnnlib')},60,unsat`,
    `${model},${at('corner.vnnlib')},60,unsat`,
  ].map((line) => line.replaceAll(`${folder}/`, '../'));
  writeFileSync(
    join(set, 'instances.csv'),
    `onnx,vnnlib,timeout_s,expected\n${lines.join('\n')}\n`,
  );
  const words = ['bench', set, '--out', at('set.csv'), '--json'];
  const first = await glacis(words);
  const summary = JSON.parse(first.stdout) as Record<string, unknown>;
  expect(summary).toMatchObject({ solved: 1, sat: 1, unsat: 1, wrong: 1 });
  expect(first.code).toBe(1);
  const written = readFileSync(at('set.csv'), 'utf8');
  const again = await glacis(words);
  expect(readFileSync(at('set.csv'), 'utf8')).toBe(written);
  expect(JSON.parse(again.stdout)).toEqual(summary);
});
