/**
 * Slopes of chords in the place of derivatives: an elementwise op passes a cotangent on by how much its value
 * differs between two points, over how much its operand does (the rescale rule of DeepLIFT, Shrikumar et al.
 * 2017, section 3.5.1). A ripple or a bend shorter than the chord turns a derivative about, and not the chord.
 */
import type { Builder } from '../graph/builder.ts';
import type { Node } from '../graph/graph.ts';

/** Nodes at one point, by id, and the same at another. */
export type Elsewhere = ReadonlyMap<number, Node>;

/** Chords shorter than this, in units of their ends, are lost in rounding: the derivative is taken. */
const SHORTEST = 2 ** -12;

export interface Chord {
  readonly operand: Node;
  readonly output: Node;
  readonly cotangent: Node;
  /** What the derivative passes on. */
  readonly tangent: Node;
}

/** The cotangent of the operand by the chord; undefined where the other point's values are not known. */
export function alongChord(
  b: Builder,
  { operand, output, cotangent, tangent }: Chord,
  elsewhere: Elsewhere,
): Node | undefined {
  const [far, end] = [elsewhere.get(operand.id), elsewhere.get(output.id)];
  if (!far || !end) return undefined;
  const run = b.sub(far, operand);
  const size = b.add(b.abs(far), b.abs(operand));
  const isLong = b.greater(b.abs(run), b.mul(size, SHORTEST));
  const slope = b.div(b.sub(end, output), b.where(isLong, run, 1));
  return b.where(isLong, b.mul(cotangent, slope), tangent);
}
