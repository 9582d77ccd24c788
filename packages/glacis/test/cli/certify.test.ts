/** The proof side alone: verdicts at ε, radii, and the ends of outputs; in a program and in a shell. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Run, tensor } from '@glacis/core';
import { afterAll, describe, expect, test } from 'vitest';
import { writeNpz } from '../../src/data/npz.ts';
import { runSchema } from '../../src/run/schema.ts';
import { glacis } from './glacis.ts';
import { writeTiny } from './tiny.ts';

const { folder, model, data } = writeTiny(3);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// By hand: 0.5 inside the edge |x| = 1 of the diamond, 0.1 inside it, and mislabelled.
const x = Float32Array.from([0.5, 0, 0.9, 0, 0.1, 0.1]);
const y = BigInt64Array.from([0n, 0n, 1n]);
writeFileSync(data, writeNpz({ x: tensor('float32', [3, 2], x), y: tensor('int64', [3], y) }));

async function certified(...words: string[]): Promise<Run> {
  const { code, stdout } = await glacis(['certify', model, '--data', data, '--json', ...words]);
  expect(code).toBe(0);
  return runSchema.strict().parse(JSON.parse(stdout));
}

describe('glacis certify', () => {
  test('proves what holds at ε, and runs no attack', async () => {
    const run = await certified('--eps', '0.15');
    expect(run.samples.map(({ verdict }) => verdict)).toEqual([
      'certified',
      'unknown',
      'misclassified',
    ]);
    expect(run.accuracy).toMatchObject({ robustUpper: null, noise: null });
    expect(run.samples[0]?.marginLower).toBeGreaterThan(0);
    expect(run.samples[1]?.marginLower).toBeLessThan(0);
  });

  test('says that nothing is proven where that is so, not that nothing was tried', async () => {
    const run = await certified('--eps', '2');
    expect(run.accuracy.certifiedLower).toBe(0);
    expect(run.samples.map(({ lower }) => lower)).toEqual([0, 0, null]);
    const { stdout } = await glacis(['certify', model, '--data', data, '--eps', '2']);
    expect(stdout).toMatch(/for none it is\s+proven/);
  });

  test('finds radii that grow from bound to bound, up to the edge of the diamond', async () => {
    const radii: number[] = [];
    for (const method of ['interval', 'crown', 'alpha-crown']) {
      const run = await certified('--radius', '--method', method);
      expect(run.threat.eps).toBe(0);
      radii.push(run.samples[0]?.lower ?? 0);
    }
    const [loose = 0, middle = 0, tight = 0] = radii;
    expect(loose).toBeGreaterThan(0);
    expect(middle).toBeGreaterThanOrEqual(loose);
    expect(tight).toBeGreaterThanOrEqual(middle);
    // In ℓ∞ the edge |x| + |y| = 1 is (1 − 0.5) / 2 away, but for the noisy weights.
    expect(tight).toBeLessThan(0.26);
    expect(tight).toBeGreaterThan(0.15);
  });

  test('brackets the margin of a small network, between a proof and an input that breaks it', async () => {
    const run = await certified('--radius', '--method', 'exact');
    const [inside, edge, mislabelled] = run.samples;
    for (const sample of [inside, edge]) {
      const [lower, upper] = [sample?.lower ?? 0, sample?.upper ?? Infinity];
      expect(sample?.lowerMethod).toBe('exact');
      expect(upper / lower).toBeGreaterThanOrEqual(1);
      expect(upper / lower).toBeLessThan(1 + 3e-4);
    }
    // The edge |x| + |y| = 1 is (1 − 0.5) / 2 and (1 − 0.9) / 2 away, but for the noisy weights.
    expect(inside?.upper).toBeCloseTo(0.25, 1);
    expect(edge?.upper).toBeCloseTo(0.05, 1);
    expect(mislabelled?.verdict).toBe('misclassified');
  });

  test('finds exact margins in linf and l1 alone', async () => {
    const words = ['certify', model, '--data', data, '--radius', '--method', 'exact'];
    const { code, stderr } = await glacis([...words, '--norm', 'l2']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/linf and l1.*alpha-crown/s);
  });

  test('needs to be told what', async () => {
    const { code, stderr } = await glacis(['certify', model, '--data', data]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/--eps E, or --radius/);
  });
});

describe('glacis bounds', () => {
  const words = ['bounds', model, '--data', data, '--index', '0', '--eps', '0.1', '--json'];

  test('gives the ends of outputs and layers, nested from method to method', async () => {
    const [loose, tight] = await Promise.all(
      ['interval', 'crown'].map(async (method) => {
        const { code, stdout } = await glacis([...words, '--layers', '--method', method]);
        expect(code).toBe(0);
        return JSON.parse(stdout) as {
          outputs: { lower: number[]; upper: number[] };
          layers: { lower: number[] }[];
        };
      }),
    );
    expect(loose?.layers[0]?.lower).toHaveLength(16);
    tight?.outputs.lower.forEach((low, i) => {
      expect(low).toBeGreaterThanOrEqual(loose?.outputs.lower[i] ?? 0);
      expect(tight.outputs.upper[i]).toBeLessThanOrEqual(loose?.outputs.upper[i] ?? 0);
    });
  });

  test('reads the box of a property', async () => {
    const property = join(folder, 'box.vnnlib');
    const text = [
      '(declare-const X_0 Real) (declare-const X_1 Real)',
      '(declare-const Y_0 Real) (declare-const Y_1 Real)',
      '(assert (and (>= X_0 0.4) (<= X_0 0.6) (>= X_1 -0.1) (<= X_1 0.1) (<= Y_0 Y_1)))',
    ].join('\n');
    writeFileSync(property, text);
    const [ball, box] = await Promise.all([
      glacis(words),
      glacis(['bounds', model, property, '--json', '--semantics', 'float32']),
    ]);
    const ends = (text: string): number[] =>
      (JSON.parse(text) as { outputs: { lower: number[] } }).outputs.lower;
    ends(box.stdout).forEach((low, i) => expect(low).toBeCloseTo(ends(ball.stdout)[i] ?? 0, 4));
  });

  test('says what is missing', async () => {
    const { code, stderr } = await glacis(['bounds', model]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/--data PATH .* PROPERTY\.vnnlib/);
  });
});
