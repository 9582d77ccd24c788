/** Answers instead of scores at the output (Carlini et al. 2019, section 4.9: attack what stands before). */
import type { Indicator } from '../indicator.ts';

const LOOKS = {
  scores: 'neither probabilities nor answers',
  probabilities: 'probabilities: at least 0, with a sum of 1',
  answers: 'answers: a single 1, and 0 elsewhere',
} as const;

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
    evidence: `At every input examined the file's scores are ${LOOKS[output]}.`,
  }),
};
