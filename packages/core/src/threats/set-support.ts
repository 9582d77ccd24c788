/**
 * A threat's set as bound propagation asks about it: how large a linear function gets on it, and how far it moves
 * values at most, rounded up.
 */
import type { Builder } from '../graph/builder.ts';
import { divide, type Dimension } from '../graph/dimension.ts';
import type { Node } from '../graph/graph.ts';
import type { InputSet } from '../transforms/input-set.ts';
import { type Blocked, blockedProduct } from '../graph/ops/blocked.ts';
import { type BlockedSum, blockedSum } from './blocked-sum.ts';
import {
  type BallNodes,
  FEW_ULPS,
  flatten,
  inUnits,
  roomsOf,
  scaleOf,
  SMALLEST_UNIT,
  unitOf,
} from './set-graph.ts';
import type { Threat } from './threat.ts';

/** Rows up to which the support of ball ∩ box is computed exactly; the rounds for its multiplier with more. */
const [EXACT_SUPPORT_ROWS, FEWER_ROUNDS] = [64, 6];

/**
 * The set for bound propagation; the ball's ends and radius must be rounded outward. `rounds`: whether
 * supports are rounded up, without which they are no proof.
 */
export function inputSet(b: Builder, threat: Threat, ball: BallNodes, rounds = true): InputSet {
  const batch = ball.centre.shape[0] ?? 1;
  const box = { lower: ball.lower, upper: ball.upper };
  return {
    centre: ball.centre,
    box,
    isBox: threat.norm.isBox,
    support: (rows, shared) => support(b, threat, ball, { batch, rows, shared, rounds }),
    spread: (rows, shared) => {
      const asked = { batch, rows, shared, rounds };
      return shared
        ? sharedSpread(b, threat, ball, asked)
        : support(b, threat, mirrored(b, ball), asked);
    },
  };
}

/** The room on the wider side of the centre. */
function widerRoom(b: Builder, { centre, lower, upper }: BallNodes): Node {
  const width = b.max(b.sub(upper, centre), b.sub(centre, lower));
  return b.add(b.mul(width, 1 + FEW_ULPS), b.mul(b.abs(centre), FEW_ULPS));
}

/** The ball with as much room on either side of the centre as on the wider one. */
function mirrored(b: Builder, ball: BallNodes): BallNodes {
  const { centre } = ball;
  const away = widerRoom(b, ball);
  return { ...ball, lower: b.sub(centre, away), upper: b.add(centre, away) };
}

interface Asked {
  readonly batch: Dimension;
  readonly rows: Node;
  readonly shared: boolean;
  readonly rounds: boolean;
}

function support(
  b: Builder,
  threat: Threat,
  ball: BallNodes,
  { batch, rows, shared, rounds }: Asked,
): Node {
  const width = Number(rows.shape[1] ?? 1);
  const { withLeast, roundedUp } = roundingUp(b, width, rounds);
  const count = shared ? (rows.shape[0] ?? 1) : rowsPerSample(rows, batch);
  const matrix = shared ? rows : b.reshape(rows, [batch, count, width]);
  const beside = (room: Node): Node => b.reshape(room, [batch, 1, width]);
  const { total: boxed, terms } = boxSupport(b, matrix, boxRooms(b, ball), rounds);
  if (threat.norm.isBox) return roundedUp(boxed, terms);
  const scale = scaleOf(b, threat, width);
  const own = scale ? b.mul(matrix, scale) : matrix;
  const radius = b.perRow(unitOf(b, threat, ball, true), 2);
  const isMany = typeof count !== 'number' || count > EXACT_SUPPORT_ROWS;
  // Without a valid box the rooms are the ball's own.
  if (isMany && (shared || !threat.clip)) {
    const dual = b.reshape(threat.norm.dual(b, own), shared ? [1, count] : [batch, count]);
    return roundedUp(b.min(wholeBall(b, threat, ball, withLeast(dual)), boxed));
  }
  const rooms = roomsOf(b, threat, ball, true);
  const full = b.expand(shared ? b.reshape(own, [1, count, width]) : own, [batch, count, width]);
  const around = { ...rooms, up: beside(rooms.up), down: beside(rooms.down) };
  const unit = threat.norm.support(b, full, around, isMany ? FEWER_ROUNDS : undefined);
  const least = withLeast(b.reshape(unit, [batch, count]));
  const exact = b.mul(least, b.max(radius, SMALLEST_UNIT));
  return roundedUp(b.min(exact, boxed));
}

/** How far the box goes up and down from the centre: [batch, n] each, not negative. */
interface BoxRooms {
  readonly up: Node;
  readonly down: Node;
}

function boxRooms(b: Builder, ball: BallNodes): BoxRooms {
  const centre = flatten(b, ball.centre);
  return {
    up: b.mul(b.sub(flatten(b, ball.upper), centre), 1 + FEW_ULPS),
    down: b.mul(b.sub(centre, flatten(b, ball.lower)), 1 + FEW_ULPS),
  };
}

/**
 * The support of a box around its centre, for rows [rows, n] of every sample, or [batch, rows, n]:
 * [batch, rows], where it is rounded a sum of terms ≥ 0.
 */
function boxSupport(b: Builder, rows: Node, { up, down }: BoxRooms, rounds: boolean): BlockedSum {
  // The box reaches as far along −a as its mirror image along a.
  const negated = b.negatedBy(rows);
  if (negated) return boxSupport(b, negated, { up: down, down: up }, rounds);
  const [batch = 1, width = 1] = up.shape;
  const isShared = rows.shape.length === 2;
  if (!rounds) {
    // Around the middle of the box it reaches as far up as down.
    const [above, below] = [b.mul(up, 0.5), b.mul(down, 0.5)];
    const times = (matrix: Node, value: Node): Node => {
      if (isShared) return b.matMul(value, matrix, { transB: true });
      const products = b.matMul(matrix, b.reshape(value, [batch, width, 1]));
      return b.reshape(products, matrix.shape.slice(0, 2));
    };
    const middle = times(rows, b.sub(above, below));
    return { total: b.add(middle, times(b.abs(rows), b.add(above, below))), terms: Number(width) };
  }
  if (isShared) {
    const [above, below] = [
      sharedProduct(b, up, b.relu(rows)),
      sharedProduct(b, down, b.relu(b.neg(rows))),
    ];
    return { total: b.add(above.value, below.value), terms: above.terms + 1 };
  }
  const beside = (room: Node): Node => b.reshape(room, [batch, 1, width]);
  // The greater product is the one with the room that the row points to.
  return blockedSum(b, b.max(b.mul(rows, beside(up)), b.mul(rows, beside(b.neg(down)))));
}

/** Values [batch, n] times rows [rows, n], with few roundings. */
function sharedProduct(b: Builder, values: Node, rows: Node): Blocked {
  const attributes = { transA: false, transB: true };
  return (
    blockedProduct(b, { attributes }, [values, rows]) ?? {
      value: b.matMul(values, rows, attributes),
      terms: Number(rows.shape[1]),
    }
  );
}

/** What rows ≥ 0 of every sample, [rows, n], weigh: in the whole ball, and in the box around it. */
function sharedSpread(b: Builder, threat: Threat, ball: BallNodes, { rows, rounds }: Asked): Node {
  const [count = 1, size = 1] = rows.shape;
  const { withLeast, roundedUp } = roundingUp(b, Number(size), rounds);
  const boxed = b.matMul(flatten(b, widerRoom(b, ball)), rows, { transB: true });
  const dual = b.reshape(threat.norm.dual(b, inUnits(b, threat, rows)), [1, count]);
  return roundedUp(b.min(wholeBall(b, threat, ball, withLeast(dual)), boxed));
}

/** A dual norm [batch or 1, rows] times the ball's size. */
function wholeBall(b: Builder, threat: Threat, ball: BallNodes, dual: Node): Node {
  const radius = b.perRow(unitOf(b, threat, ball, true), 2);
  const features = threat.norm.counts ? b.perRow(ball.radius, 2) : 1;
  return b.mul(b.mul(dual, radius), features);
}

interface RoundingUp {
  /** More than underflow takes. */
  readonly withLeast: (value: Node) => Node;
  /** More than a sum of so many terms is rounded down by. */
  readonly roundedUp: (value: Node, terms?: number) => Node;
}

function roundingUp(b: Builder, width: number, rounds: boolean): RoundingUp {
  const withLeast = (value: Node): Node => (rounds ? b.add(value, width * 2 ** -120) : value);
  return {
    withLeast,
    roundedUp: (value, terms = width) =>
      rounds ? withLeast(b.mul(value, 1 + (terms + 64) * 2 ** -23)) : value,
  };
}

function rowsPerSample(rows: Node, batch: Dimension): Dimension {
  const count = divide(rows.shape[0] ?? 1, batch);
  if (count === undefined) throw new RangeError('coefficient rows do not belong to the batch');
  return count;
}
