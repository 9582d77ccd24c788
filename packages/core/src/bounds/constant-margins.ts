/**
 * Margins from one Lipschitz constant over all inputs (Tsuzuku et al. 2018): on a ball of radius r the margin is at
 * least that of its centre less c·L·r, where no two scores together change by more than c times the length of all
 * scores' change: c is 2 in ℓ∞, √2 in ℓ2, 1 in ℓ1. Sharp for networks that were trained for it, cheap for all.
 */
import type { Graph } from '../graph/graph.ts';
import { ModelError } from '../onnx/model-error.ts';
import type { Classifier } from '../runtime/classifier.ts';
import type { Programs } from '../runtime/programs.ts';
import { nextUp, roundUp } from '../tensor/float32.ts';
import type { Bound } from './bound.ts';
import { crownIbp } from './crown.ts';
import { constantsAlong } from './global-lipschitz.ts';
import { type LipschitzConstants, type NormOf, type Path, pathTo } from './layer-norms.ts';
import { roundingAlong } from './path-rounding.ts';
import { requireProvable } from './provable.ts';

const PAIR: Readonly<Record<NormOf, number>> = { linf: 2, l2: Math.SQRT2 * (1 + 2 ** -50), l1: 1 };
/** Room for the float64 operations here. */
const ROOM = 1 + 2 ** -40;

export interface ConstantMarginsOptions {
  /** It serves no other norms. */
  readonly norms: readonly NormOf[];
  /** Nor networks of more weights, whose norms take long. */
  readonly mostWeights: number;
}

interface Opened {
  readonly path: Path;
  readonly constants: ReadonlyMap<number, LipschitzConstants>;
}

const opened = new WeakMap<Programs, Map<number, Promise<Opened | null>>>();

/** Null where a value jumps, or samples are not kept apart. */
function openedFor(classifier: Classifier): Promise<Opened | null> {
  const { programs, proven } = classifier;
  const own = opened.get(programs) ?? new Map<number, Promise<Opened | null>>();
  opened.set(programs, own);
  const known = own.get(proven.id) ?? open(classifier);
  own.set(proven.id, known);
  return known;
}

async function open(classifier: Classifier): Promise<Opened | null> {
  try {
    const path = await pathTo(classifier, classifier.proven);
    return { path, constants: constantsAlong(path) };
  } catch (error) {
    if (error instanceof ModelError) return null;
    throw error;
  }
}

function weightsOf({ nodes }: Graph): number {
  return nodes.reduce(
    (sum, node) => sum + (node.op === 'constant' ? node.attributes.tensor.data.length : 0),
    0,
  );
}

export function constantMargins({ norms, mostWeights }: ConstantMarginsOptions): Bound {
  return {
    id: 'lipschitz-constant',
    serves: ({ classifier, threat }) =>
      norms.some((name) => name === threat.norm.name) && weightsOf(classifier.graph) <= mostWeights,
    isDear: () => false,
    margins: async (context, rows, semantics) => {
      const { classifier, threat } = context;
      requireProvable(classifier.model, semantics);
      const norm = norms.find((name) => name === threat.norm.name);
      const unknown = new Float64Array(rows.count).fill(Number.NaN);
      const network = norm && (await openedFor(classifier));
      if (!network) return unknown;
      const constant = network.constants.get(network.path.to.id)?.[norm] ?? Infinity;
      if (!Number.isFinite(constant)) return unknown;
      const still = { ...rows, radii: new Float64Array(rows.count) };
      const centres = await crownIbp.margins(context, still, 'real');
      const widest = threat.weights?.reduce((most, weight) => Math.max(most, weight), 1) ?? 1;
      const reaches = Array.from(rows.radii, (radius) => nextUp(roundUp(radius)) * widest);
      const errors =
        semantics === 'real'
          ? reaches.map(() => 0)
          : await roundingAlong(context, rows, { ...network, norm, reaches });
      return centres.map((centre, i) => {
        const change = constant * (reaches[i] ?? 0) + (errors[i] ?? 0);
        return centre - PAIR[norm] * change * ROOM;
      });
    },
  };
}
