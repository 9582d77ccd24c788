/** Margins of a classifier bounded layer by layer, one input after the other. */
import type { Semantics } from '../audit/run.ts';
import type { Classifier } from '../runtime/classifier.ts';
import type { RowFeed } from '../runtime/rows.ts';
import { nextUp, roundUp } from '../tensor/float32.ts';
import { type Rows, setFeeds, type SetContext, threatKey } from '../threats/ball.ts';
import { sideFeeds } from '../runtime/side-inputs.ts';
import { roundingModel } from '../transforms/rounding.ts';
import type { Bound } from './bound.ts';
import { LayerwiseBounds, type Method, type SetFeed } from './layerwise.ts';
import { requireProvable } from './provable.ts';

const opened = new WeakMap<Classifier, Map<string, LayerwiseBounds>>();

/** One for each classifier, threat and semantics: its programs are compiled once. */
function layerwise({ classifier, threat }: SetContext, semantics: Semantics): LayerwiseBounds {
  const own = opened.get(classifier) ?? new Map<string, LayerwiseBounds>();
  opened.set(classifier, own);
  const key = `margins/${semantics}/${threatKey(threat)}`;
  const known = own.get(key);
  if (known) return known;
  requireProvable(classifier.model, semantics);
  const subject = { network: classifier, output: classifier.proven, threat };
  const made = new LayerwiseBounds({ ...subject, rounding: roundingModel(semantics) }, key);
  own.set(key, made);
  return made;
}

export function layerMargins(id: string, method: Method): Bound {
  return {
    id,
    margins: async (context, rows, semantics) => {
      const bounds = layerwise(context, semantics);
      const { classes, sides } = context.classifier;
      const feeds = { ...setFeeds(context, rows, 'outward'), ...sideFeeds(sides, rows.streams) };
      const radius = Float32Array.from(rows.radii, (value) => nextUp(roundUp(value)));
      const all = { ...feeds, radius: { data: radius, shape: [] } };
      const lower = new Float64Array(rows.count).fill(Number.NaN);
      for (let row = 0; row < rows.count; row++) {
        context.signal?.throwIfAborted();
        const specification = marginRows(rows, row, classes);
        lower[row] = await least(bounds, setOf(all, row), specification, method);
      }
      return lower;
    },
  };
}

async function least(
  bounds: LayerwiseBounds,
  set: SetFeed,
  rows: Float32Array,
  method: Method,
): Promise<number> {
  const found = await bounds.inside(set, method);
  if (!found) return Number.NaN;
  const values = await bounds.least(set, found, bounds.layers.length - 1, rows, method);
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
