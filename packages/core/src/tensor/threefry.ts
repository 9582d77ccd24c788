/**
 * Threefry-4x32-20 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): a counter-based
 * generator that passes every known test over 2¹²⁸ keys and counters. For statistical guarantees, which need
 * more independent numbers than the hash of random.ts has; the key is (seed, stream, draw).
 */

const PARITY = 0x1bd11bda;
/** Groups of four rounds, each followed by a share of the key. */
const GROUPS = 5;

export type Words = readonly [number, number, number, number];

/** The key and its parity, twice over: group g adds words g + 1 to g + 4. */
function scheduleOf([a, b, c, d]: Words): Int32Array {
  const words = [a, b, c, d, PARITY ^ a ^ b ^ c ^ d];
  return Int32Array.from([...words, ...words]);
}

const rotated = (x: number, by: number): number => (x << by) | (x >>> (32 - by));

/** The block of four 32-bit words at a counter, written to `out`. */
function block(schedule: Int32Array, counter: Words, out: Uint32Array): void {
  let a = (counter[0] + (schedule[0] ?? 0)) | 0;
  let b = (counter[1] + (schedule[1] ?? 0)) | 0;
  let c = (counter[2] + (schedule[2] ?? 0)) | 0;
  let d = (counter[3] + (schedule[3] ?? 0)) | 0;
  for (let group = 1; group <= GROUPS; group++) {
    const isOdd = group % 2 === 1;
    a = (a + b) | 0;
    b = rotated(b, isOdd ? 10 : 6) ^ a;
    c = (c + d) | 0;
    d = rotated(d, isOdd ? 26 : 20) ^ c;
    a = (a + d) | 0;
    d = rotated(d, isOdd ? 11 : 17) ^ a;
    c = (c + b) | 0;
    b = rotated(b, isOdd ? 21 : 11) ^ c;
    a = (a + b) | 0;
    b = rotated(b, isOdd ? 13 : 25) ^ a;
    c = (c + d) | 0;
    d = rotated(d, isOdd ? 27 : 10) ^ c;
    a = (a + d) | 0;
    d = rotated(d, isOdd ? 23 : 18) ^ a;
    c = (c + b) | 0;
    b = rotated(b, isOdd ? 5 : 20) ^ c;
    const at = group % 5;
    a = (a + (schedule[at] ?? 0)) | 0;
    b = (b + (schedule[at + 1] ?? 0)) | 0;
    c = (c + (schedule[at + 2] ?? 0)) | 0;
    d = (d + (schedule[at + 3] ?? 0) + group) | 0;
  }
  out[0] = a;
  out[1] = b;
  out[2] = c;
  out[3] = d;
}

/** Four 32-bit words. */
export function threefry(key: Words, counter: Words): Uint32Array {
  const out = new Uint32Array(4);
  block(scheduleOf(key), counter, out);
  return out;
}

/** Fills `out` with numbers that are uniform in (0, 1], float32: always the same for a key. */
export function fillUniform(
  seed: number,
  stream: number,
  draw: number,
  out: Float32Array,
): Float32Array {
  const schedule = scheduleOf([seed | 0, Math.floor(seed / 2 ** 32) | 0, stream | 0, draw | 0]);
  const words = new Uint32Array(4);
  for (let i = 0; i < out.length; i += 4) {
    block(schedule, [i / 4, 0, 0, 0], words);
    for (let k = 0; k < 4; k++) out[i + k] = ((words[k] ?? 0) + 0.5) * 2 ** -32;
  }
  return out;
}
