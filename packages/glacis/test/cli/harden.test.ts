// A model is trained from the command line: what is written, what it bought, what is kept of it on the way.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  BATCH,
  Builder,
  floats,
  Layers,
  RandomBlock,
  readModel,
  tensor,
  writeModel,
} from '@glacis/core';
import * as ort from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeNpz } from '../../src/data/npz.ts';
import type { Hardening } from '../../src/run/hardening.ts';
import { glacis, type Result } from './glacis.ts';
import { type Tiny, writeTiny } from './tiny.ts';

let tiny: Tiny;
beforeAll(() => {
  tiny = writeTiny(600);
});
afterAll(() => rmSync(tiny.folder, { recursive: true }));

const at = (name: string): string => join(tiny.folder, name);
const harden = (out: string, ...words: string[]): Promise<Result> =>
  glacis([...wordsOf(out), ...words]);

/** Of a training on one thread: its sums then always have one order. */
const wordsOf = (out: string): string[] => {
  const words = ['harden', tiny.model, '--data', tiny.data, '--eps', '0.1', '--threads', '1'];
  return [...words, '--out', at(out)];
};

describe('glacis harden', () => {
  test('audits both models alike and says what the training bought', async () => {
    const flags = ['--method', 'ibp', '--init', '--epochs', '30', '--rate', '0.01'];
    const { code, stdout } = await harden('robust.onnx', ...flags, '--audited', '20', '--json');
    expect(code).toBe(0);
    const made = JSON.parse(stdout) as Hardening;
    expect(made).toMatchObject({ schema: 'glacis/harden/1', method: 'ibp', proves: true });
    expect(made.trainEps).toBe(0.1);
    expect(made.data).toMatchObject({ training: 540, validation: 60 });
    expect(made.history).toHaveLength(30);
    const { before, after } = made.compared ?? {};
    if (!before || !after) throw new Error('both were audited');
    expect(after.samples.map(({ index }) => index)).toEqual(
      before.samples.map(({ index }) => index),
    );
    // What closes the gap early leaves nothing for the last methods.
    const all = before.methods.map(({ id }) => id);
    expect(all).toEqual(expect.arrayContaining(after.methods.map(({ id }) => id)));
    expect(after.model.sha256).toBe(made.out.sha256);
    expect(after.accuracy.certifiedLower).toBeLessThanOrEqual(after.accuracy.robustUpper ?? 0);
    expect(after.accuracy.certifiedLower).toBeGreaterThan(0.5);
    const history = JSON.parse(readFileSync(at('robust.history.json'), 'utf8')) as Hardening;
    expect(history).toEqual({ ...made, compared: null });
    expect(existsSync(at('robust.checkpoint.npz'))).toBe(false);
  });

  test('writes a file that differs in its weights alone, which ONNX Runtime runs', async () => {
    const flags = ['--epochs', '2', '--audited', '0'];
    expect((await harden('further.onnx', ...flags)).code).toBe(0);
    const [old, young] = [tiny.model, at('further.onnx')].map((path) => readFileSync(path));
    const models = [old, young].map((bytes) => readModel(bytes ?? new Uint8Array()));
    const described = models.map(({ graph, operators, inputs, outputs }) => [
      graph.nodes.map(({ op, shape }) => [op, shape]),
      [...operators],
      inputs,
      outputs,
    ]);
    expect(described[1]).toEqual(described[0]);
    expect(young?.length).toBe(old?.length);
    expect(young).not.toEqual(old);
    const session = await ort.InferenceSession.create(at('further.onnx'));
    const fed = new ort.Tensor('float32', Float32Array.of(0, 0), [1, 2]);
    const { scores } = await session.run({ point: fed });
    const [inside = 0, outside = 0] = Array.from((scores?.data ?? []) as Float32Array);
    expect(inside).toBeGreaterThan(outside);
  });

  test('goes on with the same words after Ctrl-C, to the same file', async () => {
    const flags = ['--epochs', '20', '--audited', '0', '--batch', '10', '--method', 'fast'];
    const whole = await harden('whole.onnx', ...flags);
    expect(whole.code).toBe(0);
    const stopped = await glacis([...wordsOf('parts.onnx'), ...flags], {
      interruptAt: at('parts.checkpoint.npz'),
    });
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toMatch(/Stopped: \d+ of 20 epochs are kept/);
    expect(existsSync(at('parts.onnx'))).toBe(false);
    const rest = await harden('parts.onnx', ...flags);
    expect(rest.stderr).toMatch(/Going on after epoch \d+/);
    expect(readFileSync(at('parts.onnx'))).toEqual(readFileSync(at('whole.onnx')));
  });
});

test('a linear model becomes the best one of its Lipschitz constant, which proofs confirm', async () => {
  const b = new Builder();
  const layers = new Layers(b, 0);
  const scaled = b.mul(b.input('point', [BATCH, 2]), b.constant(floats([0.5, 2], [1, 2])));
  writeFileSync(at('linear.onnx'), writeModel(b.graph({ scores: layers.dense(scaled, 2) })));
  const points = tensor('float32', [200, 2], new Float32Array(400));
  const labels = new BigInt64Array(200);
  for (let i = 0; i < 200; i++) {
    const random = new RandomBlock(3, i, 0);
    points.data.set([random.normal(0), random.normal(1)], 2 * i);
    labels[i] = BigInt(random.normal(0) + 2 * random.normal(1) + 0.2 * random.normal(2) > 0.5);
  }
  writeFileSync(at('line.npz'), writeNpz({ x: points, y: tensor('int64', [200], labels) }));
  const words = ['harden', at('linear.onnx'), '--data', at('line.npz'), '--eps', '0.1', '--json'];
  const flags = ['--method', 'lipschitz', '--limit', '3', '--loss', 'hinge', '--audited', '20'];
  const { code, stdout } = await glacis([...words, ...flags, '--out', at('best.onnx')]);
  expect(code).toBe(0);
  const { certificate, compared } = JSON.parse(stdout) as Hardening;
  expect(certificate?.gap).toBeLessThan(1e-6);
  expect(certificate?.length).toBeLessThanOrEqual(3 + 1e-9);
  const { accuracy, samples } = compared?.after ?? {};
  expect(accuracy?.clean).toBeGreaterThan(0.9);
  // Of a linear model, what attacks leave standing is what intervals prove.
  expect(accuracy?.certifiedLower).toBe(accuracy?.robustUpper);
  expect(samples).toHaveLength(20);
  const refused = await glacis([
    'harden',
    tiny.model,
    '--data',
    tiny.data,
    ...words.slice(4),
    ...flags,
    '--out',
    at('no.onnx'),
  ]);
  expect(refused.stderr).toContain('is not linear: --limit');
  expect(refused.code).toBe(2);
});

test('a deep model becomes 1-Lipschitz in l2, and the audit proves by that constant', async () => {
  const flags = ['--method', 'lipschitz', '--norm', 'l2', '--init', '--epochs', '30'];
  const more = ['--rate', '0.03', '--audited', '20', '--json'];
  const { code, stdout } = await harden('smooth.onnx', ...flags, ...more);
  expect(code).toBe(0);
  const { proves, compared, best } = JSON.parse(stdout) as Hardening;
  expect(proves).toBe(true);
  expect(best?.validated.robust).toBeGreaterThan(0.5);
  expect(compared?.lipschitz.after).toBeLessThan(1.005);
  const { accuracy, methods } = compared?.after ?? {};
  expect(methods?.map(({ id }) => id)).toContain('lipschitz-constant-search');
  expect(accuracy?.certifiedLower).toBeGreaterThan(0.5);
  const elsewhere = await harden('no.onnx', '--method', 'lipschitz', '--norm', 'linf');
  expect(elsewhere.stderr).toContain('1-Lipschitz in l2 alone: use --norm l2');
  expect(elsewhere.code).toBe(2);
});

describe('what cannot be trained is refused with a sentence, and nothing is lost', () => {
  /** The tiny data with other labels, or fewer of them. */
  function dataWith(name: string, labels: readonly number[]): string {
    const y = BigInt64Array.from(labels, BigInt);
    const x = Float32Array.from({ length: 2 * labels.length }, (_, i) => (i % 7) / 7);
    const arrays = {
      x: tensor('float32', [labels.length, 2], x),
      y: tensor('int64', [labels.length], y),
    };
    writeFileSync(at(name), writeNpz(arrays));
    return at(name);
  }

  test.each([
    ['a label out of range', [0, 1, 5], 'Label 5 at sample 2 does not fit the model'],
    ['one class only', [1, 1, 1, 1], 'All 4 samples of'],
    ['fewer samples than a batch', [0, 1, 0, 1], 'a smaller --batch'],
  ])('%s', async (name, labels, sentence) => {
    const data = dataWith(`${name}.npz`, labels);
    const words = ['harden', tiny.model, '--data', data, '--eps', '0.1', '--batch', '4', '--out'];
    const { code, stderr } = await glacis([...words, at('refused.onnx')]);
    expect(stderr).toContain(sentence);
    expect(code).toBe(2);
    expect(existsSync(at('refused.onnx'))).toBe(false);
  });

  test('a radius to train against, of a method that has none', async () => {
    const { code, stderr } = await harden('no.onnx', '--method', 'natural', '--train-eps', '0.2');
    expect(stderr).toContain('--train-eps is the radius that --method adversarial, fast, trades');
    expect(code).toBe(2);
  });

  test('a loss that is no number: the last good epoch and the last good file stay', async () => {
    const before = readFileSync(at('further.onnx'));
    const flags = ['--rate', '1e38', '--epochs', '3', '--audited', '0'];
    const { code, stderr } = await harden('further.onnx', ...flags);
    expect(stderr).toMatch(/at step \d+, in epoch \d: try a lower learning rate/);
    expect(stderr).toMatch(
      /lower --gradient-limit; (no epoch was over|\d of 3 epochs are kept in)/,
    );
    expect(code).toBe(2);
    expect(readFileSync(at('further.onnx'))).toEqual(before);
  });

  test('weights that no gradient reaches, and a checkpoint that is none', async () => {
    const b = new Builder();
    const scores = new Layers(b, 0).dense(b.input('point', [BATCH, 2]), 2);
    writeFileSync(at('steps.onnx'), writeModel(b.graph({ scores: b.push('round', [scores], {}) })));
    const words = ['--data', tiny.data, '--eps', '0.1', '--out', at('no.onnx')];
    const flat = await glacis(['harden', at('steps.onnx'), ...words]);
    expect(flat.stderr).toContain('no gradient reaches the parameters');
    expect(flat.code).toBe(2);
    writeFileSync(at('no.checkpoint.npz'), readFileSync(tiny.data));
    const other = await glacis(['harden', tiny.model, ...words]);
    expect(other.stderr).toContain('no.checkpoint.npz is no checkpoint of a training');
    expect(other.code).toBe(2);
    expect(readFileSync(at('no.checkpoint.npz'))).toEqual(readFileSync(tiny.data));
  });

  test('a model without weights, and a file that was not made so', async () => {
    const b = new Builder();
    writeFileSync(at('bare.onnx'), writeModel(b.graph({ y: b.relu(b.input('x', [BATCH, 2])) })));
    const words = ['--data', tiny.data, '--eps', '0.1', '--out'];
    const bare = await glacis(['harden', at('bare.onnx'), ...words, at('new.onnx')]);
    expect(bare.stderr).toContain('the network has no parameters that can be trained');
    expect(bare.code).toBe(2);
    const over = await glacis(['harden', tiny.model, ...words, tiny.model]);
    expect(over.stderr).toContain('nothing is overwritten');
    expect(over.code).toBe(2);
  });
});
