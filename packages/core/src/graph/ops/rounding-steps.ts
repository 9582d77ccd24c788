/** Rounding to whole numbers: increasing steps, exact in float32, their derivative zero by definition. */
import type { Node } from '../graph.ts';
import type { OpDefinition } from './definition.ts';
import { roundingLines } from './cornered-lines.ts';
import { elementwise } from './elementwise.ts';
import type { Curve, Lines } from './lines.ts';

declare module '../graph.ts' {
  interface OpAttributes {
    floor: object;
    ceil: object;
    /** To the nearest whole number, halves to the even one. */
    round: object;
  }
}

type RoundingStep = 'floor' | 'ceil' | 'round';

function roundingStep<K extends RoundingStep>(
  onnx: string,
  lines: (curve: Curve) => Lines,
): OpDefinition<K> {
  const increasing = elementwise<K>({ onnx, lines, derivative: (b) => b.scalar(0) });
  const surrogate = ({ cotangent }: { readonly cotangent: Node }): Node => cotangent;
  return { ...increasing, kind: 'step', gradient: () => undefined, surrogate };
}

export const roundingSteps: { readonly [K in RoundingStep]: OpDefinition<K> } = {
  floor: roundingStep<'floor'>('Floor', (curve) =>
    roundingLines(curve, { down: 1, up: 0 }, (_b, _low, high) => high),
  ),
  ceil: roundingStep<'ceil'>('Ceil', (curve) =>
    roundingLines(curve, { down: 0, up: 1 }, (_b, low) => low),
  ),
  round: roundingStep<'round'>('Round', (curve) =>
    roundingLines(curve, { down: 0.5, up: 0.5 }, (b, low) => b.add(low, 0.5)),
  ),
};
