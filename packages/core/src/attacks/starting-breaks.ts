/**
 * Where a decision attack begins: any broken input of the valid box, the nearest of several tries once
 * each is drawn towards the row's own. What is tried: a start that is known, then noise, corners, and
 * patches of the box's ends on the input itself.
 */
import { RandomBlock } from '../tensor/random.ts';
import type { Rows } from '../threats/ball.ts';
import type { AttackContext } from './attack.ts';
import type { Decisions } from './decisions.ts';
import { gridOf, placeWindow, windowSize } from './feature-grid.ts';

/** Streams of draws that no other attack uses. */
const START_DRAWS = 0x50000;
const TRIES = 30;
/** Rounds of drawing a try towards the input, enough to compare it with others. */
const ROUNDS = 6;
/** Without a valid box, noise grows by this factor from try to try. */
const GROWTH = 1.7;

/** For each row a broken input, or null where no try was one. */
export async function startingBreaks(
  context: AttackContext,
  rows: Rows,
  decisions: Decisions,
): Promise<(Float32Array | null)[]> {
  const { size } = decisions;
  const nearest: (Float32Array | null)[] = Array.from({ length: rows.count }, () => null);
  const owners = Array.from({ length: rows.count }, (_, row) => row);
  for (let attempt = rows.starts ? -1 : 0; attempt < TRIES; attempt++) {
    const points = new Float32Array(rows.count * size);
    for (const row of owners) {
      const out = points.subarray(row * size, (row + 1) * size);
      if (attempt < 0) out.set(rows.starts?.subarray(row * size, (row + 1) * size) ?? []);
      else writeTry(context, rows, decisions, { row, attempt, out });
    }
    const broken = await decisions.broken(points, owners);
    const hits = owners.filter((row) => broken[row] === true);
    const drawn = new Float32Array(hits.length * size);
    hits.forEach((row, i) => drawn.set(points.subarray(row * size, (row + 1) * size), i * size));
    await decisions.bisect(drawn, hits, ROUNDS);
    hits.forEach((row, i) => {
      const x = drawn.slice(i * size, (i + 1) * size);
      const known = nearest[row];
      const isNearer = !known || decisions.distance(row, x) < decisions.distance(row, known);
      if (isNearer) nearest[row] = x;
    });
    // A start that is known is nearer than anything random.
    if (attempt < 0 && hits.length === rows.count) return nearest;
  }
  return nearest;
}

interface Try {
  readonly row: number;
  readonly attempt: number;
  readonly out: Float32Array;
}

function writeTry(
  { seed, threat, classifier }: AttackContext,
  rows: Rows,
  decisions: Decisions,
  { row, attempt, out }: Try,
): void {
  const random = new RandomBlock(seed, rows.streams[row] ?? row, START_DRAWS + attempt);
  const centre = decisions.centre(row);
  const kind = attempt % 3;
  const spread = 0.1 * GROWTH ** attempt;
  const valueAt = (k: number): number => {
    if (!threat.clip) {
      const noise = kind === 0 ? random.normal(k) : random.sign(k);
      return (centre[k] ?? 0) + spread * noise * (decisions.scales[k] ?? 1);
    }
    const [low, high] = threat.clip;
    const share = kind === 0 ? random.uniform(k) : (random.sign(k) + 1) / 2;
    return low + share * (high - low);
  };
  out.set(centre);
  const grid = gridOf(classifier.sampleShape);
  const window = { top: 0, left: 0, height: grid.height, width: grid.width };
  // Every third try changes a patch alone, to one end or the other.
  const isPatch = kind === 2;
  const at = 4 * out.length;
  if (isPatch) placeWindow(window, grid, windowSize(grid, random.uniform(at + 2)), random, at);
  const end = random.bits(at + 3) % 2;
  for (let channel = 0; channel < grid.channels; channel++) {
    for (let y = window.top; y < window.top + window.height; y++) {
      for (let x = window.left; x < window.left + window.width; x++) {
        const k = channel * grid.channelStep + y * grid.rowStep + x * grid.columnStep;
        if ((decisions.scales[k] ?? 1) === 0) continue;
        const value = isPatch && threat.clip ? (threat.clip[end] ?? 0) : valueAt(k);
        out[k] = decisions.within(row, k, value);
      }
    }
  }
}
