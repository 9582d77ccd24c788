/**
 * The first sentence of a report, computed from the run: how many inputs are right, and what chance,
 * an adversary and a proof each make of them. Its numbers carry a tone, so that page and terminal can
 * colour them alike; `plainText` drops it.
 */
import type { Run } from '@glacis/core';
import { count, percent, sizeWords } from './numbers.ts';
import { measuredUpper, tally, type Tally } from './tally.ts';

export type Tone = 'clean' | 'noise' | 'attack' | 'proof';

export interface Piece {
  readonly text: string;
  readonly tone: Tone | null;
}

export type Sentence = readonly Piece[];

export function plainText(sentence: Sentence): string {
  return sentence.map((piece) => piece.text).join('');
}

function words(parts: TemplateStringsArray, ...values: readonly (Piece | string)[]): Sentence {
  const pieces: Piece[] = [{ text: parts[0] ?? '', tone: null }];
  values.forEach((value, index) => {
    pieces.push(typeof value === 'string' ? { text: value, tone: null } : value);
    pieces.push({ text: parts[index + 1] ?? '', tone: null });
  });
  return pieces.filter((piece) => piece.text !== '');
}

function toned(tone: Tone, value: number | string): Piece {
  return { tone, text: typeof value === 'number' ? count(value) : value };
}

/** What stands above everything else: the counts, or, when masking is confirmed, that they mislead. */
export function headline(run: Run): Sentence {
  const masking = run.masking;
  if (masking === null || masking.verdict === 'none') return counts(run);
  if (masking.verdict === 'suspected') {
    const warning = ' Gradient masking is suspected: the number under attack may be too high.';
    return [...counts(run), ...words`${warning}`];
  }
  const size = sizeWords(run.threat.norm, run.threat.eps);
  const told = percent(measuredUpper(run));
  const measured = toned('attack', told);
  if (masking.credibleUpper === null) {
    return words`Not credible: this model masks its gradients, so the ${measured} that attacks seem to leave standing at ${size} mean nothing.`;
  }
  const ceiling = toned('attack', percent(masking.credibleUpper));
  const most = words`Not credible: at most ${ceiling} of the inputs withstand a deliberate perturbation of ${size}, `;
  if (measuredUpper(run) !== null && told !== ceiling.text) {
    return [
      ...most,
      ...words`not the ${measured} the attacks report; masked gradients hide the difference.`,
    ];
  }
  const plain = toned('attack', percent(masking.gradientUpper));
  if (masking.gradientUpper === null || plain.text === ceiling.text) {
    return [...most, ...words`and masked gradients may hide that it is fewer.`];
  }
  return [...most, ...words`not the ${plain} that plain gradients report, and perhaps fewer.`];
}

/** What the run counted, in one sentence, and what it left open, in a second. */
export function counts(run: Run): Sentence {
  const t = tally(run);
  const prefix = run.partial ? unfinished(run, t) : [];
  if (t.total === 0) return [...prefix, ...words`No input has been examined yet.`];
  if (t.correct === 0) {
    const none = toned('clean', t.total === 1 ? 'The one input examined' : 'None');
    if (t.total === 1) {
      return [...prefix, ...words`${none} is misclassified as it is: there is nothing to attack.`];
    }
    return [
      ...prefix,
      ...words`${none} of the ${count(t.total)} inputs is ${rightly(run)}: there is nothing to attack.`,
    ];
  }
  const size = sizeWords(run.threat.norm, run.threat.eps);
  const verb = run.criterion.kind === 'misclassified' ? 'change' : 'break';
  // ε = 0: only radii were asked for.
  const asked = run.threat.eps === 0 ? [radiusClause(t)] : perturbationClauses(t, size, verb);
  const clauses = [accuracyClause(t, rightly(run)), ...asked];
  const joined = clauses.flatMap((clause, index) =>
    index === 0 ? clause : [...words`; `, ...clause],
  );
  return [...prefix, ...joined, ...words`.`, ...(run.threat.eps === 0 ? [] : openSentence(t))];
}

function unfinished(run: Run, t: Tally): Sentence {
  const planned = run.data.samples;
  if (planned <= t.total) return words`Unfinished run. `;
  return words`Unfinished run, ${count(t.total)} of ${count(planned)} inputs so far. `;
}

/** What an input is that nothing has to be done to. */
function rightly({ criterion }: Run): string {
  return criterion.kind === 'error'
    ? `predicted to within ${criterion.above}`
    : 'classified correctly';
}

function accuracyClause(t: Tally, right: string): Sentence {
  const some = toned('clean', t.correct);
  if (t.total === 1) return words`The one input examined is ${toned('clean', right)}`;
  if (t.correct === t.total) {
    if (t.total === 2) return words`${toned('clean', 'Both')} inputs are ${right}`;
    return words`All ${some} inputs are ${right}`;
  }
  return words`Of ${count(t.total)} inputs, ${some} ${t.correct === 1 ? 'is' : 'are'} ${right}`;
}

/** What perturbations do to inputs. */
type Verb = 'change' | 'break';

/** "3", "none", "all", "both": so many of the correct ones. */
function portion(tone: Tone, part: number, whole: number): Piece {
  if (part === 0) return toned(tone, 'none');
  if (part < whole) return toned(tone, part);
  return toned(tone, whole === 2 ? 'both' : 'all');
}

function perturbationClauses(t: Tally, size: string, verb: Verb): Sentence[] {
  const clauses = [
    noiseClause(t, size, verb),
    attackClause(t, size, verb),
    proofClause(t, size, verb),
  ];
  return clauses.filter((clause) => clause.length > 0);
}

function radiusClause(t: Tally): Sentence {
  if (t.proven === null) return words`no proof was attempted`;
  const radius = 'a radius is proven within which no perturbation changes the answer';
  if (t.correct === 1) return words`${t.proven === 1 ? radius : `not even ${radius}`}`;
  return words`for ${portion('proof', t.proven, t.correct)} ${radius}`;
}

function noiseClause(t: Tally, size: string, verb: Verb): Sentence {
  if (t.noise === null) return [];
  if (t.correct === 1) {
    const does = toned('noise', t.noise === 0 ? `do not ${verb}` : verb);
    return words`random perturbations of ${size} ${does} ${verb === 'change' ? 'its answer' : 'it'}`;
  }
  return words`random perturbations of ${size} ${verb} ${portion('noise', t.noise, t.correct)} of them`;
}

function attackClause(t: Tally, size: string, verb: Verb): Sentence {
  if (t.attacked === null) return words`no attack was run`;
  const one = t.noise === null ? `perturbation of ${size}` : 'one';
  if (t.attacked === 0) {
    const end = t.correct === 1 ? `${verb}s it` : `${verb}s any`;
    return words`${toned('attack', 'no deliberate')} ${one} was found that ${end}`;
  }
  if (t.correct === 1) return words`a deliberate ${one} ${toned('attack', `${verb}s`)} it`;
  return words`a deliberate ${one} ${verb}s ${portion('attack', t.attacked, t.correct)}`;
}

function proofClause(t: Tally, size: string, verb: Verb): Sentence {
  if (t.proven === null) return words`no proof was attempted`;
  const nothing =
    t.attacked === null && t.noise === null
      ? `no perturbation of ${size} ${verb === 'change' ? 'changes the answer' : 'breaks it'}`
      : 'nothing can';
  if (t.correct === 1) {
    return words`it is ${toned('proof', t.proven === 1 ? 'proven' : 'not proven')} that ${nothing}`;
  }
  return words`for ${portion('proof', t.proven, t.correct)} it is proven that ${nothing}`;
}

function openSentence(t: Tally): Sentence {
  if (t.attacked === null || t.proven === null || t.open === 0) return [];
  if (t.open === t.correct) return t.correct === 1 ? words` It is undecided.` : [];
  return t.open === 1
    ? words` The other one is undecided.`
    : words` The other ${count(t.open)} are undecided.`;
}
