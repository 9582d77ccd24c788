/** ONNX operators that can be read, by name. */
import type { Lowering } from '../lowering.ts';
import { activations } from './activations.ts';
import { elementwise } from './elementwise.ts';
import { beforehand } from './host.ts';
import { linear } from './linear.ts';
import { logic } from './logic.ts';
import { positions } from './positions.ts';
import { quantisation } from './quantisation.ts';
import { reductions } from './reductions.ts';
import { structural } from './structural.ts';

export const operators: ReadonlyMap<string, Lowering> = new Map(
  Object.entries({
    ...activations,
    ...beforehand,
    ...elementwise,
    ...linear,
    ...logic,
    ...positions,
    ...quantisation,
    ...reductions,
    ...structural,
  }),
);
