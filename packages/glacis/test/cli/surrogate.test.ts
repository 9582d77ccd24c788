/** `--surrogate`: another model's gradients against one that has none, in this process and in workers. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Builder, type Run, writeModel } from '@glacis/core';
import { afterAll, expect, test } from 'vitest';
import { glacis } from './glacis.ts';
import { tinyPoints, writeTiny } from './tiny.ts';

const { folder, model: plain, data } = writeTiny(80);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** |x| + |y| < 1 as the tiny model sees it, behind steps too fine to matter and without a gradient. */
const LEVELS = 2 ** 12;
const hidden = join(folder, 'hidden.onnx');
const other = join(folder, 'other.onnx');
writeFileSync(
  hidden,
  diamond(2, (b, x) => b.mul(b.push('round', [b.mul(x, LEVELS)], {}), 1 / LEVELS)),
);
writeFileSync(
  other,
  diamond(3, (_, x) => x),
);

function diamond(
  features: number,
  before: (b: Builder, x: ReturnType<Builder['input']>) => ReturnType<Builder['input']>,
): Uint8Array {
  const b = new Builder();
  const x = before(b, b.input('x', ['batch', features]));
  const size = b.sum(b.abs(x), [1], true);
  return writeModel(b.graph({ scores: b.concat([b.sub(1, size), b.sub(size, 1)], 1) }));
}

const words = (method: string, ...more: string[]): string[] =>
  `attack ${hidden} --data ${data} --norm linf --eps 0.2 --clip none --json --quiet --method ${method}`
    .split(' ')
    .concat(more);

/** Whether the box of ε around each point meets the other side of the diamond; null too near to say. */
function expected(run: Run, x: Float32Array): (boolean | null)[] {
  return run.samples.map(({ index, label }) => {
    const sizes = [x[2 * index] ?? 0, x[2 * index + 1] ?? 0].map(Math.abs);
    const farthest =
      label === 0 ? (size: number) => size + 0.2 : (size: number) => Math.max(0, size - 0.2);
    const reached = sizes.reduce((sum, size) => sum + farthest(size), -1);
    if (Math.abs(reached) < 0.02) return null;
    return label === 0 ? reached > 0 : reached < 0;
  });
}

test.each(['1', '2'])(
  'with %s workers it breaks what can be broken, and nothing else',
  async (workers) => {
    const { code, stdout, stderr } = await glacis(
      words('transfer', '--surrogate', plain, '--workers', workers),
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const run = JSON.parse(stdout) as Run;
    expect(run.methods.map(({ id }) => id)).toEqual(['transfer']);
    const wanted = expected(run, tinyPoints(80).x);
    run.samples.forEach(({ verdict }, i) => {
      if (verdict === 'misclassified' || wanted[i] === null) return;
      expect(verdict).toBe(wanted[i] ? 'falsified' : 'unknown');
    });
    expect(run.samples.filter(({ verdict }) => verdict === 'falsified').length).toBeGreaterThan(10);
  },
);

test('its own gradient alone breaks nothing of it', async () => {
  const { stdout } = await glacis(words('pgd-margin'));
  const run = JSON.parse(stdout) as Run;
  expect(run.samples.some(({ verdict }) => verdict === 'falsified')).toBe(false);
});

test('the nearest breaks start from what the other model lends', async () => {
  const broken = async (...more: string[]) => {
    const run = JSON.parse((await glacis(words('minimum', ...more))).stdout) as Run;
    expect(run.methods.some(({ id }) => id === 'transfer')).toBe(more.length > 0);
    return run.samples.filter(({ verdict }) => verdict === 'falsified').length;
  };
  expect(await broken('--surrogate', plain)).toBeGreaterThan(10);
  await broken();
});

test.each([
  [['pgd', '--surrogate', plain], '--surrogate is used by audit and by --method standard'],
  [['fast', '--surrogate', plain], 'minimum and transfer alone; add transfer to --method fast'],
  [['replay', '--surrogate', plain], 'a replay runs none'],
  [['transfer'], '--method transfer needs --surrogate FILE'],
  [['transfer', '--surrogate', other], 'it takes inputs of shape 3, the model 2.'],
  [['standard', '--surrogate', join(folder, 'none.onnx')], 'none.onnx'],
])('%j is refused before anything runs', async ([method = '', ...more], sentence) => {
  const { code, stdout, stderr } = await glacis(words(method, ...more));
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(sentence);
});
