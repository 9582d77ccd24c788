/** Inputs whose tiny moves change no score (thermometer and rounding defences: Athalye et al. 2018, section 5.1). */
import { passing, withoutGradients } from '../advice.ts';
import type { Indicator } from '../indicator.ts';
import { shareLower } from '../statistics.ts';

/** At such an input so many tiny moves go unnoticed; a network notices nearly all. */
const FLAT = 0.5;
/** Share of inputs: honest models of bench/masking have none. */
const SHARE = 0.25;

export const steppedResponse: Indicator = {
  id: 'stepped-response',
  weight: 'sign',
  cause: 'flat',
  threshold: SHARE,
  meaning: 'Scores stay exactly the same under tiny moves: the model answers in steps.',
  advise: ({ examined }) => passing(examined) ?? withoutGradients(examined),
  judge: ({ steps }) => {
    if (!steps) return null;
    const { length } = steps.flat;
    const flat = steps.flat.filter((share) => share >= FLAT).length;
    const share = shareLower(flat, length);
    return {
      fired: share > SHARE,
      value: share,
      evidence: `At ${flat} of ${length} inputs half of the tiny moves or more change no score at all.`,
    };
  },
};
