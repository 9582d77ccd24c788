/** `glacis verify` and `glacis bench` as they are started: words, files and exit codes. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

test('a witness is printed, written as a result file, and serialised', async () => {
  const { code, stdout } = await glacis([
    'verify',
    at('corner.vnnlib'),
    '--network',
    model,
    '--out',
    at('result.txt'),
    '--serialise-assignments',
    at('witness'),
  ]);
  expect(code).toBe(0);
  const [first, name, x, y] = stdout.split('\n');
  expect([first, name]).toEqual(['sat', 'X real [2]']);
  expect(Math.abs(Number(x)) + Math.abs(Number(y))).toBeGreaterThan(0.9);
  expect(readFileSync(at('result.txt'), 'utf8')).toMatch(/^sat\n\(\(X_0 /);
  expect(existsSync(at('witness/X.pb'))).toBe(true);
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
