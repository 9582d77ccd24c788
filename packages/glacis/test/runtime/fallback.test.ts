/** Without the native module the WebAssembly build takes over, says so, and finds the same. */
import { audit, linf, readModel, tensor } from '@glacis/core';
import { expect, test } from 'vitest';
import { loaders } from '../../src/runtime/load.ts';
import { nodeRuntime, openRuntime } from '../../src/runtime/node.ts';
import { tinyModel, tinyPoints } from '../cli/tiny.ts';

const broken = {
  ...loaders,
  native: () => Promise.reject(new Error('cannot open shared object file')),
};

test('a native module that cannot be loaded is replaced, and every verdict stays', async () => {
  const model = readModel(tinyModel());
  const { x, y } = tinyPoints(12);
  const data = { x: tensor('float32', [12, 2], x), y: Array.from(y, Number) };
  const threat = linf({ eps: 0.2 });
  const notes: string[] = [];
  const fallback = nodeRuntime({ loaders: broken, onNote: (note) => notes.push(note) });
  const found = await audit({ model, data, threat, runtime: fallback });
  const native = await audit({ model, data, threat, runtime: nodeRuntime() });
  expect(notes).toHaveLength(1);
  expect(notes[0]).toContain('cannot open shared object file');
  expect(fallback.name).toContain('wasm');
  const verdicts = (part: typeof found): string[] => part.samples.map(({ verdict }) => verdict);
  expect(verdicts(found)).toEqual(verdicts(native));
  native.samples.forEach(({ upper, lower }, i) => {
    const other = found.samples[i];
    if (upper !== null) expect((other?.upper ?? 0) / upper).toBeCloseTo(1, 3);
    if (lower !== null && lower > 0) expect((other?.lower ?? 0) / lower).toBeCloseTo(1, 3);
  });
});

test('a device that is not there is one sentence', async () => {
  await expect(openRuntime({ device: 'cuda', loaders: broken })).rejects.toThrow(
    /The device cuda cannot be used here .* leave out --device/,
  );
});
