/** Answers instead of scores at the output (Carlini et al. 2019, section 4.9: attack what stands before). */
import type { Indicator } from '../indicator.ts';

export const hardOutput: Indicator = {
  id: 'hard-output',
  weight: 'remark',
  threshold: 0,
  meaning:
    'The output is a softmax or an answer, whose slope vanishes. Glacis attacks the scores before it where the file has them; a tool that differentiates the output itself may see nothing.',
  advise: () => 'Export the scores before the softmax or argmax.',
  judge: ({ output }) => ({
    fired: output !== 'scores',
    value: output === 'scores' ? 0 : 1,
    evidence: `The file puts out ${output}.`,
  }),
};
