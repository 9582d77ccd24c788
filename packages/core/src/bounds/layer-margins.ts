/** Margins of a classifier bounded layer by layer, one input after the other. */
import type { Semantics } from '../audit/run.ts';
import type { Programs } from '../runtime/programs.ts';
import type { RowFeed } from '../runtime/rows.ts';
import { type Rows, setFeeds, type SetContext, threatKey } from '../threats/ball.ts';
import { sideFeeds } from '../runtime/side-inputs.ts';
import { roundingModel } from '../transforms/rounding.ts';
import type { Bound } from './bound.ts';
import {
  type Ends,
  LayerwiseBounds,
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
      const { bounds, nested } = openedFor(context, semantics);
      const { classes, sides, sampleSize } = context.classifier;
      const all = { ...setFeeds(context, rows, 'outward'), ...sideFeeds(sides, rows.streams) };
      const lower = new Float64Array(rows.count).fill(Number.NaN);
      for (let row = 0; row < rows.count; row++) {
        context.signal?.throwIfAborted();
        const set = setOf(all, row);
        const x = rows.x.subarray(row * sampleSize, (row + 1) * sampleSize);
        const [stream = 0, reach = 0] = [rows.streams[row], rows.radii[row]];
        const found = await bounds.inside(set, method, nested.around(stream, x, reach));
        if (!found) continue;
        nested.keep(stream, x, reach, found);
        lower[row] = await least(
          bounds,
          { set, found, rows: marginRows(rows, row, classes) },
          method,
        );
      }
      return lower;
    },
  };
}

interface Asked {
  readonly set: SetFeed;
  readonly found: readonly Ends[];
  readonly rows: Float32Array;
}

async function least(
  bounds: LayerwiseBounds,
  { set, found, rows }: Asked,
  method: LayerMethod,
): Promise<number> {
  // A search interpolates between margins: they must not end where they are proven.
  const values = await bounds.least(set, found, { rows, settles: false }, method.rows);
  // A single NaN makes the whole unknown.
  return values.reduce(
    (low, value) => (value < low || Number.isNaN(value) ? value : low),
    Infinity,
  );
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

function setOf(feeds: Readonly<Record<string, RowFeed>>, row: number): SetFeed {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { data, shape }]) => {
      const size = shape.reduce((product, dim) => product * dim, 1);
      return [name, { data: data.slice(row * size, (row + 1) * size), shape }];
    }),
  );
}
