/**
 * Queries broken at random, about networks that they may still fit: decided or refused, and never hung.
 *
 * The check is the tests' own (packages/core/test/random-mutant.ts).
 */
import { openSource } from './from-source.ts';
import { soak } from './harness.ts';

interface RandomMutant {
  readonly checkRandomMutant: (seed: number) => Promise<string>;
}

const source = await openSource();

/** A step that threw has no note. */
function report(notes: readonly unknown[]): string {
  const counts = new Map<string, number>();
  for (const note of notes) {
    if (typeof note === 'string') counts.set(note, (counts.get(note) ?? 0) + 1);
  }
  return [...counts].map(([outcome, count]) => `${count} ${outcome}`).join(', ');
}

try {
  const loaded = await source.load('/packages/core/test/random-mutant.ts');
  const { checkRandomMutant: step } = loaded as RandomMutant;
  await soak({ name: 'vnnlib', total: 20_000, step, report });
} finally {
  await source.close();
}
