// What a hardening says of itself: no hidden gradients are called robustness, linear models come with their proof,
// and the page about it holds the curves.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BATCH, Builder, Layers, RandomBlock, tensor, writeModel } from '@glacis/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeNpz } from '../../src/data/npz.ts';
import { type Hardening, isWronglyRight, verdictOf } from '../../src/run/hardening.ts';
import type { Compared } from '../../src/run/comparison.ts';
import { glacis } from './glacis.ts';
import { type Tiny, writeTiny } from './tiny.ts';

let tiny: Tiny;
beforeAll(() => {
  tiny = writeTiny(600);
});
afterAll(() => rmSync(tiny.folder, { recursive: true }));

const at = (name: string): string => join(tiny.folder, name);
const words = ['--threads', '1', '--json'];

test('a model whose gradients are hidden is not called hardened, whatever attacks leave standing', async () => {
  const b = new Builder();
  const layers = new Layers(b, 0);
  const rounded = b.push('round', [b.mul(b.input('point', [BATCH, 2]), 10)], {});
  const hidden = b.relu(layers.dense(b.mul(rounded, 0.1), 32));
  writeFileSync(at('masked.onnx'), writeModel(b.graph({ scores: layers.dense(hidden, 2) })));
  const asked = ['harden', at('masked.onnx'), '--data', tiny.data, '--eps', '0.15'];
  const flags = ['--method', 'natural', '--epochs', '20', '--rate', '0.02', '--audited', '40'];
  const { code, stdout } = await glacis([...asked, ...flags, ...words, '--out', at('still.onnx')]);
  expect(code).toBe(1);
  const { verdict, compared } = JSON.parse(stdout) as Hardening;
  expect(compared?.after.masking?.verdict).toBe('confirmed');
  expect(compared?.after.accuracy.robustUpper).toBeGreaterThan(
    compared?.before.accuracy.robustUpper ?? 1,
  );
  expect(verdict).toMatch(/^This model is not hardened: its gradients are masked/);
  expect(compared?.alignment.after).toEqual({ nearby: null, withInput: null });
});

test('a page shows the curves, the audit of both models, and where gradients point', async () => {
  const flags = ['--epochs', '6', '--rate', '0.01', '--audited', '20', '--out', at('seen.onnx')];
  const made = await glacis(['harden', tiny.model, '--data', tiny.data, '--eps', '0.1', ...flags]);
  expect(made.code).toBe(0);
  expect(made.stdout).toContain(at('seen.html'));
  expect(made.stdout).toMatch(/gradient masking +none +none/);
  expect(made.stdout).toMatch(/gradients agree +(1|0\.\d+) +(1|0\.\d+)/);
  const page = readFileSync(at('seen.html'), 'utf8');
  for (const title of ['What it bought', 'Loss', 'Accuracy on held-out data', 'Made from']) {
    expect(page).toContain(`<h2>${title}</h2>`);
  }
  expect(page).toMatch(/Trained against<\/dt>\s*<dd>ℓ∞ ball of ε = 0\.12</);
  expect(page.match(/role="img"/g)).toHaveLength(4);
  expect(page).not.toContain('<script');
});

test('a page that somebody else wrote stays', async () => {
  writeFileSync(at('own.html'), 'mine');
  const flags = ['--eps', '0.1', '--out', at('own.onnx')];
  const { code, stderr } = await glacis(['harden', tiny.model, '--data', tiny.data, ...flags]);
  expect(code).toBe(2);
  expect(stderr).toContain('own.html is a file that Glacis did not write so');
  expect(readFileSync(at('own.html'), 'utf8')).toBe('mine');
  expect(existsSync(at('own.onnx'))).toBe(false);
});

test('a linear model of three classes is the best one of its constant, pair by pair', async () => {
  const b = new Builder();
  const scores = new Layers(b, 0).dense(b.input('point', [BATCH, 2]), 3);
  writeFileSync(at('linear.onnx'), writeModel(b.graph({ scores })));
  const points = new Float32Array(400);
  const labels = new BigInt64Array(200);
  for (let i = 0; i < 200; i++) {
    const random = new RandomBlock(3, i, 0);
    const turn = (2 * Math.PI * (i % 3)) / 3;
    points.set(
      [Math.cos(turn) + 0.5 * random.normal(0), Math.sin(turn) + 0.5 * random.normal(1)],
      2 * i,
    );
    labels[i] = BigInt(i % 3);
  }
  const arrays = { x: tensor('float32', [200, 2], points), y: tensor('int64', [200], labels) };
  writeFileSync(at('corners.npz'), writeNpz(arrays));
  const asked = ['harden', at('linear.onnx'), '--data', at('corners.npz'), '--eps', '0.1'];
  const flags = ['--norm', 'l2', '--method', 'lipschitz', '--limit', '2', '--audited', '20'];
  const { code, stdout } = await glacis([...asked, ...flags, ...words, '--out', at('best.onnx')]);
  expect(code).toBe(0);
  const { certificate, compared } = JSON.parse(stdout) as Hardening;
  expect(certificate?.gap).toBeLessThan(1e-6);
  expect(certificate?.pairs).toHaveLength(3);
  for (const { length } of certificate?.pairs ?? []) expect(length).toBeLessThanOrEqual(2 + 1e-9);
  const { accuracy } = compared?.after ?? {};
  expect(accuracy?.certifiedLower).toBe(accuracy?.robustUpper);
});

test('less found by attacks while gradients at neighbours part is right for the wrong reasons', async () => {
  const asked = ['harden', tiny.model, '--data', tiny.data, '--eps', '0.1', '--epochs', '2'];
  const flags = ['--audited', '10', '--out', at('sound.onnx')];
  const { stdout } = await glacis([...asked, ...flags, ...words]);
  const { compared } = JSON.parse(stdout) as Hardening;
  if (!compared) throw new Error('both were audited');
  const changed = (upper: number, nearby: number, certifiedLower = 0): Compared => ({
    ...compared,
    before: { ...compared.before, accuracy: { ...compared.before.accuracy, robustUpper: 0.5 } },
    after: {
      ...compared.after,
      masking: null,
      accuracy: { ...compared.after.accuracy, robustUpper: upper, certifiedLower },
    },
    alignment: {
      before: { nearby: 0.9, withInput: 0.5 },
      after: { nearby, withInput: 0.5 },
    },
  });
  expect(isWronglyRight(changed(0.8, 0.1))).toBe(true);
  expect(verdictOf(changed(0.8, 0.1))).toContain('Right for the wrong reasons');
  // What was measured of networks that had overfitted to one step, and of honest ones.
  expect(isWronglyRight(changed(0.8, 0.38))).toBe(true);
  expect(isWronglyRight(changed(0.8, 0.76))).toBe(false);
  expect(isWronglyRight(changed(0.8, 0.95))).toBe(false);
  expect(isWronglyRight(changed(0.4, 0.1))).toBe(false);
  expect(isWronglyRight(changed(0.8, 0.1, 0.7))).toBe(false);
});
