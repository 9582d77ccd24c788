/** Model files that are packed: what is damaged or a bomb is refused by a sentence that names the file. */
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { openModelFile, readModelBytes } from '../../src/run/model-file.ts';
import { folder, usageError } from '../data/bytes.ts';

test('a packed file is unpacked', async () => {
  const path = await folder({ 'm.onnx.gz': gzipSync(Uint8Array.of(1, 2, 3)) });
  expect(Array.from((await readModelBytes(join(path, 'm.onnx.gz'))).bytes)).toEqual([1, 2, 3]);
});

test('a bomb of 1 GiB in 1 MiB is stopped at what its size allows', async () => {
  // A gzip file may have many members, one after the other.
  const member = gzipSync(new Uint8Array(2 ** 26), { level: 9 });
  const packed = Buffer.concat(Array.from({ length: 16 }, () => member));
  const path = await folder({ 'bomb.onnx.gz': packed });
  const message = await usageError(() => readModelBytes(join(path, 'bomb.onnx.gz')));
  expect(message).toContain('bomb.onnx.gz');
  expect(message).toContain('decompression bomb');
});

test('what is no gzip data, cut short, empty or no model names itself', async () => {
  const path = await folder({
    'plain.onnx.gz': 'hello, world',
    'cut.onnx.gz': gzipSync(Buffer.from('hello, world')).subarray(0, 20),
    'empty.onnx.gz': '',
    'nothing.onnx.gz': gzipSync(''),
    'text.onnx.gz': gzipSync('hello, world'),
  });
  for (const [name, expected] of [
    ['plain.onnx.gz', 'is not gzip data'],
    ['cut.onnx.gz', 'truncated or damaged'],
    ['empty.onnx.gz', 'is empty'],
    ['nothing.onnx.gz', 'not an ONNX file'],
    ['text.onnx.gz', 'not an ONNX file'],
  ] as const) {
    const message = await usageError(() => openModelFile(join(path, name), {}));
    expect(message).toContain(name);
    expect(message).toContain(expected);
  }
});
