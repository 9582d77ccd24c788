/** Rows are run in batches whose values stay in cache, and come out joined in their order. */
import { expect, test } from 'vitest';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import { runRows } from '../../src/runtime/rows.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

/** How many rows each run has had, through a network whose largest value has so many elements. */
async function runsThrough(width: number, batched: boolean, count: number) {
  const b = new Builder();
  const graph = b.graph({ y: b.relu(b.input('x', [BATCH, width])) });
  const runs: number[] = [];
  const program = {
    run: ({ x }: Readonly<Record<string, Tensor>>) => {
      const rows = x?.shape[0] ?? 0;
      runs.push(rows);
      return Promise.resolve({ y: { type: 'float32', shape: [rows], data: x?.data } as Tensor });
    },
  };
  const data = Float32Array.from({ length: count }, (_, row) => row);
  const { y } = await runRows(
    { model: { batched, graph } },
    program,
    { x: { data, shape: [] } },
    count,
  );
  expect(y).toEqual(data);
  return runs;
}

test('small rows are run in hundreds', async () => {
  expect(await runsThrough(100, true, 300)).toEqual([128, 128, 44]);
});

test('large rows are run a few at a time, and the largest four', async () => {
  expect(await runsThrough(2 ** 15, true, 40)).toEqual([16, 16, 8]);
  expect(await runsThrough(2 ** 22, true, 5)).toEqual([4, 1]);
});

test('a network of one sample gets one', async () => {
  expect(await runsThrough(100, false, 3)).toEqual([1, 1, 1]);
});
