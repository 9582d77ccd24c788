/**
 * Compiled graphs. A Program is a Graph made runnable once; the cache keeps programs by what they
 * compute (the hash of their ONNX bytes) within a budget of bytes, least recently used out first.
 */
import type { Graph } from '../graph/graph.ts';
import { writeModel } from '../onnx/write.ts';
import type { Feeds, Runtime, Session, SessionOptions } from './runtime.ts';

export interface Program {
  run(feeds: Feeds, into?: Feeds): Promise<Feeds>;
}

interface Entry {
  readonly session: Promise<Session>;
  readonly bytes: number;
}

const DEFAULT_BUDGET = 512 * 2 ** 20;

export class Programs {
  readonly runtime: Runtime;
  private readonly budget: number;
  private readonly entries = new Map<string, Entry>();
  private readonly names = new Map<string, string>();

  constructor(runtime: Runtime, budget = DEFAULT_BUDGET) {
    this.runtime = runtime;
    this.budget = budget;
  }

  /** The program of a graph; `name` (unique for what `build` makes) avoids building it again. */
  async named(name: string, build: () => Graph, options: SessionOptions = {}): Promise<Program> {
    const known = this.names.get(name);
    const cached = known === undefined ? undefined : this.touch(known);
    if (cached) return cached.session;
    const bytes = writeModel(build());
    const key = contentHash(bytes);
    this.names.set(name, key);
    const same = this.touch(key);
    if (same) return same.session;
    const entry = { session: this.runtime.session(bytes, options), bytes: bytes.length };
    this.entries.set(key, entry);
    // What could not be opened, because time was up, may be asked for again.
    entry.session.catch(() => {
      if (this.entries.get(key) === entry) this.entries.delete(key);
    });
    await this.evict(key);
    return entry.session;
  }

  private touch(key: string): Entry | undefined {
    const entry = this.entries.get(key);
    if (entry) {
      this.entries.delete(key);
      this.entries.set(key, entry);
    }
    return entry;
  }

  private async evict(keep: string): Promise<void> {
    let total = [...this.entries.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    for (const [key, entry] of this.entries) {
      if (total <= this.budget) return;
      if (key === keep) continue;
      this.entries.delete(key);
      total -= entry.bytes;
      await closed(entry);
    }
  }

  async release(): Promise<void> {
    const entries = [...this.entries.values()];
    this.entries.clear();
    for (const entry of entries) await closed(entry);
  }
}

/** Whoever asked for a session that could not be opened was told. */
async function closed({ session }: Entry): Promise<void> {
  const opened = await session.catch(() => null);
  await opened?.release();
}

/**
 * 64 bits of MurmurHash3's mixing over 32-bit words, with the length. The rotations carry every bit
 * into all others: weights that differ in their signs only must not have one hash.
 */
function contentHash(bytes: Uint8Array): string {
  let [a, c] = [0x811c9dc5 | 0, 0x01000193];
  for (const words of wordsOf(bytes)) {
    for (let i = 0; i < words.length; i++) {
      const word = words[i] ?? 0;
      const [x, y] = [Math.imul(word, 0xcc9e2d51), Math.imul(word, 0x239b961b)];
      a ^= Math.imul((x << 15) | (x >>> 17), 0x1b873593);
      a = (Math.imul((a << 13) | (a >>> 19), 5) + 0x6b64e654) | 0;
      c ^= Math.imul((y << 16) | (y >>> 16), 0xab0e9789);
      c = (Math.imul((c << 19) | (c >>> 13), 9) + 0x52dce729) | 0;
    }
  }
  return `${bytes.length}-${a >>> 0}-${c >>> 0}`;
}

/** The bytes four at a time, then those that are left over. */
function wordsOf(bytes: Uint8Array): readonly Int32Array[] {
  const { buffer, byteOffset, length } = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  const count = Math.floor(length / 4);
  return [new Int32Array(buffer, byteOffset, count), Int32Array.from(bytes.subarray(4 * count))];
}
