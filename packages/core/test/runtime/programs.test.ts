/** The cache knows programs by what they compute: equal graphs are one program, others never. */
import * as ort from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { Builder } from '../../src/graph/builder.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { Programs } from '../../src/runtime/programs.ts';
import { ortRuntime } from '../../src/runtime/runtime.ts';
import { floats } from '../../src/tensor/tensor.ts';

const runtime = ortRuntime(ort, { name: 'onnxruntime-node' });

function scaling(weights: readonly number[]): Graph {
  const b = new Builder();
  const x = b.input('x', [weights.length]);
  return b.graph({ y: b.mul(x, b.constant(floats(weights))) });
}

test('one graph under two names is compiled once', async () => {
  const programs = new Programs(runtime);
  const first = await programs.named('a', () => scaling([1, 2, 3]));
  expect(await programs.named('b', () => scaling([1, 2, 3]))).toBe(first);
  await programs.release();
});

test('weights that differ in two signs, in order or in one last bit are other programs', async () => {
  const programs = new Programs(runtime);
  const weights = [
    [1, 2, 3, 4],
    [-1, -2, 3, 4],
    [-1, 2, -3, 4],
    [1, 2, -3, -4],
    [2, 1, 3, 4],
    [4, 3, 2, 1],
    [1, 2, 3, 4 + 2 ** -21],
    [1, 2, 3 + 2 ** -22, 4],
  ];
  const made = await Promise.all(
    weights.map((each, i) => programs.named(String(i), () => scaling(each))),
  );
  expect(new Set(made).size).toBe(weights.length);
  const x = floats([1, 1, 1, 1]);
  for (const [i, program] of made.entries()) {
    expect(Array.from((await program.run({ x }))['y']?.data ?? [], Number)).toEqual(weights[i]);
  }
  await programs.release();
});

test('what could not be opened once is opened when it is asked for again', async () => {
  let failures = 1;
  const programs = new Programs({
    name: 'late',
    session: (bytes, options) =>
      failures-- > 0 ? Promise.reject(new Error('late')) : runtime.session(bytes, options),
  });
  const asked = (): Promise<unknown> => programs.named('a', () => scaling([1, 2, 3]));
  await expect(asked()).rejects.toThrow('late');
  await expect(asked()).resolves.toBeDefined();
  await programs.release();
});

test('a cache with a program that does not open releases the others', async () => {
  let [opened, released] = [0, 0];
  const programs = new Programs({
    name: 'late',
    session: async (bytes, options) => {
      if (opened++ === 0)
        return new Promise((_, reject) => setTimeout(reject, 20, new Error('late')));
      const session = await runtime.session(bytes, options);
      return { ...session, release: () => (released++, session.release()) };
    },
  });
  const late = programs.named('a', () => scaling([1, 2, 3])).catch(() => 'late');
  await programs.named('b', () => scaling([1, 2, 4]));
  await programs.release();
  expect(await late).toBe('late');
  expect(released).toBe(1);
});
