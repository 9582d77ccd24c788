/** The scripts of the competition (VNN-COMP, version v1), started as its harness does. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeRuntime, openNetwork, readModel } from '../../src/index.ts';
import { expect, test } from 'vitest';
import { writeTiny } from './tiny.ts';

const at = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const property = (name: string): string => at(`properties/${name}.vnnlib`);
const { folder, model } = writeTiny(1);

/** Exit code of a script of packages/glacis/vnncomp. */
function script(name: string, ...words: readonly string[]): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', [at(`../../vnncomp/${name}.sh`), ...words], { stdio: 'ignore' });
    child.on('error', reject);
    child.on('close', resolve);
  });
}

async function result(onnx: string, vnnlib: string, seconds = '60'): Promise<string> {
  const results = join(folder, 'results.txt');
  expect(await script('run_instance', 'v1', 'tiny', onnx, vnnlib, results, seconds)).toBe(0);
  return readFileSync(results, 'utf8');
}

test('an instance is prepared where its files are there', async () => {
  expect(await script('prepare_instance', 'v1', 'tiny', model, property('inside'))).toBe(0);
  expect(await script('prepare_instance', 'v1', 'tiny', model, property('none'))).toBe(1);
});

test('unsat is one word', async () => {
  expect(await result(model, property('inside'))).toBe('unsat\n');
});

test('sat comes with a counterexample, which the file itself confirms', async () => {
  const text = await result(model, property('corner'));
  const numeral = String.raw`(-?\d+\.\d+)`;
  const [x, y] = ['X', 'Y'].map((v) => `\\(${v}_0 ${numeral}\\)\n\\(${v}_1 ${numeral}\\)`);
  const [, ...numbers] = new RegExp(`^sat\n\\(${x}\n${y}\\)\n$`).exec(text) ?? [];
  const [x0 = NaN, x1 = NaN, y0 = NaN, y1 = NaN] = numbers.map(Number);
  expect(Math.max(Math.abs(x0), Math.abs(x1))).toBeLessThanOrEqual(Math.fround(0.6));
  expect(y0).toBeLessThanOrEqual(y1);
  const network = await openNetwork(readModel(readFileSync(model)), nodeRuntime());
  expect([...(await network.original.run(Float32Array.of(x0, x1), [0], 0))]).toEqual([y0, y1]);
  await network.release();
});

test('what fails is error, and what takes too long is timeout', async () => {
  const other = join(folder, 'other.vnnlib');
  writeFileSync(other, '(declare-const X_0 Real)\n(declare-const Y_0 Real)\n');
  expect(await result(model, other)).toBe('error\n');
  expect(await result(model, property('inside'), '0.21')).toBe('timeout\n');
});

test('another version is refused by every script', async () => {
  const results = join(folder, 'refused.txt');
  const words = ['v2', 'tiny', model, property('inside'), results, '60'];
  for (const name of ['install_tool', 'prepare_instance', 'run_instance']) {
    expect(await script(name, ...words)).toBe(1);
  }
  expect(existsSync(results)).toBe(false);
});
