/**
 * The process in which `npm run soak -- onnx` breaks files: what hangs or fills the memory is ended from
 * outside. Told a seed, it says what it has begun, with its own clock and memory.
 *
 * Mutations and checks are the tests' own (packages/core/test/onnx/fuzz). Tests are not compiled, so
 * they are loaded from source through Vite.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { openSource } from './from-source.ts';

export type Phase = 'reading' | 'running' | 'done';

export interface Told {
  readonly phase: Phase | 'ready' | 'failed';
  readonly note?: unknown;
  readonly error?: string;
  /** Processor seconds since the last message. */
  readonly seconds: number;
  /** The most memory the process has had so far, in MiB. */
  readonly peak: number;
}

interface Subject {
  readonly name: string;
  readonly bytes: Uint8Array;
}

interface FuzzCase {
  readonly mutantFor: (files: readonly Subject[], seed: number) => Mutant;
  readonly checkMutant: (
    mutant: Mutant,
    seed: number,
    progress: { readonly begun: (phase: Phase, note: unknown) => void },
  ) => Promise<void>;
}

interface Mutant {
  readonly of: string;
  readonly how: readonly string[];
}

/** Files of real exporters, where there are any, and of the examples. */
const files = ['fixtures/models', 'examples']
  .filter((folder) => existsSync(folder))
  .flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) =>
      path.join(folder, name),
    ),
  )
  .filter((name) => name.endsWith('.onnx'))
  .sort()
  .map((name): Subject => ({ name, bytes: new Uint8Array(readFileSync(name)) }));

let before = process.cpuUsage();

function tell(told: Pick<Told, 'phase' | 'note' | 'error'>): void {
  const { user, system } = process.cpuUsage(before);
  before = process.cpuUsage();
  const peak = process.resourceUsage().maxRSS / 1024;
  process.send?.({ ...told, seconds: (user + system) / 1e6, peak } satisfies Told);
}

async function check({ mutantFor, checkMutant }: FuzzCase, seed: number): Promise<void> {
  let what = 'no mutant';
  try {
    const mutant = mutantFor(files, seed);
    what = `${mutant.of} (${mutant.how.join(', ')})`;
    await checkMutant(mutant, seed, { begun: (phase, note) => tell({ phase, note }) });
  } catch (error) {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    tell({ phase: 'failed', error: `${what}: ${message}` });
  }
}

const source = await openSource();
const loaded = await source.load('/packages/core/test/onnx/fuzz/case.ts');
process.on('message', (seed: number) => void check(loaded as FuzzCase, seed));
process.on('disconnect', () => process.exit());
tell({ phase: 'ready' });
