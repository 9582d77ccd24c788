/**
 * Branch and bound for the distance to the nearest input at which a rival catches up: best first, each
 * node a rival and signs of some ReLUs, its bound from the duals of its program. Every solution is offered
 * as a witness; what breaks the original file is an upper end. Katz et al. 2017 and Bunel et al. 2018 for
 * the splits; the radius as the objective makes one tree do what a search over radii does with many.
 */
import { OpenProgram } from '../../lp/highs.ts';
import type { CancelSignal } from '../../runtime/cancel.ts';
import {
  inputAt,
  limitsOf,
  type NearestProgram,
  type Room,
  type Signs,
  type Unstable,
} from './nearest-program.ts';

export interface SearchOptions {
  /** The bracket's relative width that ends the search. */
  readonly tolerance: number;
  /** Programs that may be solved. */
  readonly nodes: number;
  /** An upper end below this ends the search: a smaller set has tighter bounds. */
  readonly narrowBelow: number;
  /** The upper end that is known; Infinity where there is none. */
  readonly upper: number;
  /** Judges an input close to where a rival catches up, and returns the upper end known then. */
  readonly offer: (input: Float64Array) => Promise<number>;
  readonly outOfTime: () => boolean;
  readonly signal?: CancelSignal | undefined;
}

export interface Searched {
  /** Proven: no input nearer than this has a rival caught up. Infinity: none of the set. */
  readonly lower: number;
  readonly nodes: number;
  /** Whether the upper end fell below `narrowBelow`. */
  readonly narrowed: boolean;
}

interface OpenNode {
  readonly rival: number;
  readonly signs: Signs;
  readonly bound: number;
}

/** null where the solver refuses the program. */
export async function searchNearest(
  nearest: NearestProgram,
  room: Room,
  options: SearchOptions,
): Promise<Searched | null> {
  const solver = await OpenProgram.open(nearest.program);
  if (!solver) return null;
  try {
    return await search(nearest, room, options, solver);
  } finally {
    solver.dispose();
  }
}

async function search(
  nearest: NearestProgram,
  room: Room,
  options: SearchOptions,
  solver: OpenProgram,
): Promise<Searched> {
  const free = new Int8Array(nearest.unstable.length);
  const open: OpenNode[] = nearest.rivals.map(({ rival }) => ({ rival, signs: free, bound: 0 }));
  let [upper, settled, nodes] = [options.upper, Infinity, 0];
  for (;;) {
    options.signal?.throwIfAborted();
    const node = takeLeast(open);
    const lower = Math.min(node?.bound ?? Infinity, settled);
    const narrowed = upper < options.narrowBelow;
    const closed = lower >= upper * (1 - options.tolerance);
    const spent = nodes >= options.nodes || options.outOfTime();
    // A settled node below all open ones is as far as this tree goes.
    const stuck = node !== undefined && settled <= node.bound;
    if (!node || narrowed || closed || spent || stuck) return { lower, nodes, narrowed };
    nodes++;
    const answer = solver.solve(limitsOf(nearest, node.signs, node.rival));
    const bound = Math.max(node.bound, answer.bound);
    if (bound === Infinity) continue;
    const point = answer.point;
    if (point) upper = Math.min(upper, await options.offer(inputAt(nearest, room, point)));
    if (point && isOnReLUs(nearest, point)) {
      // The tie is real: what lies just behind it breaks the file, if rounding does not hide it.
      for (const lead of LEADS) {
        if (bound >= upper * (1 - options.tolerance)) break;
        const behind = solver.solve(limitsOf(nearest, node.signs, node.rival, lead)).point;
        nodes++;
        if (behind) upper = Math.min(upper, await options.offer(inputAt(nearest, room, behind)));
      }
    }
    const split = choose(nearest, node.signs, answer.point, answer.duals);
    if (split < 0) settled = Math.min(settled, bound);
    else
      for (const sign of [1, -1])
        open.push({ ...node, bound, signs: fixed(node.signs, split, sign) });
  }
}

/** By how much the rival is to lead, relative to the scores. */
const LEADS = [1e-6, 3e-6, 1e-5, 3e-5, 1e-4];

function isOnReLUs({ unstable }: NearestProgram, point: Float64Array): boolean {
  return unstable.every((relu) => offReLU(relu, point) <= TOUCHING);
}

function offReLU({ before, after }: Unstable, point: Float64Array): number {
  return (point[after] ?? 0) - Math.max(0, point[before] ?? 0);
}

function takeLeast(open: OpenNode[]): OpenNode | undefined {
  let least = 0;
  open.forEach(({ bound }, i) => {
    if (bound < (open[least]?.bound ?? Infinity)) least = i;
  });
  const [node] = open.splice(least, 1);
  return node;
}

function fixed(signs: Signs, index: number, sign: number): Signs {
  const copy = signs.slice();
  copy[index] = sign;
  return copy;
}

/**
 * The open ReLU to split: where the solution is off the ReLU most, by what its chord is worth; else the one
 * whose triangle is largest. −1: none is open.
 */
function choose(
  { unstable }: NearestProgram,
  signs: Signs,
  point: Float64Array | null,
  duals: Float64Array | null,
): number {
  let [best, score] = [-1, -1];
  unstable.forEach((relu, i) => {
    if (signs[i] !== 0) return;
    const { chord, lower, upper } = relu;
    const off = point ? offReLU(relu, point) : 0;
    const worth = Math.abs(duals?.[chord] ?? 0);
    // What is on its ReLU already comes after all that is not.
    const own =
      off > TOUCHING ? 1 + off * (worth + TOUCHING) : 1 / (1 + 1 / Math.min(-lower, upper));
    if (own > score) [best, score] = [i, own];
  });
  return best;
}

/** A solution this close to a ReLU is on it, to the solver's tolerances. */
const TOUCHING = 1e-9;
