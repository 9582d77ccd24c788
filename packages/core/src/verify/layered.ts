/**
 * Bounds of alternatives layer by layer, for networks too wide to bound many boxes at once: cheaper
 * methods first, and only alternatives that are still open go on to the next.
 */
import type { Semantics } from '../audit/run.ts';
import type { Layer, Subject } from '../bounds/layer-graphs.ts';
import { type Ends, LayerwiseBounds, type SetFeed } from '../bounds/layerwise.ts';
import { type BoundName, boundMethods } from '../bounds/methods.ts';
import type { OpenNetwork } from '../runtime/network.ts';
import { sideFeeds } from '../runtime/side-inputs.ts';
import { addDown, timesDown, timesUp } from '../tensor/float64.ts';
import { linf } from '../threats/threat.ts';
import { roundingModel } from '../transforms/rounding.ts';
import type { Alternative } from './alternatives.ts';
import { middleOf } from './box-bounder.ts';
import { excessOf, type Question } from './domain.ts';
import type { Root } from './domain-feeds.ts';
import { leastOfOne } from './specification.ts';

type Name = Exclude<BoundName, 'interval' | 'forward'>;

/** An alternative that bounds leave open, with what branch and bound begins with. */
export interface LeftOpen {
  readonly alternative: Alternative;
  /** Null where a value inside is not finite. */
  readonly root: Root | null;
  /** Its row that is nearest to being refuted. */
  readonly question: Question | null;
}

/** What is bounded here. */
export function subjectOf(network: OpenNetwork, semantics: Semantics): Subject {
  const rounding = roundingModel(semantics);
  return { network, output: network.output, threat: linf({ eps: 0 }), rounding };
}

export class LayeredBounds {
  /** The greatest lower bound of the alternative that is furthest from closed, of those asked about last. */
  lower = -Infinity;
  private readonly network: OpenNetwork;
  private readonly bounds: LayerwiseBounds;
  private readonly inside = new Map<string, Over | null>();

  constructor(network: OpenNetwork, semantics: Semantics) {
    this.network = network;
    this.bounds = LayerwiseBounds.of(subjectOf(network, semantics), `verify/${semantics}`);
  }

  /** The alternatives that stay open after a method. */
  async leaves(name: Name, alternatives: readonly Alternative[]): Promise<LeftOpen[]> {
    const { bounds, network } = this;
    const left: LeftOpen[] = [];
    this.lower = Infinity;
    for (const alternative of alternatives) {
      const over = await overBox(bounds, network, name, alternative, this.inside);
      const questions = over ? questionsOf(alternative, over.ends) : [];
      const rows = Float32Array.from(questions.flatMap(({ row }) => [...row]));
      const how = boundMethods[name].rows;
      const asked = { rows: [rows], settles: false };
      const [least] = over ? await bounds.least(over.set, over.found, asked, how) : [];
      let [question, most]: [Question | null, number] = [questions[0] ?? null, -Infinity];
      questions.forEach((each, k) => {
        const bound = least?.[k] ?? NaN;
        const attained = over ? leastOfOne(each.row, over.ends) : NaN;
        const excess = excessOf(each, attained > bound ? attained : bound);
        if (excess > most) [question, most] = [each, excess];
      });
      if (most > 0) continue;
      this.lower = Math.min(this.lower, most);
      left.push({ alternative, root: over, question });
    }
    return left;
  }

  /** What the slopes inside cost to optimise over a root, in passes back and forth through all layers. */
  passesOf(root: Root): number {
    return optimisingPasses(this.bounds.layers, root);
  }
}

export function optimisingPasses(layers: readonly Layer[], { found }: Root): number {
  const { steps } = boundMethods['alpha-crown'].inside;
  return found.reduce((sum, { lower, upper }, place) => {
    const rows = layers[place]?.exact ? 0 : 2 * countOf(lower, upper);
    return sum + (rows * steps * place) / layers.length;
  }, 0);
}

/** Values that may lie on either side of 0. */
function countOf(lower: Float32Array, upper: Float32Array): number {
  let count = 0;
  lower.forEach((low, i) => (count += Number(low < 0 && (upper[i] ?? 0) > 0)));
  return count;
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
  const all: Question[] = [];
  rows.forEach((row, k) => {
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
    all.push({
      index,
      rows: all,
      row: own.slice(from),
      beside,
      bound: row.bound,
      isStrict: row.isStrict,
    });
  });
  return all;
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
