// Certificates of other kinds, as a user asks for them: from Lipschitz constants, and of a smoothed classifier.
import { rmSync } from 'node:fs';
import type { Run } from '@glacis/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SmoothedRun } from '../../src/commands/smooth.ts';
import type { Inspection } from '../../src/inspect/inspection.ts';
import { glacis } from './glacis.ts';
import { type Tiny, writeTiny } from './tiny.ts';

let tiny: Tiny;
beforeAll(() => {
  tiny = writeTiny(30);
});
afterAll(() => rmSync(tiny.folder, { recursive: true }));

const certify = (...words: string[]): ReturnType<typeof glacis> =>
  glacis(['certify', tiny.model, '--data', tiny.data, '--quiet', ...words]);

describe('certify --method smoothing', () => {
  const flags = [
    '--method',
    'smoothing',
    '--sigma',
    '0.1',
    '--n0',
    '20',
    '--n',
    '400',
    '--eps',
    '0.05',
  ];

  test('--json says what it is about, and how sure it is', async () => {
    const { code, stdout } = await certify(...flags, '--json');
    expect(code).toBe(0);
    const run = JSON.parse(stdout) as SmoothedRun;
    expect(run).toMatchObject({ about: 'smoothed classifier', schema: 'glacis/run/1' });
    expect(run.threat.norm).toBe('l2');
    const { failureProbability, samples, abstained } = run.smoothing;
    expect(failureProbability).toBeCloseTo(30 * 0.001, 12);
    expect(samples.filter(({ prediction }) => prediction === null)).toHaveLength(abstained);
    for (const [i, { lower, label, verdict }] of run.samples.entries()) {
      const own = samples[i];
      const isRight = own?.prediction === label;
      expect(lower).toBe(isRight ? own.radius : null);
      expect(verdict === 'certified').toBe(isRight && own.radius > 0.05);
    }
    expect(run.verdicts.certified).toBeGreaterThan(5);
  });

  test('the same seed gives the same, and the text says that it is about another classifier', async () => {
    const [one, two] = [await certify(...flags, '--json'), await certify(...flags, '--json')];
    const samplesOf = ({ stdout }: { stdout: string }): unknown =>
      (JSON.parse(stdout) as SmoothedRun).smoothing.samples;
    expect(samplesOf(two)).toEqual(samplesOf(one));
    const { stdout } = await certify(...flags);
    expect(stdout).toMatch(/smoothed classifier, not about the model/);
  });

  test.each([
    [['--norm', 'linf'], /ℓ2/],
    [['--sigma', '0'], /--sigma/],
    [['--alpha', '0.9'], /--alpha/],
    [['--freeze', '0'], /--freeze/],
  ])('%j is a mistake', async (words, message) => {
    const { code, stderr } = await certify(...flags, ...words);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});

test('--sigma without smoothing is a mistake', async () => {
  const { code, stderr } = await certify('--eps', '0.1', '--sigma', '1');
  expect(code).toBe(2);
  expect(stderr).toContain('--sigma goes with --method smoothing');
});

test('certify --method lipschitz finds radii of its own', async () => {
  const { code, stdout } = await certify(
    '--method',
    'lipschitz',
    '--radius',
    '--norm',
    'l2',
    '--json',
  );
  expect(code).toBe(0);
  const { samples } = JSON.parse(stdout) as Run;
  const right = samples.filter(({ label, prediction }) => label === prediction);
  for (const { lower, lowerMethod } of right) {
    if (lower === 0) continue;
    expect(lowerMethod).toBe('lipschitz');
  }
  expect(right.filter(({ lower }) => (lower ?? 0) > 0.01).length).toBeGreaterThan(10);
});

test('inspect --lipschitz prints the constants of the scores and of the layers', async () => {
  const { code, stdout } = await glacis([
    'inspect',
    tiny.model,
    '--lipschitz',
    '--json',
    '--quiet',
  ]);
  expect(code).toBe(0);
  const { lipschitz } = JSON.parse(stdout) as Inspection;
  // Sixteen ReLUs of ±x or ±y, each weighed with 1/4 and −1/4.
  expect(lipschitz?.linf).toBeGreaterThanOrEqual(4);
  expect(lipschitz?.linf).toBeLessThan(4.4);
  expect(lipschitz?.layers.map(({ op }) => op)).toEqual(['matMul', 'relu', 'matMul', 'add']);
});

test('inspect --lipschitz over a ball prints constants of the margins between any two norms', async () => {
  const ball = ['--data', tiny.data, '--index', '3', '--norm', 'l2', '--eps', '0.01'];
  const asked = ['inspect', tiny.model, '--lipschitz', ...ball, '--quiet'];
  const { code, stdout } = await glacis([...asked, '--json']);
  expect(code).toBe(0);
  const { lipschitz } = JSON.parse(stdout) as Inspection;
  const local = lipschitz?.local;
  expect(local).toMatchObject({ index: 3, norm: 'l2', eps: 0.01 });
  const [margin] = local?.margins ?? [];
  // Of one margin, measured in whichever norm; over a part of the inputs no more than twice that of each score over all.
  expect(margin?.linf).toBeGreaterThan(0);
  expect(margin?.linf).toBeLessThanOrEqual(2 * (lipschitz?.linf ?? 0));
  expect(local?.all?.linf.linf).toBeCloseTo(margin?.linf ?? 0, 5);
  expect(local?.all?.l2.l1).toBeCloseTo(margin?.l2 ?? 0, 5);
  const text = await glacis(asked);
  expect(text.code).toBe(0);
  expect(text.stdout).toContain('ball of radius 0.01 around input 3: margins of class');
});

test('what describes a ball is refused where nothing is asked about one', async () => {
  const refused = async (...flags: readonly string[]): Promise<string> => {
    const { code, stderr } = await glacis(['inspect', tiny.model, ...flags]);
    expect(code).toBe(2);
    return stderr;
  };
  expect(await refused('--data', tiny.data, '--eps', '0.1')).toContain('--lipschitz');
  expect(await refused('--lipschitz', '--eps', '0.1')).toContain('--data');
  expect(await refused('--lipschitz', '--data', tiny.data)).toContain('--eps');
});
