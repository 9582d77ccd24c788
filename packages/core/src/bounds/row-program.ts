/** Rows of a layer as staged programs. */
import type { ChoiceStop } from './choice-inputs.ts';
import type { Staged } from './staged-programs.ts';

/** What bounds rows; with what tells where their free slopes lead, if they have any. */
export interface RowProgram {
  readonly staged: Staged;
  readonly look: Staged | null;
  readonly stops: readonly ChoiceStop[];
}

export const stagesOf = ({ staged, look }: RowProgram): Staged[] =>
  look ? [staged, look] : [staged];
