/** One case of the soak: a mutant from its seed, read, and held to what ONNX Runtime makes of it. */
import { type Agreement, checkAgreement } from './agreement.ts';
import { checkReading, isSmall } from './check.ts';
import { handMade, type Subject } from './corpus.ts';
import { type Mutant, mutantOf } from './mutate.ts';

export interface CaseNote {
  readonly of: string;
  readonly how: string;
  readonly read: boolean;
  readonly without: string;
  readonly runtime: Agreement | 'not asked';
}

/** What a case goes through; told before each, so that a hang or a crash can be placed. */
export type Phase = 'reading' | 'running' | 'done';

export interface Progress {
  readonly begun: (phase: Phase, note: CaseNote | null) => void;
}

export function mutantFor(files: readonly Subject[], seed: number): Mutant {
  // Files written by real exporters, where there are any, as often as those made by hand.
  const some = files.length > 0 && seed % 2 === 0 ? files : handMade;
  return mutantOf(some, seed);
}

export async function checkMutant(
  mutant: Mutant,
  seed: number,
  { begun }: Progress,
): Promise<void> {
  begun('reading', null);
  const { model, without } = checkReading(mutant.bytes);
  const note: CaseNote = {
    of: mutant.of,
    how: mutant.how.join(' '),
    read: model !== null,
    without: without.join(' '),
    runtime: 'not asked',
  };
  begun('running', note);
  const runtime = model && isSmall(model) ? await checkAgreement(model, seed) : 'not asked';
  begun('done', { ...note, runtime });
}
