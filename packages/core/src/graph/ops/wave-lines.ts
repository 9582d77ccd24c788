/**
 * Lines around sine and cosine over intervals of any length. Below, a wave from one trough to the next is a
 * hill; which one the middle of the interval lies on decides, since nothing beyond a trough is lower. Where
 * both troughs are in the interval the line is flat.
 */
import type { Builder } from '../builder.ts';
import type { Node } from '../graph.ts';
import { hillLine, negated, negatedLine } from './bent-lines.ts';
import type { Bounds } from './definition.ts';
import { below, chosen, type Curve, type Line, type Lines, middleOf } from './lines.ts';
import { clamped, tangentPoints, type TangentSearch } from './tangent-points.ts';

const TURN = 2 * Math.PI;
/** Beyond, places on the wave are known too coarsely. */
const FARTHEST = 2 ** 15;

/** The trough at or before x, from the turns by which troughs are shifted. */
function troughBefore(b: Builder, x: Node, phase: number): Node {
  const turns = b.push('floor', [b.sub(b.mul(x, 1 / TURN), phase)], {});
  return b.mul(b.add(turns, phase), TURN);
}

/** The hill that the middle of the interval lies on, between two troughs: where it is in the interval. */
interface Stretch {
  readonly part: Bounds;
  readonly rise: Node;
  readonly fall: Node;
  /** 1 where the interval goes on before and behind the hill. */
  readonly before: Node;
  readonly behind: Node;
}

function stretchOf(curve: Curve, phase: number): Stretch {
  const { b, x } = curve;
  const left = troughBefore(b, middleOf(curve), phase);
  const right = b.add(left, TURN);
  return {
    part: { lower: b.max(x.lower, left), upper: b.min(x.upper, right) },
    rise: b.add(left, TURN / 4),
    fall: b.add(left, (3 * TURN) / 4),
    before: b.greater(left, x.lower),
    behind: b.greater(x.upper, right),
  };
}

/** From each end of a hill to the convex part at its other end; `up`: whether it is one of f or of −f. */
function searchesOf(b: Builder, { part, rise, fall }: Stretch, up: boolean): TangentSearch[] {
  const [low, high] = [rise, fall].map((place) => clamped(b, place, part.lower, part.upper));
  if (!low || !high) throw new RangeError('a hill has two sides');
  return [
    { between: [part.lower, low], end: part.upper, rises: up },
    { between: [high, part.upper], end: part.lower, rises: !up },
  ];
}

function lineBelow(curve: Curve, stretch: Stretch, contacts: readonly (Node | undefined)[]): Line {
  const { b, x } = curve;
  const { part, rise, fall, before, behind } = stretch;
  const [left = rise, right = fall] = contacts;
  const hill = { rise: { place: rise, contact: left }, fall: { place: fall, contact: right } };
  const steep = hillLine({ ...curve, x: part, middle: middleOf(curve) }, hill);
  // Where the interval goes on behind a trough, a line must not fall towards it from outside.
  const rising = b.where(before, b.relu(steep.slope), steep.slope);
  const slope = b.where(behind, b.neg(b.relu(b.neg(rising))), rising);
  const [from, to] = [part.lower, part.upper].map((end) => turned(curve, steep, slope, end));
  // Places are off by up to |x|·2⁻²¹: near an extreme, values by the square of that.
  const way = b.mul(b.add(b.abs(part.lower), b.abs(part.upper)), 2 ** -21);
  const coarse = curve.exact ? b.scalar(0) : b.add(way, 2 ** -20);
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
  const { b } = curve;
  const [hill, hollow] = [stretchOf(curve, trough), stretchOf(curve, trough + 0.5)];
  const [left, right, leftUnder, rightUnder] = tangentPoints(curve, [
    ...searchesOf(b, hill, true),
    ...searchesOf(b, hollow, false),
  ]);
  return {
    lower: lineBelow(curve, hill, [left, right]),
    upper: negatedLine(b, lineBelow(negated(curve), hollow, [leftUnder, rightUnder])),
  };
}
