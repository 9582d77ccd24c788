/**
 * Bounds of alternatives layer by layer, for networks too wide to bound many boxes at once: cheaper
 * methods first, and only alternatives that are still open go on to the next.
 */
import type { Semantics } from '../audit/run.ts';
import type { Subject } from '../bounds/layer-graphs.ts';
import { type Ends, LayerwiseBounds, type SetFeed } from '../bounds/layerwise.ts';
import { type BoundName, boundMethods } from '../bounds/methods.ts';
import type { OpenNetwork } from '../runtime/network.ts';
import { sideFeeds } from '../runtime/side-inputs.ts';
import { addDown, timesDown, timesUp } from '../tensor/float64.ts';
import { linf } from '../threats/threat.ts';
import { roundingModel } from '../transforms/rounding.ts';
import type { Alternative } from './alternatives.ts';
import { middleOf } from './box-bounder.ts';
import type { Question } from './domain.ts';
import type { Root } from './domain-bounder.ts';
import { isAbove } from './specification.ts';

type Name = Exclude<BoundName, 'interval' | 'forward'>;
const methods: readonly Name[] = ['crown-ibp', 'crown', 'alpha-crown'];

/** An alternative that bounds leave open, with what branch and bound begins with. */
export interface LeftOpen {
  readonly alternative: Alternative;
  readonly root: Root;
  readonly question: Question;
}

export interface Layered {
  /** Where the time is not up, all of them: null where a value inside is not finite. */
  readonly open: readonly Alternative[];
  readonly roots: readonly LeftOpen[];
  /** The greatest lower bound of the one that is furthest from closed. */
  readonly lower: number;
}

/** What is bounded here. */
export function subjectOf(network: OpenNetwork, semantics: Semantics): Subject {
  const rounding = roundingModel(semantics);
  return { network, output: network.output, threat: linf({ eps: 0 }), rounding };
}

/** The alternatives that stay open. */
export async function layered(
  network: OpenNetwork,
  semantics: Semantics,
  alternatives: readonly Alternative[],
): Promise<Layered> {
  const bounds = LayerwiseBounds.of(subjectOf(network, semantics), `verify/${semantics}`);
  const nearest = new Map(alternatives.map((each) => [each, -Infinity]));
  const roots = new Map<Alternative, LeftOpen>();
  let open = [...alternatives];
  const inside = new Map<string, Over | null>();
  for (const name of methods) {
    const left: Alternative[] = [];
    for (const alternative of open) {
      const over = await overBox(bounds, network, name, alternative, inside);
      const questions = over ? questionsOf(alternative, over.ends) : [];
      const rows = Float32Array.from(questions.flatMap(({ row }) => [...row]));
      const how = boundMethods[name].rows;
      const least = over && (await bounds.least(over.set, over.found, { rows, settles: false }, how));
      let [best, excess]: [Question | undefined, number] = [questions[0], -Infinity];
      questions.forEach((question, k) => {
        const own = question.excess(least?.[k] ?? NaN);
        if (own > excess) [best, excess] = [question, own];
      });
      if (excess > 0) continue;
      left.push(alternative);
      nearest.set(alternative, Math.max(nearest.get(alternative) ?? -Infinity, excess));
      if (over && best) roots.set(alternative, { alternative, root: over, question: best });
    }
    open = left;
    if (open.length === 0) break;
  }
  const lower = Math.min(Infinity, ...open.map((each) => nearest.get(each) ?? -Infinity));
  return { open, roots: open.flatMap((each) => roots.get(each) ?? []), lower };
}

/** A box with the bounds of all layers over it, the output's last. */
interface Over extends Root {
  readonly ends: Ends;
}

async function overBox(
  bounds: LayerwiseBounds,
  network: OpenNetwork,
  name: Name,
  alternative: Alternative,
  known: Map<string, Over | null>,
): Promise<Over | null> {
  const { lower, upper } = alternative;
  const method = boundMethods[name];
  const box = `${lower.join()}/${upper.join()}`;
  const key = `${JSON.stringify(method.inside)}/${box}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const outer = known.get(`last/${box}`);
  const set = outer?.set ?? setOf(network, alternative);
  const found = await bounds.inside(set, method, outer?.found ?? null);
  const ends = found && (await bounds.ends(set, found, bounds.layers.length - 1, method.rows));
  const over = found && ends && { set, found, ends };
  known.set(key, over);
  known.set(`last/${box}`, over);
  return over;
}

/** An alternative's rows over the outputs, beside what its inputs and the coefficients' rounding may take off. */
function questionsOf({ index, lower, upper, specification }: Alternative, ends: Ends): Question[] {
  const { rows, coefficients, spread } = specification;
  const width = coefficients.length / Math.max(1, rows.length);
  const from = width - ends.lower.length;
  return rows.map((row, k): Question => {
    const own = coefficients.subarray(k * width, (k + 1) * width);
    let beside = 0;
    own.forEach((coefficient, i) => {
      const [low, high] =
        i < from
          ? [lower[i] ?? NaN, upper[i] ?? NaN]
          : [ends.lower[i - from] ?? NaN, ends.upper[i - from] ?? NaN];
      if (i < from && coefficient !== 0) {
        const least = Math.min(timesDown(coefficient, low), timesDown(coefficient, high));
        beside = addDown(beside, least);
      }
      const error = spread?.[k * width + i] ?? 0;
      if (error === 0) return;
      beside = addDown(beside, -timesUp(error, Math.max(Math.abs(low), Math.abs(high))));
    });
    return {
      index,
      row: own.slice(from),
      excess: (least) => {
        const value = addDown(least, beside);
        const over = value - row.bound;
        // A strict row may be refuted with nothing to spare.
        return isAbove(row, value) ? Math.max(over, Number.MIN_VALUE) : Math.min(over, 0);
      },
    };
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
