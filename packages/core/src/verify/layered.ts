/**
 * Bounds of alternatives layer by layer, for networks too wide to bound many boxes at once: cheaper
 * methods first, and only alternatives that are still open go on to the next.
 */
import type { Semantics } from '../audit/run.ts';
import { type Ends, LayerwiseBounds, type SetFeed } from '../bounds/layerwise.ts';
import { type BoundName, boundMethods } from '../bounds/methods.ts';
import type { OpenNetwork } from '../runtime/network.ts';
import { sideFeeds } from '../runtime/side-inputs.ts';
import { addDown, timesDown, timesUp } from '../tensor/float64.ts';
import { linf } from '../threats/threat.ts';
import { roundingModel } from '../transforms/rounding.ts';
import type { Alternative } from './alternatives.ts';
import { middleOf } from './box-bounder.ts';
import { isAbove } from './specification.ts';

type Name = Exclude<BoundName, 'interval' | 'forward'>;
const methods: readonly Name[] = ['crown-ibp', 'crown', 'alpha-crown'];

/** The alternatives that stay open, and the greatest lower bound of the one that is furthest from closed. */
export async function layered(
  network: OpenNetwork,
  semantics: Semantics,
  alternatives: readonly Alternative[],
): Promise<{ readonly open: readonly Alternative[]; readonly lower: number }> {
  const threat = linf({ eps: 0 });
  const rounding = roundingModel(semantics);
  const subject = { network, output: network.output, threat, rounding };
  const bounds = LayerwiseBounds.of(subject, `verify/${semantics}`);
  const nearest = new Map(alternatives.map((each) => [each, -Infinity]));
  let open = [...alternatives];
  const inside = new Map<string, readonly Ends[] | null>();
  for (const name of methods) {
    const left: Alternative[] = [];
    for (const alternative of open) {
      const least = await leastOf(bounds, network, name, alternative, inside);
      const { rows } = alternative.specification;
      if (rows.some((row, k) => isAbove(row, least[k] ?? NaN))) continue;
      left.push(alternative);
      const short = rows.map(({ bound }, k) => (least[k] ?? -Infinity) - bound);
      const before = nearest.get(alternative) ?? -Infinity;
      nearest.set(alternative, Math.max(before, ...short.filter((value) => value > -Infinity)));
    }
    open = left;
    if (open.length === 0) break;
  }
  const lower = Math.min(Infinity, ...open.map((each) => nearest.get(each) ?? -Infinity));
  return { open, lower };
}

/** Lower bounds of an alternative's rows; NaN where nothing is known. */
async function leastOf(
  bounds: LayerwiseBounds,
  network: OpenNetwork,
  name: Name,
  alternative: Alternative,
  known: Map<string, readonly Ends[] | null>,
): Promise<number[]> {
  const { lower, upper, specification } = alternative;
  const { rows, coefficients, spread } = specification;
  const set = setOf(network, alternative);
  const method = boundMethods[name];
  const box = `${lower.join()}/${upper.join()}`;
  const key = `${JSON.stringify(method.inside)}/${box}`;
  let inside = known.get(key);
  if (inside === undefined) {
    const outer = known.get(`last/${box}`) ?? null;
    inside = await bounds.inside(set, method, outer);
    known.set(key, inside);
    known.set(`last/${box}`, inside);
  }
  const place = bounds.layers.length - 1;
  const outputs = bounds.layers[place]?.width ?? 0;
  const width = coefficients.length / Math.max(1, rows.length);
  const from = width - outputs;
  const ends = inside && (await bounds.ends(set, inside, place, method.rows));
  if (!inside || !ends) return rows.map(() => NaN);
  const ofOutputs = new Float32Array(rows.length * outputs);
  rows.forEach((_, k) => {
    ofOutputs.set(coefficients.subarray(k * width + from, (k + 1) * width), k * outputs);
  });
  const least = await bounds.least(set, inside, { rows: ofOutputs, settles: false }, method.rows);
  // The inputs' part, and what the coefficients' rounding may hide.
  return rows.map((_, k) => {
    let value = least[k] ?? NaN;
    for (let i = 0; i < width; i++) {
      const [low, high] =
        i < from
          ? [lower[i] ?? NaN, upper[i] ?? NaN]
          : [ends.lower[i - from] ?? NaN, ends.upper[i - from] ?? NaN];
      const own = coefficients[k * width + i] ?? 0;
      if (i < from && own !== 0)
        value = addDown(value, Math.min(timesDown(own, low), timesDown(own, high)));
      const error = spread?.[k * width + i] ?? 0;
      if (error !== 0) {
        const size = Math.max(Math.abs(low), Math.abs(high));
        value = addDown(value, -timesUp(error, size));
      }
    }
    return value;
  });
}

function setOf(network: OpenNetwork, { lower, upper }: Alternative): SetFeed {
  const shape = network.sampleShape;
  const centre = lower.map((low, i) => middleOf(low, upper[i] ?? low));
  return {
    centre: { data: centre, shape },
    lower: { data: lower, shape },
    upper: { data: upper, shape },
    radius: { data: new Float32Array(1), shape: [] },
    ...sideFeeds(network.sides, [0]),
  };
}
