/**
 * What an audit runs, in order: cheap first, each stage only on what still stands. The order is fixed:
 * one by the counts of a running audit would depend on how its blocks and workers fall. It is that of the
 * breaks per 1,000 forwards and gradients measured on four rows of MNIST networks (96 inputs each): fgsm
 * 8–125, apgd-wide 0.6–9, apgd-margin and fgsm-rivals 0–0.6, fmn-rounds 0.02–0.7, apgd-t 0–0.03, square
 * 0–0.07, the last because an input takes it three times as long as apgd-t.
 */
import type { Attack } from '../attacks/attack.ts';
import { pgd } from '../attacks/pgd.ts';
import { attackTable, fmnRoundsWithin } from '../attacks/table.ts';
import { transferFrom } from '../attacks/transfer.ts';
import { alphaCrownLast } from '../bounds/alpha-crown.ts';
import type { Bound } from '../bounds/bound.ts';
import { constantMargins } from '../bounds/constant-margins.ts';
import { crown, crownIbp } from '../bounds/crown.ts';
import { interval } from '../bounds/interval.ts';
import type { Classifier } from '../runtime/classifier.ts';

/** A bound, asked at ε and in the search for the largest proven radius. */
export interface Proof {
  readonly bound: Bound;
  /**
   * The search ends when the bracket of proven and unproven radii is this narrow, relatively; null: the
   * bound is asked at ε alone.
   */
  readonly tolerance: number | null;
  /** The same where the bound is dear. */
  readonly dearTolerance: number | null;
  /**
   * Where it is dear, it is asked at ε only about inputs whose best bound so far is above minus so many
   * times their margin.
   */
  readonly hope: number;
}

/** How far the exact margin is sought. */
export interface ExactPlan {
  /** The bracket's relative width that ends the search. */
  readonly tolerance: number;
  /** Linear programs that may be solved for one input. */
  readonly nodes: number;
  /** ReLUs of open sign beyond which it is not tried. */
  readonly unstable: number;
}

/** Where few inputs vary, boxes are cut until nothing is open; elsewhere the sets are cut by values inside. */
export interface SplitPlan {
  /** Inputs that may vary for boxes to be cut. */
  readonly inputs: number;
  /** Domains that are bounded at most for one input at one radius; 0: nothing is cut inside. */
  readonly domains: number;
  /** Boxes that are bounded at most for one input at the run's ε. */
  readonly boxes: number;
  /** The same at each radius of the search. */
  readonly searchBoxes: number;
  readonly searchDomains: number;
  /** How narrow a bracket of radii ends the search for it, relatively. */
  readonly tolerance: number;
}

export interface Plan {
  /** Cheap first; each but the constants is at least as tight as the one before. */
  readonly proofs: readonly Proof[];
  /** The exact margin, after all bounds, of networks and norms that have one to find; null: not sought. */
  readonly exact: ExactPlan | null;
  /** Branch and bound over the inputs, after all bounds and attacks; null: none. */
  readonly split: SplitPlan | null;
  /** null: no yardstick. */
  readonly noise: Attack | null;
  /** At the run's ε. */
  readonly attacks: readonly Attack[];
  /** How many of them run before proofs are asked for; the rest attack what is not proven either. */
  readonly cheap: number;
  /** For the nearest break of every input, before the search for the smallest broken radius. */
  readonly nearest: readonly Attack[];
  /**
   * Need no gradient: the first that serves the norm, for inputs that nothing else broke or that show no
   * gradient. It goes after the ones above, or at each radius of the search, by its aim.
   */
  readonly blind: readonly Attack[];
  /** At each radius of the search for the smallest broken one; none: it is not searched. */
  readonly search: readonly Attack[];
  /** Once the search is over, what tries again this share below the radius it found. */
  readonly polish: readonly Attack[];
  readonly polishShare: number;
  /** The search ends when the bracket of tried radii is this narrow, relatively, or after `rounds`. */
  readonly tolerance: number;
  readonly rounds: number;
}

/** What a bound that a tighter one follows need not be exact to. */
const ROUGH = 0.1;

/** Intervals are at least as tight in ℓ∞; norms of more weights take longer than they are worth. */
const l2Constant = constantMargins({ norms: ['l2'], mostWeights: 2 ** 20 });

/** To 1e-4 relative, or as near as so many programs bring it. */
export const exactPlan: ExactPlan = { tolerance: 1e-4, nodes: 5000, unstable: 400 };

/** Inputs that vary up to which cutting their box pays. */
const FEW_INPUTS = 20;

/** Until each box is decided, or so many were bounded. */
export const splitPlan: SplitPlan = {
  inputs: FEW_INPUTS,
  domains: 100_000,
  boxes: 1_000_000,
  searchBoxes: 100_000,
  searchDomains: 2000,
  tolerance: 1e-3,
};

/**
 * Branch and bound on what bounds leave open, and on what attacks do not break: they run after the bounds, and
 * say where the search for the largest radius ends.
 */
export function splitting(plan: Plan, proofs: Plan['proofs']): Plan {
  const { attacks, cheap, search, polish } = plan;
  const proving = onlyProving(plan, { proofs, exact: null, split: splitPlan });
  return { ...proving, attacks: attacks.slice(0, cheap), search, polish };
}

/** A plan that proves alone: nothing is attacked. */
export function onlyProving(
  plan: Plan,
  { proofs, exact, split }: Pick<Plan, 'proofs' | 'exact' | 'split'>,
): Plan {
  const none = {
    noise: null,
    attacks: [],
    cheap: 0,
    nearest: [],
    blind: [],
    search: [],
    polish: [],
  };
  return { ...plan, ...none, proofs, exact, split };
}

/** `surrogates`: other models of the same inputs and classes, whose gradients are tried as well. */
export function defaultPlan(surrogates: readonly Classifier[] = []): Plan {
  return {
    proofs: [
      { bound: interval, tolerance: ROUGH, dearTolerance: ROUGH, hope: Infinity },
      { bound: l2Constant, tolerance: 2e-5, dearTolerance: 2e-5, hope: Infinity },
      { bound: crownIbp, tolerance: ROUGH, dearTolerance: ROUGH, hope: Infinity },
      { bound: crown, tolerance: 2e-5, dearTolerance: 3e-2, hope: 8 },
      { bound: alphaCrownLast, tolerance: null, dearTolerance: null, hope: 1 },
    ],
    exact: null,
    split: {
      ...splitPlan,
      domains: 0,
      searchDomains: 0,
      boxes: 5000,
      searchBoxes: 400,
      tolerance: 1e-2,
    },
    noise: attackTable.noise,
    attacks: [
      attackTable.fgsm,
      attackTable['apgd-wide'],
      attackTable['apgd-margin'],
      attackTable['fgsm-rivals'],
      fmnRoundsWithin,
      attackTable['corner-search'],
      attackTable['apgd-t'],
      ...surrogates.map(transferFrom),
      attackTable.square,
    ],
    cheap: 4,
    nearest: [],
    blind: [],
    search: [
      attackTable.fgsm,
      pgd({ loss: 'margin', steps: 10, restarts: 1, stepSize: 0.25 }),
      attackTable['fgsm-rivals'],
    ],
    polish: [
      pgd({ loss: 'margin', steps: 40, restarts: 2, stepSize: 0.25 }),
      pgd({ loss: 'cross-entropy', steps: 40, restarts: 1, stepSize: 0.5 }),
    ],
    polishShare: 0.02,
    tolerance: 2e-5,
    rounds: 24,
  };
}
