/**
 * Random graphs: no sampled point lies below the backward linear bounds of any row.
 *
 * Two in five have weights from 1e-30 to 1e30; one in five is a network of such weights, over sets of every norm
 * and by every method. The check is the tests' own (packages/core/test/random-bound.ts).
 */
import { openSource } from './from-source.ts';
import { soak } from './harness.ts';

interface Below {
  readonly claimed: number;
  readonly kept: number;
  readonly gained: number;
}

interface RandomBound {
  readonly checkRandomBound: (seed: number) => Promise<Below>;
}

const source = await openSource();

/** A step that threw has no note. */
function report(all: readonly unknown[]): string {
  const notes = (all as readonly (Below | undefined)[]).filter((note) => note !== undefined);
  const total = (key: keyof Below): number => notes.reduce((sum, note) => sum + note[key], 0);
  return `${total('claimed')} rows bounded by intervals, ${total('kept')} by lines too, ${total('gained')} of them more tightly`;
}

try {
  const loaded = await source.load('/packages/core/test/random-bound.ts');
  const { checkRandomBound: step } = loaded as RandomBound;
  await soak({ name: 'bounds', total: 2000, step, report });
} finally {
  await source.close();
}
