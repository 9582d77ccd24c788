/** The words of the page, in plain language, for a reader who meets them for the first time. */
import type { NormName, Run } from '@glacis/core';
import { html, type Html } from './html.ts';
import { section } from './section.ts';

const measures: Readonly<Record<NormName, string>> = {
  linf: 'no single value of the input moves by more than ε',
  l2: 'the Euclidean length of the change is at most ε',
  l1: 'the changes of all values, added up, come to at most ε',
  l0: 'at most ε values of the input change, by any amount',
};

function terms(norm: NormName): readonly (readonly [string, string])[] {
  return [
    [
      'Perturbation of size ε',
      `A change of the input. Here its size means: ${measures[norm]}. It is in the units of the input as it was given.`,
    ],
    [
      'Under noise',
      'The worst of several random perturbations of that size. Chance is a poor adversary; this number flatters every model.',
    ],
    [
      'Under attack: an upper bound',
      'The answers no attack managed to change. A better attack may change more, so true robustness is at most this.',
    ],
    [
      'Proven: a lower bound',
      'The answers for which mathematics rules out any change within ε, found or not. True robustness is at least this.',
    ],
    [
      'Bracket, undecided',
      'One input’s two bounds on the distance to its nearest mistake. Undecided is what lies between: not broken, not proven. It is never counted as safe.',
    ],
    [
      'First-order estimate',
      'How far the nearest mistake would be if the model were a straight line near the input. Neither bound, but where it lies far from the bracket, the model is strongly curved.',
    ],
    [
      'Gradient masking',
      'Gradients that vanish or mislead, so that attacks fail although mistakes are near. It looks like robustness and is not.',
    ],
    [
      '95% interval',
      'What the number could be for other inputs from the same source, given how few were examined. It does not excuse a weak attack.',
    ],
  ];
}

export function glossarySection(run: Run): Html {
  const list = terms(run.threat.norm).map(
    ([term, text]) =>
      html`<dt>${term}</dt>
        <dd>${text}</dd>`,
  );
  return section(
    'How to read this page',
    html`Two kinds of evidence: an attack shows what is possible, a proof what is impossible.`,
    html`<dl class="terms">${list}</dl>`,
  );
}
