/** `glacis diagnose` and the diagnosis of an audit, on a model of the plane and on the same behind rounded inputs. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Builder, type Run, tensor, writeModel } from '@glacis/core';
import { afterAll, expect, test } from 'vitest';
import { writeNpz } from '../../src/data/npz.ts';
import { glacis } from './glacis.ts';
import { tinyPoints, writeTiny } from './tiny.ts';

const { folder, model: plain, data } = writeTiny(60);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** |x| + |y| < 1 on a grid of 16 steps a unit, without a gradient. */
const hidden = join(folder, 'hidden.onnx');
const b = new Builder();
const input = b.input('x', ['batch', 2]);
const steps = b.mul(b.push('round', [b.mul(input, 16)], {}), 1 / 16);
const size = b.sum(b.abs(steps), [1], true);
writeFileSync(
  hidden,
  writeModel(b.graph({ scores: b.concat([b.sub(1, size), b.sub(size, 1)], 1) })),
);

const run = async (command: string, model: string, ...more: string[]) => {
  const flags = `--data ${data} --norm linf --eps 0.3 --clip none --json --quiet --workers 1`;
  const { code, stdout, stderr } = await glacis([command, model, ...flags.split(' '), ...more]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Run;
};
const fired = ({ masking }: Run): string[] =>
  masking?.indicators.filter((indicator) => indicator.fired).map(({ id }) => id) ?? [];

test('an undisguised model is not called masked, and its accuracy stands', async () => {
  const { masking, accuracy } = await run('diagnose', plain, '--surrogate', plain);
  expect(masking?.verdict).toBe('none');
  expect(masking?.credibleUpper).toBe(accuracy.robustUpper);
  expect(masking?.indicators).toHaveLength(19);
});

test('rounded inputs are, by a surrogate that is given twice as by one of its own', async () => {
  const given = await run('diagnose', hidden, '--surrogate', plain, '--surrogate', plain);
  const own = await run('diagnose', hidden);
  for (const { masking } of [given, own]) expect(masking?.verdict).toBe('confirmed');
  expect(fired(given)).toContain('transfer-beats-white-box');
  expect(fired(own)).toEqual(expect.arrayContaining(['zero-gradient', 'stepped-response']));
  // The grid is fine beside ε: what breaks is nearly the same.
  const honest = await run('attack', plain);
  for (const { masking } of [given, own]) {
    expect(masking?.credibleUpper ?? 1).toBeLessThan((honest.accuracy.robustUpper ?? 0) + 0.1);
    expect(masking?.gradientUpper ?? 0).toBeGreaterThan(0.9);
  }
});

test('an audit is diagnosed quickly, fully or not at all', async () => {
  const [quick, off] = [
    await run('audit', hidden),
    await run('audit', hidden, '--diagnose', 'off'),
  ];
  expect(quick.masking?.verdict).toBe('confirmed');
  expect(quick.seconds).toHaveProperty('diagnosis');
  expect(off.masking).toBeNull();
});

test('it is told in words: the headline, the evidence and what to do', async () => {
  const words = `diagnose ${hidden} --data ${data} --norm linf --eps 0.3 --clip none --quiet --surrogate ${plain}`;
  const { stdout } = await glacis(words.split(' '));
  expect(stdout).toMatch(/^Not credible: at most \d+(\.\d+)?%/m);
  expect(stdout).toContain('gradient masking confirmed');
  expect(stdout).toMatch(/zero-gradient 0\.\d+ \(threshold 0\.05\)/);
});

test('a regression has nothing to diagnose', async () => {
  const { code, stderr } = await glacis(
    `diagnose ${plain} --data ${data} --eps 0.1 --criterion error --above 1`.split(' '),
  );
  expect(code).toBe(2);
  expect(stderr).toContain('a regression has none');
});

test('a radius of 0 lets nothing change: there is nothing to diagnose', async () => {
  const { code, stderr } = await glacis(
    `diagnose ${plain} --data ${data} --eps 0 --clip none`.split(' '),
  );
  expect(code).toBe(2);
  expect(stderr).toBe('glacis: --eps 0 lets nothing change, so that nothing can be diagnosed.\n');
});

test('inputs that are all misclassified are not diagnosed: nothing withstands to begin with', async () => {
  const { x, y } = tinyPoints(8);
  const wrong = join(folder, 'wrong.npz');
  const labels = y.map((label) => 1n - label);
  writeFileSync(
    wrong,
    writeNpz({ x: tensor('float32', [8, 2], x), y: tensor('int64', [8], labels) }),
  );
  const flags = `--data ${wrong} --norm linf --eps 0.3 --clip none --json --quiet --workers 1`;
  const { code, stdout } = await glacis(['diagnose', plain, ...flags.split(' ')]);
  const { masking, verdicts } = JSON.parse(stdout) as Run;
  expect({ code, masking, wrong: verdicts.misclassified }).toEqual({
    code: 0,
    masking: null,
    wrong: 8,
  });
});

test('a verdict of none over a single input says how little that is', async () => {
  const flags = `--data ${data} --norm linf --eps 0.3 --clip none --workers 1 --index 0`;
  const { code, stderr } = await glacis(['diagnose', plain, ...flags.split(' ')]);
  expect(code).toBe(0);
  expect(stderr).toContain('With one input the diagnosis proves little');
});
