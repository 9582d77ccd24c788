// FEATURES.md says what the op table says.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { featuresDocument, opSupport } from '../src/onnx/support.ts';

test('FEATURES.md is what the op table says (npm run features writes it)', () => {
  const path = fileURLToPath(new URL('../../../FEATURES.md', import.meta.url));
  expect(readFileSync(path, 'utf8')).toBe(featuresDocument());
});

test('every op has a gradient and an interval rule, or a lowering into ops that have', () => {
  const missing = opSupport().filter(
    ({ kind, gradient, interval }) =>
      kind !== 'source' && (interval === 'none' || gradient === 'none'),
  );
  expect(missing).toEqual([]);
});
