/**
 * Random queries about small convolutional and dense networks of many inputs, which are cut inside (β-CROWN):
 * verdicts are those of mixed-integer programs.
 *
 * The check is the tests' own (packages/core/test/random-verdict.ts).
 */
import { openSource } from './from-source.ts';
import { soak } from './harness.ts';

interface Note {
  readonly outcome: string;
  readonly method: string | null;
  readonly branches: number;
  readonly networks: number;
  readonly isTie: boolean;
}

interface RandomVerdict {
  readonly checkInsideVerdict: (seed: number) => Promise<Note>;
}

const source = await openSource();

/** A step that threw has no note. */
function report(all: readonly unknown[]): string {
  const notes = (all as readonly (Note | undefined)[]).filter((note) => note !== undefined);
  const count = (holds: (note: Note) => boolean): number => notes.filter(holds).length;
  const most = notes.reduce((boxes, { branches }) => Math.max(boxes, branches), 0);
  return [
    `${count(({ outcome }) => outcome === 'sat')} sat`,
    `${count(({ outcome }) => outcome === 'unsat')} unsat`,
    `${count(({ isTie }) => isTie)} ties`,
    `${count(({ method }) => method === 'activation-splitting')} by branches inside`,
    `at most ${most} domains`,
  ].join(', ');
}

try {
  const loaded = await source.load('/packages/core/test/random-verdict.ts');
  const { checkInsideVerdict: step } = loaded as RandomVerdict;
  await soak({ name: 'beta', total: 500, step, report });
} finally {
  await source.close();
}
