/**
 * Files made byte by byte for the tests of the data readers: what real tools write, and what no
 * sane tool would.
 */

import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { encode as encodeJpeg } from 'jpeg-js';
import { PNG } from 'pngjs';
import { afterEach } from 'vitest';
import { UsageError, messageOf } from '../../src/errors.ts';

/** A .npy file with any header text, version and payload. */
export function npy(header: string, payload: Uint8Array, major = 1): Buffer {
  const text = Buffer.from(`${header}\n`, major === 3 ? 'utf8' : 'latin1');
  const length = Buffer.alloc(major === 1 ? 2 : 4);
  if (major === 1) length.writeUInt16LE(text.length);
  else length.writeUInt32LE(text.length);
  return Buffer.concat([
    Buffer.from('\x93NUMPY', 'latin1'),
    Buffer.of(major, 0),
    length,
    text,
    payload,
  ]);
}

/** A .npy header as NumPy writes it. */
export function npyHeader(descr: string, shape: string, fortran = false): string {
  return `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': ${shape}, }`;
}

/** The bytes of a typed array. */
export function bytesOf(data: ArrayBufferView): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

export interface ZipPart {
  name: string;
  data: Uint8Array;
  /** Lies about the unpacked size. */
  size?: number;
  crc?: number;
  method?: number;
  flags?: number;
  /** Sizes and offset in a zip64 field, as NumPy's force_zip64 may leave them. */
  wide?: boolean;
}

/** A zip archive; whatever a part does not say is the truth. */
export function zip(parts: ZipPart[], comment = ''): Buffer {
  const locals: Buffer[] = [];
  const entries: Buffer[] = [];
  let offset = 0;
  for (const part of parts) {
    const method = part.method ?? 8;
    const packed = method === 8 ? deflateRawSync(part.data) : Buffer.from(part.data);
    const size = part.size ?? part.data.length;
    const name = Buffer.from(part.name);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(name.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(part.flags ?? 0, 8);
    entry.writeUInt16LE(method, 10);
    entry.writeUInt32LE(part.crc ?? crc32(part.data), 16);
    entry.writeUInt32LE(part.wide ? 0xffffffff : packed.length, 20);
    entry.writeUInt32LE(part.wide ? 0xffffffff : size, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(part.wide ? 0xffffffff : offset, 42);
    const extra = Buffer.alloc(part.wide ? 28 : 0);
    if (part.wide) {
      extra.writeUInt16LE(1, 0);
      extra.writeUInt16LE(24, 2);
      extra.writeBigUInt64LE(BigInt(size), 4);
      extra.writeBigUInt64LE(BigInt(packed.length), 12);
      extra.writeBigUInt64LE(BigInt(offset), 20);
      entry.writeUInt16LE(28, 30);
    }
    locals.push(local, name, packed);
    entries.push(entry, name, extra);
    offset += 30 + name.length + packed.length;
  }
  const directory = Buffer.concat(entries);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(parts.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...locals, directory, end, Buffer.from(comment)]);
}

/** An IDX file. */
export function idx(code: number, shape: number[], payload: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.set([0, 0, code, shape.length]);
  shape.forEach((dim, i) => header.writeUInt32BE(dim, 4 + 4 * i));
  return Buffer.concat([header, payload]);
}

/** A PNG of `width` × `height`, colour type 0 (grey), 2 (RGB) or 6 (RGBA), pixels interleaved. */
export function png(width: number, height: number, type: 0 | 2 | 6, pixels: number[]): Buffer {
  const image = new PNG({ width, height });
  const channels = { 0: 1, 2: 3, 6: 4 }[type];
  for (let i = 0; i < width * height; i++) {
    const at = i * channels;
    const grey = pixels[at] ?? 0;
    const rgb = type === 0 ? [grey, grey, grey] : pixels.slice(at, at + 3);
    image.data.set([...rgb, type === 6 ? (pixels[at + 3] ?? 0) : 255], 4 * i);
  }
  return PNG.sync.write(image, { colorType: type, inputColorType: 6, inputHasAlpha: true });
}

/** A JPEG of one colour. */
export function jpeg(width: number, height: number, rgb: [number, number, number]): Buffer {
  const data = Buffer.alloc(width * height * 4, Buffer.of(...rgb, 255));
  return encodeJpeg({ width, height, data }, 100).data;
}

const made: string[] = [];

/** A temporary folder with the given files, removed after the test. */
export async function folder(files: Record<string, Uint8Array | string>): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'glacis-data-'));
  made.push(path);
  for (const [name, data] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), data);
  }
  return path;
}

afterEach(async () => {
  for (const path of made.splice(0)) await rm(path, { recursive: true, force: true });
});

/** The message of the UsageError that `action` ends with; fails on success and on other errors. */
export async function usageError(action: () => unknown): Promise<string> {
  try {
    await action();
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw new Error(`expected a UsageError, not ${messageOf(error)}`, { cause: error });
  }
  throw new Error('expected a UsageError, but it succeeded');
}
