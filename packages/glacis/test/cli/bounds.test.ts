/** Bounds through the command line where nothing is known. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BATCH, Builder, tensor, writeModel } from '@glacis/core';
import { afterAll, expect, test } from 'vitest';
import { writeNpz } from '../../src/data/npz.ts';
import type { BoundsDocument } from '../../src/commands/bounds.ts';
import { glacis } from './glacis.ts';

const folder = mkdtempSync(join(tmpdir(), 'glacis-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('every output has an entry, null where a value inside is not finite', async () => {
  const b = new Builder();
  const x = b.input('x', [BATCH, 3]);
  const model = join(folder, 'roots.onnx');
  const roots = b.push('sqrt', [b.add(x, 1)], {});
  const logs = b.push('log', [b.sub(roots, 3)], {});
  writeFileSync(model, writeModel(b.graph({ y: b.push('exp', [logs], {}) })));
  const data = join(folder, 'x.npz');
  writeFileSync(data, writeNpz({ x: tensor('float32', [1, 3], Float32Array.of(1, 1, 1)) }));
  const words = ['bounds', model, '--data', data, '--index', '0', '--eps', '0.1', '--json'];
  const { code, stdout, stderr } = await glacis(words);
  expect(code).toBe(3);
  expect(stderr).toContain('the outputs are unknown');
  const { outputs, unknown } = JSON.parse(stdout) as BoundsDocument;
  expect(outputs).toEqual({ lower: [null, null, null], upper: [null, null, null] });
  expect(unknown).toBe('A value inside is not finite, first at Log Log_5');
  const quiet = await glacis([...words.slice(0, -1), '--quiet']);
  expect(quiet).toMatchObject({ code: 3, stderr: '' });
  expect(quiet.stdout).toMatch(/0 +unknown +unknown[^]*the outputs are unknown/);
});
