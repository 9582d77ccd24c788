/** Margins of a classifier bounded layer by layer, as many inputs at once as go well together. */
import type { Semantics } from '../audit/run.ts';
import type { Programs } from '../runtime/programs.ts';
import { type Rows, setFeeds, type SetContext, threatKey } from '../threats/ball.ts';
import { sideFeeds } from '../runtime/side-inputs.ts';
import { roundingModel } from '../transforms/rounding.ts';
import type { Bound } from './bound.ts';
import {
  type Ends,
  type Found,
  LayerwiseBounds,
  ofSet,
  type Backward,
  type Propagation,
  type SetFeed,
} from './layerwise.ts';
import { NestedSets } from './nested-sets.ts';
import { isWide } from './size.ts';
import { requireProvable } from './provable.ts';

/** The programs of one network, threat and semantics, and what they found of its inputs. */
interface Opened {
  readonly bounds: LayerwiseBounds;
  readonly nested: NestedSets;
}

const opened = new WeakMap<Programs, Map<string, Opened>>();

/** Each is opened once. */
function openedFor({ classifier, threat }: SetContext, semantics: Semantics): Opened {
  const own = opened.get(classifier.programs) ?? new Map<string, Opened>();
  opened.set(classifier.programs, own);
  // Nested sets are kept by radius: what else a set depends on is in the key.
  const key = `margins/${semantics}/${threatKey(threat)}/${threat.clip?.join(',') ?? ''}`;
  const known = own.get(key);
  if (known) return known;
  requireProvable(classifier.model, semantics);
  const subject = { network: classifier, output: classifier.proven, threat };
  const rounding = roundingModel(semantics);
  const bounds = LayerwiseBounds.of({ ...subject, rounding }, key);
  const made = { bounds, nested: new NestedSets() };
  own.set(key, made);
  return made;
}

/** Backward linear bounds of the margins; how the layers inside are bounded, and the margins themselves. */
export interface LayerMethod {
  readonly inside: Propagation;
  readonly rows: Backward;
}

export function layerMargins(id: string, method: LayerMethod): Bound {
  return {
    id,
    isDear: isWide,
    margins: async (context, rows, semantics) => {
      const own = openedFor(context, semantics);
      const { sides } = context.classifier;
      const all = { ...setFeeds(context, rows, 'outward'), ...sideFeeds(sides, rows.streams) };
      const lower = new Float64Array(rows.count);
      const { setsAtOnce } = own.bounds;
      for (let from = 0; from < rows.count; from += setsAtOnce) {
        context.signal?.throwIfAborted();
        const to = Math.min(rows.count, from + setsAtOnce);
        const group = { all, rows, from, to, context };
        lower.set(await marginsOf(own, group, method), from);
      }
      return lower;
    },
  };
}

/** Rows that are bounded together. */
interface Group {
  readonly all: SetFeed;
  readonly rows: Rows;
  readonly from: number;
  readonly to: number;
  readonly context: SetContext;
}

async function marginsOf(own: Opened, group: Group, method: LayerMethod): Promise<number[]> {
  const { bounds, nested } = own;
  const { all, rows, from, to, context } = group;
  const { classes, sampleSize } = context.classifier;
  const asked = Array.from({ length: to - from }, (_, k) => from + k);
  const balls = asked.map((row) => ({
    stream: rows.streams[row] ?? 0,
    x: rows.x.subarray(row * sampleSize, (row + 1) * sampleSize),
    radius: rows.radii[row] ?? 0,
  }));
  const outer = joined(balls.map(({ stream, x, radius }) => nested.around(stream, x, radius)));
  const set = setOf(all, from, to);
  const found = await bounds.inside(set, method, outer);
  if (!found) {
    if (asked.length === 1) return [Number.NaN];
    // One that is not finite says nothing of the others.
    const lower: number[] = [];
    for (const row of asked) {
      lower.push(...(await marginsOf(own, { ...group, from: row, to: row + 1 }, method)));
    }
    return lower;
  }
  balls.forEach(({ stream, x, radius }, k) => {
    nested.keep(stream, x, radius, copied(ofSet(found, k, asked.length)));
  });
  // A search interpolates between margins: they must not end where they are proven.
  const margins = { rows: asked.map((row) => marginRows(rows, row, classes)), settles: false };
  const least = await bounds.least(set, found, margins, method.rows);
  // A single NaN makes the whole unknown.
  return least.map((values) =>
    values.reduce((low, value) => (value < low || Number.isNaN(value) ? value : low), Infinity),
  );
}

const copied = (found: readonly Ends[]): Ends[] =>
  found.map(({ lower, upper }) => ({ lower: lower.slice(), upper: upper.slice() }));

/** What is known of several sets, one behind the other; of those of which nothing is, that. */
function joined(outers: readonly Found[]): Found {
  const known = outers.find((each) => each !== null);
  if (!known) return null;
  return known.map(({ lower: { length } }, place): Ends => {
    const lower = new Float32Array(outers.length * length).fill(-Infinity);
    const upper = new Float32Array(outers.length * length).fill(Infinity);
    outers.forEach((outer, k) => {
      const own = outer?.[place];
      if (!own) return;
      lower.set(own.lower, k * length);
      upper.set(own.upper, k * length);
    });
    return { lower, upper };
  });
}

/** The label's score less each other: [classes − 1, classes]. */
function marginRows({ labels }: Rows, row: number, classes: number): Float32Array {
  const rows = new Float32Array((classes - 1) * classes);
  const label = labels[row] ?? 0;
  for (let k = 0, i = 0; k < classes; k++) {
    if (k === label) continue;
    rows[i * classes + label] = 1;
    rows[i * classes + k] = -1;
    i++;
  }
  return rows;
}

function setOf(feeds: SetFeed, from: number, to: number): SetFeed {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { data, shape }]) => {
      const size = shape.reduce((product, dim) => product * dim, 1);
      return [name, { data: data.slice(from * size, to * size), shape }];
    }),
  );
}
