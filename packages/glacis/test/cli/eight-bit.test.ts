/** `--eight-bit`: what is stored is read back to the same verdicts, and other inputs are refused. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Run, tensor } from '@glacis/core';
import { afterAll, expect, test } from 'vitest';
import { readNpz, writeNpz } from '../../src/data/npz.ts';
import { readFileSync } from 'node:fs';
import { glacis } from './glacis.ts';
import { tinyPoints, writeTiny } from './tiny.ts';

const { folder, model, data } = writeTiny(24);
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const { x, y } = tinyPoints(24);
const bytes = join(folder, 'bytes.npz');
const levels = Uint8Array.from(x, (value) => Math.round((value + 1.5) * 85));
writeFileSync(
  bytes,
  writeNpz({ x: tensor('uint8', [24, 2], levels), y: tensor('int64', [24], y) }),
);
// 0…255 stands for −1.5…1.5.
const words = ['attack', model, '--data', bytes, '--mean', '0.5', '--std', '0.3333333333333333'];
const threat = ['--norm', 'l2', '--eps', '40/255', '--eight-bit', '--json', '--quiet'];

test('stored adversarial inputs are bytes, and read back give the same verdicts', async () => {
  const out = join(folder, 'adv.npz');
  const first = await glacis([...words, ...threat, '--out', out]);
  expect(first.stderr).toBe('');
  const found = JSON.parse(first.stdout) as Run;
  expect(found.threat.eightBit).toBe(true);
  expect(found.verdicts.falsified).toBeGreaterThan(2);
  const stored = readNpz(readFileSync(out), out).read('x_adv');
  for (const value of stored.data) {
    expect(Math.fround(Math.round(Number(value) * 255) / 255)).toBe(value);
  }
  const again = await glacis([...words, ...threat, '--method', 'replay', '--examples', out]);
  const replayed = JSON.parse(again.stdout) as Run;
  const broken = ({ samples }: Run) =>
    samples.map(({ verdict, upper }) => (verdict === 'falsified' ? upper : null));
  expect(broken(replayed)).toEqual(broken(found));
});

test('inputs that eight bits cannot hold are refused', async () => {
  const { code, stderr } = await glacis([
    'attack',
    model,
    '--data',
    data,
    '--eps',
    '0.1',
    '--clip',
    '-2,2',
    '--eight-bit',
  ]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/no multiple of 1\/255/);
});
