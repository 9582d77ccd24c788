/**
 * The margin on a plane through an input: one direction is that in which its gradient says that the margin falls,
 * the other is random and orthogonal, both of the run's radius; with the way of iterated gradient steps over it.
 * A credible gradient shows a slope along the first direction; a masked one a plain, steps or ripples.
 */
import type { AttackContext } from '../attacks/attack.ts';
import { marginProgram, stepProgram } from '../attacks/programs.ts';
import { stepSizeAt } from '../attacks/pgd.ts';
import { rowsOf } from '../audit/attack-stage.ts';
import type { Entry } from '../audit/ledger.ts';
import type { LandscapeRecord } from '../audit/run.ts';
import { runRows } from '../runtime/rows.ts';
import { RandomBlock } from '../tensor/random.ts';
import { ballFeeds, networkFeeds } from '../threats/ball.ts';
import { significant } from './significant.ts';

/** Points along a side, and how far the plane goes, in radii. */
const SIDE = 33;
const REACH = 2;
const STEPS = 40;
const LANDSCAPE_DRAW = 0x53000;

/** `slope`: the margin's gradient at the entry's input. Null where it has no direction at all. */
export async function landscapeOf(
  context: AttackContext,
  entry: Entry,
  slope: Float32Array,
): Promise<LandscapeRecord | null> {
  const { classifier, threat, seed, signal } = context;
  const { sampleSize: size, sampleShape: shape } = classifier;
  const radius = threat.eps;
  const own = rowsOf(classifier, [entry], Float64Array.of(radius));
  const random = new RandomBlock(seed, entry.index, LANDSCAPE_DRAW);
  // Without a gradient the first direction is random too: that is what the attack has to go by.
  const downhill = slope.some((value) => value !== 0)
    ? slope.map((value) => -value)
    : slope.map((_, k) => random.normal(size + k));
  const first = unit(threat.norm.isBox ? downhill.map(Math.sign) : downhill);
  const chance = (k: number) => (threat.norm.isBox ? random.sign(k) : random.normal(k));
  const second = orthogonal(
    Float32Array.from({ length: size }, (_, k) => chance(k)),
    first,
  );
  // So long that the first direction ends on the sphere of the radius.
  const length = radius / threat.norm.length(first);
  if (!Number.isFinite(length)) return null;
  const place = (u: number, v: number): Float32Array =>
    entry.x.map((value, k) => value + length * (u * (first[k] ?? 0) + v * (second[k] ?? 0)));
  const at = (i: number): number => REACH * ((2 * i) / (SIDE - 1) - 1);
  const points = new Float32Array(SIDE * SIDE * size);
  const distances: number[] = [];
  for (let i = 0; i < SIDE * SIDE; i++) {
    const point = place(at(i % SIDE), at(Math.floor(i / SIDE)));
    points.set(point, i * size);
    const delta = Float64Array.from(point, (value, k) => value - (entry.x[k] ?? 0));
    distances.push(significant(threat.norm.length(delta) / radius));
  }
  const count = SIDE * SIDE;
  const many = {
    ...own,
    count,
    labels: new Int32Array(count).fill(own.labels[0] ?? 0),
    streams: new Array<number>(count).fill(entry.index),
  };
  const feeds = { ...networkFeeds(context, many), x: { data: points, shape } };
  const { margin = [] } = await runRows(
    classifier,
    await marginProgram(classifier),
    feeds,
    count,
    signal,
  );
  return {
    index: entry.index,
    label: entry.label,
    side: SIDE,
    reach: REACH,
    margins: Array.from(margin, significant),
    distances,
    path: await pathOn({ context, entry, first, second, length }),
  };
}

interface Plane {
  readonly context: AttackContext;
  readonly entry: Entry;
  readonly first: Float32Array;
  readonly second: Float32Array;
  readonly length: number;
}

/** Where iterated steps go, as coordinates on the plane (what is orthogonal to it is not seen). */
async function pathOn({
  context,
  entry,
  first,
  second,
  length,
}: Plane): Promise<[number, number][]> {
  const { classifier, threat, signal } = context;
  const rows = rowsOf(classifier, [entry], Float64Array.of(threat.eps));
  const ball = ballFeeds(context, rows, 'inward');
  const program = await stepProgram(classifier, threat, 'softmax-cross-entropy');
  const path: [number, number][] = [[0, 0]];
  let x = entry.x;
  for (let step = 0; step < STEPS; step++) {
    const pace = stepSizeAt({ loss: 'softmax-cross-entropy', steps: STEPS, restarts: 1 }, step);
    const feeds = {
      ...ball,
      x: { data: x, shape: classifier.sampleShape },
      step: { data: Float32Array.of(pace), shape: [] },
    };
    const { next } = await runRows(classifier, program, feeds, 1, signal);
    if (!next) break;
    x = next;
    const along = (direction: Float32Array): number =>
      direction.reduce((sum, value, k) => sum + value * ((x[k] ?? 0) - (entry.x[k] ?? 0)), 0);
    path.push([significant(along(first) / length), significant(along(second) / length)]);
  }
  return path;
}

function unit(values: Float32Array): Float32Array {
  const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0)) || 1;
  return values.map((value) => value / length);
}

/** The part of a direction that is orthogonal to a unit one, of length 1. */
function orthogonal(values: Float32Array, to: Float32Array): Float32Array {
  const along = values.reduce((sum, value, k) => sum + value * (to[k] ?? 0), 0);
  return unit(values.map((value, k) => value - along * (to[k] ?? 0)));
}
