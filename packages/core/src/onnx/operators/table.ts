/** ONNX operators that can be read, by name. */
import type { Lowering } from '../lowering.ts';
import { activations } from './activations.ts';
import { classical } from './classical.ts';
import { constants } from './constants.ts';
import { control } from './control.ts';
import { elementwise } from './elementwise.ts';
import { extremes } from './extremes.ts';
import { beforehand } from './host.ts';
import { indexed } from './indexed.ts';
import { linear } from './linear.ts';
import { logic } from './logic.ts';
import { lookups } from './lookups.ts';
import { normalisations } from './normalisations.ts';
import { patterns } from './patterns.ts';
import { pooling } from './pooling.ts';
import { quantisation } from './quantisation.ts';
import { random } from './random.ts';
import { rearrangements } from './rearrangements.ts';
import { reductions } from './reductions.ts';
import { resizing } from './resize.ts';
import { selection } from './selection.ts';
import { structural } from './structural.ts';
import { transposedConvolution } from './transposed-convolution.ts';

export const operators: ReadonlyMap<string, Lowering> = new Map(
  Object.entries({
    ...activations,
    ...beforehand,
    ...elementwise,
    ...linear,
    ...pooling,
    ...logic,
    ...extremes,
    ...quantisation,
    ...reductions,
    ...structural,
    ...constants,
    ...lookups,
    ...rearrangements,
    ...indexed,
    ...patterns,
    ...resizing,
    ...normalisations,
    ...control,
    ...random,
    ...selection,
    ...classical,
    ...transposedConvolution,
  }),
);
