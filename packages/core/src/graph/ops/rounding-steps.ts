/** Rounding to whole numbers: increasing steps, exact in float32, their derivative zero by definition. */
import type { Node } from '../graph.ts';
import type { OpDefinition } from './definition.ts';
import { elementwise } from './elementwise.ts';

declare module '../graph.ts' {
  interface OpAttributes {
    floor: object;
    ceil: object;
    /** To the nearest whole number, halves to the even one. */
    round: object;
  }
}

type RoundingStep = 'floor' | 'ceil' | 'round';

function roundingStep<K extends RoundingStep>(onnx: string): OpDefinition<K> {
  const increasing = elementwise<K>({ onnx, derivative: (b) => b.scalar(0) });
  const surrogate = ({ cotangent }: { readonly cotangent: Node }): Node => cotangent;
  return { ...increasing, kind: 'step', gradient: () => undefined, surrogate };
}

export const roundingSteps: { readonly [K in RoundingStep]: OpDefinition<K> } = {
  floor: roundingStep<'floor'>('Floor'),
  ceil: roundingStep<'ceil'>('Ceil'),
  round: roundingStep<'round'>('Round'),
};
