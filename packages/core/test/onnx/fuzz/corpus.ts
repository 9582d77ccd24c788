/** What is broken: every hand-made file, under the name of what it is for. */
import { activationCases } from '../activation-cases.ts';
import { classicalCases } from '../classical-cases.ts';
import { controlCases } from '../control-cases.ts';
import { elementwiseCases } from '../elementwise-cases.ts';
import { onnxFile } from '../hand-made.ts';
import { linearCases } from '../linear-cases.ts';
import { logicCases } from '../logic-cases.ts';
import { normalisationCases } from '../normalisation-cases.ts';
import { positionCases } from '../position-cases.ts';
import { powerCases } from '../power-cases.ts';
import { quantisationCases } from '../quantisation-cases.ts';
import { rearrangementCases } from '../rearrangement-cases.ts';
import { reductionCases } from '../reduction-cases.ts';
import { resizeCases } from '../resize-cases.ts';
import { shapeCases } from '../shape-cases.ts';
import { structuralCases } from '../structural-cases.ts';
import { treeCases } from '../tree-cases.ts';

/** A file that is right, to be broken. */
export interface Subject {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export const handMade: readonly Subject[] = [
  ...activationCases,
  ...classicalCases,
  ...controlCases,
  ...elementwiseCases,
  ...linearCases,
  ...logicCases,
  ...normalisationCases,
  ...positionCases,
  ...powerCases,
  ...quantisationCases,
  ...rearrangementCases,
  ...reductionCases,
  // There is one for every combination of its attributes.
  ...resizeCases.filter((_, i) => i % 7 === 0),
  ...shapeCases,
  ...structuralCases,
  ...treeCases,
].map((file) => ({ name: file.what, bytes: onnxFile(file) }));
