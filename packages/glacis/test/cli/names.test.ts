/** Names in a file are the file's: what is printed of them moves no cursor, and fits a screen. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type FileSpec, onnxFile } from '../../../core/test/onnx/hand-made.ts';
import { glacis } from './glacis.ts';

const folder = mkdtempSync(join(tmpdir(), 'glacis-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const withOperator = (op: string, size = 'n'): FileSpec => ({
  opset: 17,
  inputs: { x: [size, 4] },
  outputs: ['y'],
  nodes: [{ op, inputs: ['x'], outputs: ['y'] }],
});

async function shown(spec: FileSpec, ...words: string[]): Promise<string> {
  const path = join(folder, 'named.onnx');
  writeFileSync(path, onnxFile(spec));
  const { stdout, stderr } = await glacis(['inspect', path, ...words]);
  return stdout + stderr;
}

test.each([
  ['an operator', withOperator('Foo\u001b[31m')],
  ['a size', withOperator('Relu', 'n\u001b[2J')],
])('the name of %s holds no escape', async (_, spec) => {
  expect(await shown(spec)).not.toContain('\u001b');
});

test('names of a million letters are cut in the middle', async () => {
  const spec = withOperator('N'.repeat(1_000_000));
  for (const words of [[], ['--check'], ['--lipschitz']]) {
    expect((await shown(spec, ...words)).length).toBeLessThan(5000);
  }
});
