/** `--trace`: what attacks saw step by step, held against the run's own document. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Run } from '@glacis/core';
import { afterAll, expect, test } from 'vitest';
import { glacis } from './glacis.ts';
import { writeTiny } from './tiny.ts';

interface Traces {
  readonly schema: string;
  readonly traces: readonly {
    readonly index: number;
    readonly method: string;
    readonly radius: number;
    readonly margins: readonly number[];
  }[];
}

// So many inputs make two blocks, and so two processes.
const { folder, model, data } = writeTiny(40);
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, 'traces.json');
const words = (method: string, ...more: readonly string[]): string[] => {
  const threat = [
    '--data',
    data,
    '--method',
    method,
    ...(more.includes('--eps') ? [] : ['--eps', '0.2']),
  ];
  return ['attack', model, ...threat, '--trace', file, '--json', '--quiet', ...more];
};
const traced = async (...all: Parameters<typeof words>): Promise<[Run, Traces]> => {
  const { stdout } = await glacis(words(...all));
  return [JSON.parse(stdout) as Run, JSON.parse(readFileSync(file, 'utf8')) as Traces];
};

test('a trace begins at the clean margin, has every step, and ends below 0 where the model broke', async () => {
  const [{ samples, methods, threat }, { schema, traces }] = await traced('pgd');
  expect(schema).toBe('glacis/traces/1');
  const attacked = samples.filter(({ verdict }) => verdict !== 'misclassified');
  expect(traces.map(({ index }) => index)).toEqual(attacked.map(({ index }) => index));
  attacked.forEach(({ margin, verdict }, i) => {
    const { method, radius, margins = [] } = traces[i] ?? {};
    expect([method, radius]).toEqual(['pgd', threat.eps]);
    expect(margins[0]).toBeCloseTo(margin ?? NaN, 4);
    expect(margins.some((value) => value <= 0)).toBe(verdict === 'falsified');
  });
  // Besides the steps the original file is asked once about each input.
  const steps = traces.reduce((sum, { margins }) => sum + margins.length, 0);
  expect(methods.find(({ id }) => id === 'pgd')?.forwards).toBe(steps + attacked.length);
});

test('a search by scores alone has every score it saw, of changes that it tried together too', async () => {
  const more = ['--norm', 'l0', '--eps', '1', '--clip', '-2,2'];
  const [{ methods }, { traces }] = await traced('corner-search', ...more);
  const steps = traces.reduce((sum, { margins }) => sum + margins.length, 0);
  const [method] = methods;
  expect(method?.forwards).toBe(steps + (method?.asked ?? 0));
  expect(traces).toHaveLength(method?.asked ?? 0);
});

test('later attacks have traces of what earlier ones left standing, whatever the workers', async () => {
  const [run, one] = await traced('fgsm,square', '--workers', '1');
  const [, two] = await traced('fgsm,square', '--workers', '2');
  expect(two.traces).toEqual(one.traces);
  for (const { id, asked } of run.methods) {
    expect(one.traces.filter(({ method }) => method === id)).toHaveLength(asked);
  }
  expect(one.traces.some(({ method }) => method === 'square')).toBe(true);
});

test.each([
  [['--trace', join('absent', 'traces.json')], /traces\.json cannot be written/],
  [['--trace', model], /tiny.* is a file that Glacis did not write so; nothing is overwritten/],
  [['--trace', folder], /it is a folder; name a file/],
  [['--out', data], /did not write so; nothing is overwritten/],
  [['--out', file, '--trace', file], /both name/],
  [['--method', 'replay', '--examples', data, '--trace', file], /a replay runs none/],
])('%j is refused before anything runs', async (more, message) => {
  rmSync(file, { force: true });
  const { code, stderr } = await glacis(['attack', model, '--data', data, '--eps', '1', ...more]);
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
  expect(existsSync(file)).toBe(false);
});
