/** Mutations of bytes that know nothing of ONNX, and of protobuf no more than where a field ends. */
import type { Draw } from '../../generators/draw.ts';

type Bytes = Uint8Array;

const joined = (...parts: readonly Bytes[]): Bytes => new Uint8Array(Buffer.concat(parts));

interface Field {
  readonly start: number;
  readonly end: number;
  /** Where a field of bytes has its contents. */
  readonly body?: number;
}

/** The varint at a position and where it ends; undefined where there is none. */
function varint(bytes: Bytes, start: number): { value: number; end: number } | undefined {
  let [value, scale] = [0, 1];
  for (let at = start; at < bytes.length && at < start + 10; at++) {
    const byte = bytes[at] ?? 0;
    value += (byte & 127) * scale;
    scale *= 128;
    if (byte < 128) return { value, end: at + 1 };
  }
  return undefined;
}

/** The fields of a message; undefined where the bytes are none. */
function fieldsOf(bytes: Bytes): Field[] | undefined {
  const fields: Field[] = [];
  let start = 0;
  while (start < bytes.length) {
    const key = varint(bytes, start);
    if (!key) return undefined;
    const kind = key.value % 8;
    const value = kind === 0 || kind === 2 ? varint(bytes, key.end) : undefined;
    if ((kind === 0 || kind === 2) && !value) return undefined;
    const fixed: Readonly<Record<number, number>> = { 1: key.end + 8, 5: key.end + 4 };
    const end = kind === 2 ? (value?.end ?? 0) + (value?.value ?? 0) : (value?.end ?? fixed[kind]);
    if (end === undefined || end > bytes.length) return undefined;
    fields.push({ start, end, ...(kind === 2 && value ? { body: value.end } : {}) });
    start = end;
  }
  return fields;
}

function lengthBytes(length: number): Bytes {
  const bytes: number[] = [];
  let rest = length;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Uint8Array.from([...bytes, rest]);
}

/** Drops, doubles or moves a field of a message somewhere inside. */
function changedField(draw: Draw, bytes: Bytes, depth = 0): Bytes {
  const fields = fieldsOf(bytes);
  if (!fields || fields.length === 0) return bytes;
  const field = draw.pick(fields);
  const [before, own, after] = [
    bytes.subarray(0, field.start),
    bytes.subarray(field.start, field.end),
    bytes.subarray(field.end),
  ];
  if (field.body !== undefined && depth < 6 && draw.chance(0.8)) {
    const inner = bytes.subarray(field.body, field.end);
    if (inner.length > 0 && fieldsOf(inner)) {
      const key = varint(bytes, field.start);
      const changed = changedField(draw, inner, depth + 1);
      const head = bytes.subarray(field.start, key?.end ?? field.start);
      return joined(before, head, lengthBytes(changed.length), changed, after);
    }
  }
  const kind = draw.integer(0, 2);
  if (kind === 0) return joined(before, after);
  return kind === 1 ? joined(before, own, own, after) : joined(own, before, after);
}

function flipped(draw: Draw, bytes: Bytes): Bytes {
  const changed = bytes.slice();
  const count = draw.integer(1, 8);
  for (let i = 0; i < count; i++) {
    const at = draw.integer(0, changed.length - 1);
    const bit = 1 << draw.integer(0, 7);
    changed[at] = draw.chance(0.5) ? draw.integer(0, 255) : (changed[at] ?? 0) ^ bit;
  }
  return changed;
}

function cut(draw: Draw, bytes: Bytes): Bytes {
  return bytes.slice(0, draw.integer(0, bytes.length - 1));
}

/** A part of the bytes left out, doubled, overwritten or filled with the longest numbers. */
function spliced(draw: Draw, bytes: Bytes): Bytes {
  const start = draw.integer(0, bytes.length - 1);
  const end = Math.min(bytes.length, start + draw.integer(1, 40));
  const [before, own, after] = [
    bytes.subarray(0, start),
    bytes.subarray(start, end),
    bytes.subarray(end),
  ];
  const fill = Uint8Array.from({ length: end - start }, () => draw.pick([0, 255, 127, 128]));
  return draw.pick([
    joined(before, after),
    joined(before, own, own, after),
    joined(before, fill, after),
    joined(before, fill, own, after),
  ]);
}

const mutations = { changedField, flipped, cut, spliced };

/** Bytes changed somehow, and how. */
export function blindly(draw: Draw, bytes: Bytes): { bytes: Bytes; how: string } {
  const names = ['changedField', 'changedField', 'flipped', 'flipped', 'cut', 'spliced'] as const;
  const how = draw.pick(names);
  return bytes.length === 0 ? { bytes, how } : { bytes: mutations[how](draw, bytes), how };
}
