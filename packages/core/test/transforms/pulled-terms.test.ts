/** Rows that are pulled back are sums over what a value is used for: their rounding counts these. */
import { expect, test } from 'vitest';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import type { Node } from '../../src/graph/graph.ts';
import { affineRegion } from '../../src/transforms/affine.ts';
import { pulledTerms, regionTerms } from '../../src/transforms/region-sizes.ts';

const weights = (b: Builder, rows: number, columns: number): Node =>
  b.floats(
    Array.from({ length: rows * columns }, (_, i) => i),
    [rows, columns],
  );

test('a layer that widens sums few products forwards and many backwards', () => {
  const b = new Builder();
  const x = b.input('x', [BATCH, 3]);
  const output = b.matMul(b.matMul(x, weights(b, 3, 40)), weights(b, 40, 7));
  const region = affineRegion(
    b.nodes,
    output,
    (id) => b.nodes[id]?.op !== 'constant',
    (id) => id === x.id,
  );
  expect(regionTerms(b, region)).toBe(3 + 40);
  expect(pulledTerms(b, region, BATCH)).toBe(7 + 40);
});

test('a value that two branches use has the sum of both rows', () => {
  const b = new Builder();
  const x = b.input('x', [BATCH, 3]);
  const output = b.add(b.matMul(x, weights(b, 3, 5)), b.matMul(x, weights(b, 3, 5)));
  const other = b.add(output, b.matMul(x, b.mul(weights(b, 3, 5), 2)));
  const region = affineRegion(
    b.nodes,
    other,
    (id) => (b.nodes[id]?.shape[0] ?? 0) === BATCH,
    (id) => id === x.id,
  );
  expect(pulledTerms(b, region, BATCH)).toBeGreaterThanOrEqual(5 + 1);
});
