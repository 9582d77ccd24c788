/**
 * Decodes one PNG or JPEG file into eight-bit pixels. Width and height are read from the header and
 * checked before the decoder runs, so that a small file cannot ask for gigabytes.
 */

import { inflateSync } from 'node:zlib';
import { decode as decodeJpegPixels } from 'jpeg-js';
import { PNG } from 'pngjs';
import { UsageError, messageOf } from '../errors.ts';

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** 1: grey; 3: red, green, blue. */
  readonly channels: 1 | 3;
  /** [height, width, channels]. */
  readonly pixels: Uint8Array;
  /** Something of the file was left out. */
  readonly loss: 'alpha' | '16 bits' | null;
}

const MAX_PIXELS = 25e6;
const PNG_MAGIC = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Whether a file of this name is taken for a picture. */
export function isPictureName(name: string): boolean {
  return /\.(png|jpe?g)$/i.test(name);
}

/** The pixels of a PNG or JPEG file, told apart by their first bytes. Throws UsageError. */
export function decodePicture(bytes: Uint8Array, where: string): Picture {
  try {
    if (PNG_MAGIC.every((byte, i) => bytes[i] === byte)) return decodePng(bytes, where);
    if (bytes[0] === 0xff && bytes[1] === 0xd8) return decodeJpeg(bytes, where);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${where} cannot be decoded (${messageOf(error)}); it is damaged.`);
  }
  throw new UsageError(`${where} is neither a PNG nor a JPEG file.`);
}

function decodePng(bytes: Uint8Array, where: string): Picture {
  if (bytes.length < 33) throw new UsageError(`${where} is truncated.`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  checkSize(view.getUint32(16), view.getUint32(20), where);
  if (bytes[28] !== 0) checkInterlaced(bytes, view, where);
  const png = PNG.sync.read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const channels = png.color ? 3 : 1;
  const alpha = png.alpha ? 'alpha' : null;
  return {
    width: png.width,
    height: png.height,
    channels,
    pixels: keepChannels(png.data, 4, channels),
    loss: png.depth === 16 ? '16 bits' : alpha,
  };
}

/** The decoder bounds what it inflates except for interlaced images: those are tried first. */
function checkInterlaced(bytes: Uint8Array, view: DataView, where: string): void {
  const parts: Uint8Array[] = [];
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = view.getUint32(at);
    const isData = view.getUint32(at + 4) === 0x49444154;
    if (isData) parts.push(bytes.subarray(at + 8, Math.min(bytes.length, at + 8 + length)));
    at += 12 + length;
  }
  // At most 8 bytes for each pixel and a filter byte for each line of seven passes.
  const most = view.getUint32(16) * view.getUint32(20) * 8 + 2 * view.getUint32(20) + 64;
  try {
    inflateSync(Buffer.concat(parts), { maxOutputLength: most });
  } catch (error) {
    throw new UsageError(`${where} cannot be decoded (${messageOf(error)}); it is damaged.`);
  }
}

function decodeJpeg(bytes: Uint8Array, where: string): Picture {
  const { width, height, components } = jpegFrame(bytes, where);
  checkSize(width, height, where);
  if (components !== 1 && components !== 3) {
    throw new UsageError(`${where} has ${components} colour components; save it as grey or RGB.`);
  }
  const decoded = decodeJpegPixels(bytes, {
    useTArray: true,
    formatAsRGBA: false,
    tolerantDecoding: false,
    maxResolutionInMP: MAX_PIXELS / 1e6,
    maxMemoryUsageInMB: 1024,
  });
  const pixels = keepChannels(decoded.data, 3, components);
  return { width, height, channels: components, pixels, loss: null };
}

/** Size and number of components from the frame header (SOFn) of a JPEG file. */
function jpegFrame(
  bytes: Uint8Array,
  where: string,
): { width: number; height: number; components: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 2;
  while (at + 10 <= bytes.length) {
    if (view.getUint8(at) !== 0xff) break;
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    // C4, C8 and CC lie among the frame markers but are tables.
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) {
      // The decoder fills in what is missing. In the scan, FF is followed by D9 only at the end.
      if (Buffer.from(bytes.subarray(at)).lastIndexOf(Buffer.of(0xff, 0xd9)) < 0) break;
      return {
        height: view.getUint16(at + 5),
        width: view.getUint16(at + 7),
        components: view.getUint8(at + 9),
      };
    }
    at += 2 + view.getUint16(at + 2);
  }
  throw new UsageError(`${where} has no whole JPEG frame; it is truncated or damaged.`);
}

function checkSize(width: number, height: number, where: string): void {
  if (width === 0 || height === 0 || width * height > MAX_PIXELS) {
    throw new UsageError(
      `${where} is ${width} × ${height} pixels; between 1 and ${MAX_PIXELS} in all are read.`,
    );
  }
}

/** The first `kept` of every `stored` interleaved channels. */
function keepChannels(data: Uint8Array, stored: number, kept: number): Uint8Array {
  const pixels = new Uint8Array((data.length / stored) * kept);
  for (let from = 0, to = 0; from < data.length; from += stored) {
    for (let c = 0; c < kept; c++) pixels[to++] = data[from + c] ?? 0;
  }
  return pixels;
}
