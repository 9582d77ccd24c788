/**
 * Lines around sine and cosine over intervals of any length. Below, a wave from one trough to the next is a
 * hill; which one the middle of the interval lies on decides, since nothing beyond a trough is lower. Where
 * both troughs are in the interval the line is flat.
 */
import type { Builder } from '../builder.ts';
import type { Node } from '../graph.ts';
import { hillLine, negated, negatedLine } from './bent-lines.ts';
import { below, chosen, type Curve, type Line, type Lines, middleOf } from './lines.ts';

const TURN = 2 * Math.PI;
/** Beyond, places on the wave are known too coarsely. */
const FARTHEST = 2 ** 15;

/** The trough at or before x, from the turns by which troughs are shifted. */
function troughBefore(b: Builder, x: Node, phase: number): Node {
  const turns = b.push('floor', [b.sub(b.mul(x, 1 / TURN), phase)], {});
  return b.mul(b.add(turns, phase), TURN);
}

function lineBelow(curve: Curve, phase: number): Line {
  const { b, x } = curve;
  const middle = middleOf(curve);
  const left = troughBefore(b, middle, phase);
  const right = b.add(left, TURN);
  const [fromTrough, toTrough] = [b.greater(left, x.lower), b.greater(x.upper, right)];
  const part = { lower: b.max(x.lower, left), upper: b.min(x.upper, right) };
  const hill = { rise: b.add(left, TURN / 4), fall: b.add(left, (3 * TURN) / 4) };
  const steep = hillLine({ ...curve, x: part, middle }, hill);
  // Where the interval goes on behind a trough, a line must not fall towards it from outside.
  const rising = b.where(fromTrough, b.relu(steep.slope), steep.slope);
  const slope = b.where(toTrough, b.neg(b.relu(b.neg(rising))), rising);
  const [from, to] = [part.lower, part.upper].map((end) => turned(curve, steep, slope, end));
  // Places are off by up to |x|·2⁻²¹: near an extreme, values by the square of that.
  const coarse = curve.exact
    ? b.scalar(0)
    : b.add(b.mul(b.add(b.abs(part.lower), b.abs(part.upper)), 2 ** -21), 2 ** -20);
  const height = b.sub(b.min(from ?? steep.height, to ?? steep.height), b.mul(coarse, coarse));
  const flat = b.mul(x.lower, 0);
  const near = b.greater(FARTHEST, b.add(b.abs(x.lower), b.abs(x.upper)));
  return chosen(
    b,
    near,
    below(curve, slope, height, [b.scalar(1)]),
    below(curve, flat, b.sub(flat, 1), [b.scalar(1)]),
  );
}

/** The height at which a line of another slope passes through the same place over x. */
function turned({ b, centre }: Curve, line: Line, slope: Node, x: Node): Node {
  return b.add(line.height, b.mul(b.sub(line.slope, slope), b.sub(x, centre)));
}

/** Lines of a wave of height 1 whose troughs lie at so many turns. */
export function waveLines(curve: Curve, trough: number): Lines {
  return {
    lower: lineBelow(curve, trough),
    upper: negatedLine(curve.b, lineBelow(negated(curve), trough + 0.5)),
  };
}
