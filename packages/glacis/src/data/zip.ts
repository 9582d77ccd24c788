/**
 * Reads zip archives (PKWARE APPNOTE 6.3, with the zip64 records that NumPy writes): the central
 * directory, then single members on demand. Stored and deflated members only; sizes are checked
 * before anything is unpacked, and the CRC-32 after.
 */

import { crc32 } from 'node:zlib';
import { UsageError } from '../errors.ts';
import { UNPACK_LIMITS, inflateBeginning, inflateExactly, mostUnpacked } from './unpack.ts';
import type { UnpackLimits } from './unpack.ts';

export interface ZipMember {
  readonly name: string;
  /** Bytes in the archive. */
  readonly packed: number;
  /** Bytes once unpacked, as declared. */
  readonly size: number;
  readonly crc: number;
  readonly method: number;
  readonly encrypted: boolean;
  /** Where its local header starts. */
  readonly offset: number;
}

const END = 0x06054b50;
const END_BYTES = 22;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const LOCATOR64_BYTES = 20;
const ENTRY = 0x02014b50;
const ENTRY_BYTES = 46;
const LOCAL = 0x04034b50;
const LOCAL_BYTES = 30;

export function isZip(bytes: Uint8Array): boolean {
  const end = bytes[2] === 5 && bytes[3] === 6;
  return bytes[0] === 0x50 && bytes[1] === 0x4b && ((bytes[2] === 3 && bytes[3] === 4) || end);
}

/** The members of the archive in the order of its directory. Throws UsageError when it is damaged. */
export function listZip(bytes: Uint8Array, where: string): ZipMember[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const damaged = (what: string): UsageError =>
    new UsageError(`${where} is not a whole zip archive (${what}); it is truncated or damaged.`);
  const { count, start, end } = directory(view, damaged);
  const members: ZipMember[] = [];
  let at = start;
  for (let i = 0; i < count; i++) {
    if (at + ENTRY_BYTES > end || view.getUint32(at, true) !== ENTRY) {
      throw damaged(`entry ${i} of its directory is missing`);
    }
    const nameBytes = view.getUint16(at + 28, true);
    const extraBytes = view.getUint16(at + 30, true);
    const next = at + ENTRY_BYTES + nameBytes + extraBytes + view.getUint16(at + 32, true);
    if (next > end) throw damaged(`entry ${i} of its directory is cut off`);
    const name = bytes.subarray(at + ENTRY_BYTES, at + ENTRY_BYTES + nameBytes);
    const extra = at + ENTRY_BYTES + nameBytes;
    const sizes = wideSizes(view, at, extra, extra + extraBytes);
    if (sizes === null) throw damaged(`entry ${i} of its directory lacks its zip64 sizes`);
    members.push({
      name: Buffer.from(name).toString('utf8'),
      ...sizes,
      crc: view.getUint32(at + 16, true),
      method: view.getUint16(at + 10, true),
      encrypted: (view.getUint16(at + 8, true) & 1) !== 0,
    });
    at = next;
  }
  return members;
}

/** The unpacked bytes of one member. Throws UsageError when it is damaged or a bomb. */
export function extractMember(
  bytes: Uint8Array,
  member: ZipMember,
  where: string,
  limits: UnpackLimits = UNPACK_LIMITS,
): Uint8Array {
  const what = `${member.name} in ${where}`;
  expectUnpackable(member, what, limits);
  const packed = packedBytes(bytes, member, what);
  const data = member.method === 0 ? packed : inflateExactly(packed, member.size, what);
  if (crc32(data) !== member.crc) {
    throw new UsageError(`${what} does not match its checksum; the file is damaged.`);
  }
  return data;
}

/** The first bytes of one member once unpacked, at least `wanted` of them where it has so many. */
export function beginningOf(
  bytes: Uint8Array,
  member: ZipMember,
  where: string,
  wanted: number,
  limits: UnpackLimits = UNPACK_LIMITS,
): Uint8Array {
  const what = `${member.name} in ${where}`;
  expectUnpackable(member, what, limits);
  const packed = packedBytes(bytes, member, what);
  return member.method === 0 ? packed.subarray(0, wanted) : inflateBeginning(packed, wanted);
}

/** Throws UsageError for what cannot be unpacked, or would be too much. */
function expectUnpackable(member: ZipMember, what: string, limits: UnpackLimits): void {
  if (member.encrypted) throw new UsageError(`${what} is encrypted; save it without a password.`);
  if (member.method !== 0 && member.method !== 8) {
    throw new UsageError(
      `${what} is packed with zip method ${member.method}; save it stored or deflated, as numpy.savez does.`,
    );
  }
  if (member.size > mostUnpacked(member.packed, limits)) {
    throw new UsageError(
      `${what} declares ${member.size} bytes unpacked from ${member.packed}, which is refused as a decompression bomb: unpack it yourself if you trust it.`,
    );
  }
}

/** Where a member lies in the archive. Throws UsageError. */
function packedBytes(bytes: Uint8Array, member: ZipMember, what: string): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { offset } = member;
  if (offset + LOCAL_BYTES > bytes.length || view.getUint32(offset, true) !== LOCAL) {
    throw new UsageError(`${what} is not where the archive says; the file is damaged.`);
  }
  const names = view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
  const start = offset + LOCAL_BYTES + names;
  if (start + member.packed > bytes.length) {
    throw new UsageError(`${what} reaches beyond the end of the archive; the file is truncated.`);
  }
  if (member.method === 0 && member.size !== member.packed) {
    throw new UsageError(`${what} is stored but declares two sizes; the file is damaged.`);
  }
  return bytes.subarray(start, start + member.packed);
}

/** Where the central directory lies. */
function directory(
  view: DataView,
  damaged: (what: string) => UsageError,
): { count: number; start: number; end: number } {
  const length = view.byteLength;
  let at = length - END_BYTES;
  // A comment of up to 65,535 bytes may follow the end record, and must fill the file exactly.
  const lowest = Math.max(0, at - 0xffff);
  while (at >= lowest && !isEnd(view, at)) at--;
  if (at < lowest) throw damaged('the record that ends it is missing');
  let count = view.getUint16(at + 10, true);
  let size = view.getUint32(at + 12, true);
  let start = view.getUint32(at + 16, true);
  let end = at;
  if (count === 0xffff || size === 0xffffffff || start === 0xffffffff) {
    const locator = at - LOCATOR64_BYTES;
    if (locator < 0 || view.getUint32(locator, true) !== LOCATOR64) {
      throw damaged('its zip64 locator is missing');
    }
    end = wide(view, locator + 8);
    if (end + 56 > locator || view.getUint32(end, true) !== END64) {
      throw damaged('its zip64 record is missing');
    }
    count = wide(view, end + 32);
    size = wide(view, end + 40);
    start = wide(view, end + 48);
  }
  if (start + size !== end) throw damaged('its directory is not where it should be');
  return { count, start, end };
}

function isEnd(view: DataView, at: number): boolean {
  return (
    view.getUint32(at, true) === END &&
    at + END_BYTES + view.getUint16(at + 20, true) === view.byteLength
  );
}

/** Sizes and offset of an entry; 0xffffffff sends the reader to the zip64 field, in this order. */
function wideSizes(
  view: DataView,
  entry: number,
  extraStart: number,
  extraEnd: number,
): { size: number; packed: number; offset: number } | null {
  let field = extraStart;
  while (field + 4 <= extraEnd && view.getUint16(field, true) !== 1) {
    field += 4 + view.getUint16(field + 2, true);
  }
  const found = field + 4 <= extraEnd;
  const fieldEnd = found ? Math.min(extraEnd, field + 4 + view.getUint16(field + 2, true)) : 0;
  let at = field + 4;
  const read = (offset: number): number => {
    const narrow = view.getUint32(entry + offset, true);
    if (narrow !== 0xffffffff) return narrow;
    if (!found || at + 8 > fieldEnd) return NaN;
    at += 8;
    return wide(view, at - 8);
  };
  const sizes = { size: read(24), packed: read(20), offset: read(42) };
  return Object.values(sizes).some(Number.isNaN) ? null : sizes;
}

/** A 64-bit count; beyond 2⁵³ it is inexact, and refused later as larger than the file. */
function wide(view: DataView, at: number): number {
  return Number(view.getBigUint64(at, true));
}
