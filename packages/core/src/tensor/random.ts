/**
 * Random numbers as a counter-based hash: the value at (seed, stream, draw, element) is always the
 * same, whatever the order, batch or worker that asks for it. The mixer is the 32-bit finaliser of
 * MurmurHash3, chained over the counters; good to 24 bits, which is what a float32 holds.
 */

function mix(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

const GOLDEN = 0x9e3779b9;

function combine(hash: number, counter: number): number {
  return mix((Math.imul(hash, 5) + GOLDEN + Math.imul(counter, 0xcc9e2d51)) | 0);
}

/** A block of independent numbers: one `stream` (an input's index), one `draw` of it. */
export class RandomBlock {
  private readonly key: number;

  constructor(seed: number, stream: number, draw: number) {
    const low = seed >>> 0;
    const high = Math.floor(seed / 2 ** 32) >>> 0;
    this.key = combine(combine(combine(mix(low ^ GOLDEN), high), stream), draw);
  }

  /** 32 random bits. */
  bits(element: number): number {
    return mix(combine(this.key, element));
  }

  /** Uniform in [0, 1). */
  uniform(element: number): number {
    return this.bits(element) / 2 ** 32;
  }

  /** −1 or 1. */
  sign(element: number): number {
    return (this.bits(element) & 1) === 0 ? -1 : 1;
  }

  /** Standard normal (Box–Muller on two hashes of the element). */
  normal(element: number): number {
    const radius = Math.sqrt(-2 * Math.log((this.bits(2 * element) + 1) / (2 ** 32 + 1)));
    return radius * Math.cos(2 * Math.PI * this.uniform(2 * element + 1));
  }

  /** Exponential with mean 1. */
  exponential(element: number): number {
    return -Math.log((this.bits(element) + 1) / (2 ** 32 + 1));
  }
}
