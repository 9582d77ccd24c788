/** Lipschitz constants as an inspection has them: over all inputs, and over a ball where one is asked for. */
import {
  type Classifier,
  type ConstantPairs,
  globalLipschitz,
  type LipschitzConstants,
  localLipschitz,
} from '@glacis/core';
import type { OptionValues } from '../cli/options.ts';
import type { Terminal } from '../cli/terminal.ts';
import { ballOf } from '../run/bounded-set.ts';

interface ConstantsRecord {
  readonly linf: number | null;
  readonly l2: number | null;
  readonly l1: number | null;
}

export interface LocalLipschitzRecord {
  /** The ball, in words. */
  readonly ball: string;
  readonly index: number;
  readonly norm: string;
  readonly eps: number;
  /** The class that the model answers at the centre; null where nothing is known. */
  readonly answer: number | null;
  /** Of all margins together: by the norm of the inputs, then by that of the margins. */
  readonly all: Readonly<Record<keyof ConstantPairs, ConstantsRecord>> | null;
  /** Of the answer's score over each other class's, by the norm of the inputs. */
  readonly margins: readonly (ConstantsRecord & { readonly class: number })[];
}

export interface LipschitzRecord extends ConstantsRecord {
  readonly layers: readonly (ConstantsRecord & { readonly label: string; readonly op: string })[];
  /** The first operation without any. */
  readonly unbounded: { readonly op: string; readonly label: string } | null;
  /** Over a ball; null where none was asked for. */
  readonly local: LocalLipschitzRecord | null;
}

export async function lipschitzRecord(
  classifier: Classifier,
  values: OptionValues,
  terminal: Terminal,
): Promise<LipschitzRecord> {
  const found = await globalLipschitz(classifier, classifier.proven);
  return {
    ...found,
    ...known(found),
    layers: found.layers.map((layer) => ({ ...layer, ...known(layer) })),
    local: values.data === undefined ? null : await overBall(classifier, values, terminal),
  };
}

async function overBall(
  classifier: Classifier,
  values: OptionValues,
  terminal: Terminal,
): Promise<LocalLipschitzRecord> {
  const set = await ballOf(values.data ?? '', values, classifier);
  set.notes.forEach((note) => terminal.note(note));
  const { threat, x, eps, index, description: ball } = set;
  const found = await localLipschitz({ classifier, threat }, x, eps, index);
  if (!found)
    terminal.warn('A value inside is not finite: the constants over the ball are unknown.');
  return {
    ball,
    index,
    norm: threat.norm.name,
    eps,
    answer: found?.answer ?? null,
    all: found && {
      linf: known(found.all.linf),
      l2: known(found.all.l2),
      l1: known(found.all.l1),
    },
    margins: found?.margins.map((margin) => ({ class: margin.class, ...known(margin) })) ?? [],
  };
}

/** JSON has no Infinity. */
function known({ linf, l2, l1 }: LipschitzConstants): ConstantsRecord {
  const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
  return { linf: finite(linf), l2: finite(l2), l1: finite(l1) };
}
