/**
 * What soaks of random queries share: the note of one verdict, the sentence on all of them, and the run, whose
 * check is the tests' own (packages/core/test/random-verdict.ts).
 */
import { openSource } from './from-source.ts';
import { soak } from './harness.ts';

export interface VerdictNote {
  readonly outcome: string;
  readonly method: string | null;
  readonly branches: number;
  readonly networks: number;
  readonly isTie: boolean;
}

export interface VerdictSoak {
  readonly name: string;
  readonly total: number;
  /** Which exports check cases, in turn. */
  readonly checks: readonly ('checkRandomVerdict' | 'checkPortedVerdict' | 'checkInsideVerdict')[];
  /** Notes that are counted besides outcomes and ties. */
  readonly also: { readonly holds: (note: VerdictNote) => boolean; readonly text: string };
  /** What branches are of. */
  readonly branch: string;
}

type RandomVerdict = Record<VerdictSoak['checks'][number], (seed: number) => Promise<VerdictNote>>;

export async function soakVerdicts({
  name,
  total,
  checks,
  also,
  branch,
}: VerdictSoak): Promise<void> {
  /** A step that threw has no note. */
  const report = (all: readonly unknown[]): string => {
    const notes = (all as readonly (VerdictNote | undefined)[]).filter(
      (note) => note !== undefined,
    );
    const count = (holds: VerdictSoak['also']['holds']): number => notes.filter(holds).length;
    const most = notes.reduce((boxes, { branches }) => Math.max(boxes, branches), 0);
    return [
      `${count(({ outcome }) => outcome === 'sat')} sat`,
      `${count(({ outcome }) => outcome === 'unsat')} unsat`,
      `${count(({ isTie }) => isTie)} ties`,
      `${count(also.holds)} ${also.text}`,
      `at most ${most} ${branch}`,
    ].join(', ');
  };
  const source = await openSource();
  try {
    const loaded = await source.load('/packages/core/test/random-verdict.ts');
    const of = loaded as RandomVerdict;
    const step = (seed: number, index: number): Promise<VerdictNote> => {
      const check = checks[index % checks.length];
      if (!check) throw new RangeError('nothing is checked');
      return of[check](seed);
    };
    await soak({ name, total, step, report });
  } finally {
    await source.close();
  }
}
