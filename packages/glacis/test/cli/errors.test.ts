/** What is wrong is said in one sentence, with exit code 2, and nothing is written. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BATCH, Builder, tensor, writeModel } from '@glacis/core';
import { afterAll, expect, test } from 'vitest';
import { writeNpz } from '../../src/data/npz.ts';
import { findExample } from '../../src/run/example.ts';
import { glacis } from './glacis.ts';
import { tinyModel, writeTiny } from './tiny.ts';

const { folder, model, data } = writeTiny(4);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string): string => join(folder, name);
const points = (x: number[], y: bigint[]): Uint8Array =>
  writeNpz({
    x: tensor('float32', [x.length / 2, 2], Float32Array.from(x)),
    y: tensor('int64', [y.length], BigInt64Array.from(y)),
  });
writeFileSync(at('nan.npz'), points([0, 1, Number.NaN, 0], [0n, 1n]));
writeFileSync(at('label.npz'), points([0, 1, 0, 0], [1n, 2n]));
writeFileSync(at('wide.npz'), writeNpz({ x: tensor('float32', [2, 3], new Float32Array(6)) }));
writeFileSync(at('cut.onnx'), tinyModel().subarray(0, 150));
writeFileSync(at('text.onnx'), 'not a model at all');

const audit = (...words: string[]): string[] => ['audit', model, '--data', data, ...words];

const mistakes: readonly (readonly [words: string[], says: string | RegExp])[] = [
  [['adit', model], 'There is no command adit; did you mean audit?'],
  [audit('--epz', '0.1'), 'There is no option --epz of glacis audit; did you mean --eps?'],
  [audit(), '--eps is missing'],
  [audit('--eps', '-1'), 'a radius is at least 0'],
  [audit('--eps'), '--eps needs a value'],
  [audit('--eps', '0.1', '--clip', '1,0'), 'the first number must be the smaller one'],
  [audit('--eps', '0.1', '--clip', '0,0.5'), /Sample 0 has .* outside --clip 0,0.5/],
  [
    ['bounds', model, '--data', data, '--index', '0', '--eps', '0.1', '--clip', '5,6'],
    /Sample 0 has .* outside --clip 5,6/,
  ],
  [audit('--eps', '0.1', '--norm', 'l7'), 'choose linf, l2, l1 or l0'],
  [audit('--eps', '0.1', '--freeze', 'age'), 'there is no column age'],
  [audit('--eps', '0.1', '--out', join(data, 'run')), 'cannot be written'],
  [['audit', at('none.onnx'), '--data', data, '--eps', '1'], 'There is no file or folder'],
  [['audit', at('cut.onnx'), '--data', data, '--eps', '1'], 'it is cut short'],
  [['audit', at('text.onnx'), '--data', data, '--eps', '1'], 'this is not an ONNX file'],
  [['audit', model, '--data', at('nan.npz'), '--eps', '1'], 'position [0] of sample 1'],
  [['audit', model, '--data', at('label.npz'), '--eps', '1'], 'Label 2 at sample 1'],
  [['audit', model, '--data', at('wide.npz'), '--eps', '1'], '[2, 3]'],
  [['inspect', model, '--emit', 'gradient'], '--emit gradient needs --out FILE'],
  [['attack', model, '--data', data, '--eps', '1', '--method', 'replay'], 'needs --examples'],
];

test('every mistake is one sentence on stderr and exit code 2', async () => {
  const pending = [...mistakes];
  const work = async (): Promise<void> => {
    for (let next = pending.pop(); next; next = pending.pop()) {
      const [words, says] = next;
      const { code, stdout, stderr } = await glacis(words);
      expect(stderr).toMatch(says);
      expect(stderr.trimEnd().split('\n')).toHaveLength(1);
      expect({ words, code, stdout }).toEqual({ words, code: 2, stdout: '' });
    }
  };
  await Promise.all([work(), work(), work()]);
  expect(existsSync(at('run'))).toBe(false);
});

test.runIf(existsSync('/proc/self'))('a place where no folder can be made is said', async () => {
  for (const out of ['/proc/x', '/proc/x/run']) {
    const { code, stderr } = await glacis(audit('--eps', '0.1', '--out', out));
    expect(code).toBe(2);
    expect(stderr).toBe(
      `glacis: ${out} cannot be written: the folder cannot be made there, in /proc; choose another place.\n`,
    );
  }
  const missing = join(folder, 'none', 'gradient.onnx');
  const emitted = await glacis(['inspect', model, '--emit', 'gradient', '--out', missing]);
  expect(emitted.stderr).toContain('the folder it should be in does not exist');
});

test.runIf(existsSync('/dev/full'))('a full disk under stdout is said', async () => {
  const { spawnSync } = await import('node:child_process');
  const { openSync } = await import('node:fs');
  const bin = new URL('../../bin/glacis.js', import.meta.url).pathname;
  const full = openSync('/dev/full', 'w');
  const { status, stderr } = spawnSync(process.execPath, [bin, 'inspect', model, '--json'], {
    stdio: ['ignore', full, 'pipe'],
  });
  expect(status).toBe(2);
  expect(stderr.toString()).toContain('the disk is full');
});

test('the version is answered without a command', async () => {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(manifest) as { version: string };
  const answer = { code: 0, signal: null, stdout: `${version}\n`, stderr: '' };
  expect(await glacis(['--version'])).toEqual(answer);
});

test('a run whose every input is an error says which, and exits with 3: nothing was decided', async () => {
  const b = new Builder();
  const x = b.input('point', [BATCH, 2]);
  const scores = b.matMul(x, b.floats([Number.NaN, 1, 1, 1], [2, 2]));
  writeFileSync(at('nan.onnx'), writeModel(b.graph({ scores })));
  for (const command of ['audit', 'certify']) {
    const words = [command, at('nan.onnx'), '--data', data, '--eps', '0.1'];
    const { code, stdout, stderr } = await glacis(words);
    expect(code).toBe(3);
    expect(stdout).toContain('4 error');
    expect(stderr).toContain('Nothing was decided: the model gives a score that is not a finite');
  }
});

test('where the example is not there, what makes it is said', () => {
  const folderURL = pathToFileURL(join(folder, 'empty/'));
  expect(() => findExample({ model: null, values: {} }, folderURL)).toThrow(/npm run setup/);
});
