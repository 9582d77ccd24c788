/** What each command and method runs. */
import {
  alphaCrown,
  type Attack,
  attackTable,
  type Bound,
  type Classifier,
  constantMargins,
  crown,
  crownIbp,
  defaultPlan,
  exactPlan,
  onlyProving,
  exactRefusal,
  interval,
  lipschitz,
  type Plan,
  splitRefusal,
  splitting,
  ReluNetworkReader,
  square,
  type Threat,
  transferFrom,
} from '@glacis/core';
import { type Cascade, cascades, type MethodName } from '../cli/methods.ts';
import type { ProofName } from '../cli/proofs.ts';
import { UsageError } from '../errors.ts';

/** A proof at ε, and where `radius` is true the largest proven radius. */
export interface Certification {
  readonly proof: ProofName | 'lipschitz' | 'bab' | 'exact';
  readonly radius: boolean;
}

/** The models that lend their gradients. */
type Surrogates = readonly Classifier[];

/** What a method is to serve. */
interface Serving {
  readonly classifier: Classifier;
  readonly threat: Threat;
}

/** An audit, the attacks asked for, or the proof. */
export type Job = 'audit' | readonly MethodName[] | Certification;

/**
 * Radii that are asked for are found this closely, relatively: by each bound in turn, so that a tighter one,
 * or the exact margin, never gives less than a run of a cheaper one.
 */
const CLOSE = 5e-5;

/** At each radius of a search by scores alone. */
const BLIND_QUERIES = 1000;

const cascadeOfBounds: readonly Bound[] = [interval, crownIbp, crown, alphaCrown];

/** By one constant for all inputs, and by one for each ball. */
const slopes: readonly Bound[] = [
  constantMargins({ norms: ['linf', 'l2', 'l1'], mostWeights: Infinity }),
  lipschitz,
];

/** The methods that try another model's gradients. */
const borrowers: ReadonlySet<MethodName> = new Set<MethodName>(['standard', 'minimum', 'transfer']);

export interface JobPlan {
  readonly plan: Plan;
  /** Whether the radii of both sides are searched. */
  readonly radii: boolean;
  readonly proofs: boolean;
}

function isCascade(name: MethodName): name is Cascade {
  return name in cascades;
}

/** Throws UsageError where a method needs a surrogate and none is given, or has no use for those given. */
export function planOf(job: Job, surrogates: Surrogates): JobPlan {
  const plan = defaultPlan(surrogates);
  if (job === 'audit') return { plan, radii: true, proofs: true };
  if ('proof' in job) return { plan: provingPlan(plan, job), radii: job.radius, proofs: true };
  if (surrogates.length > 0 && !job.some((name) => borrowers.has(name))) {
    throw new UsageError(
      `--surrogate is used by audit and by --method standard, minimum and transfer alone; add transfer to --method ${job.join(',')}, or leave it out.`,
    );
  }
  const named = job.flatMap((name) =>
    isCascade(name) ? cascadeOf(plan, name, surrogates) : attacksNamed(name, surrogates),
  );
  const asked = named.find(({ side }) => side === 'noise') ?? null;
  const noise = job.some(isCascade) ? plan.noise : asked;
  // One kind of noise is the yardstick; others that are asked for run as attacks do.
  const attacks = named.filter((attack) => attack !== noise);
  const chosen = { ...plan, attacks, noise };
  const minimum = job.includes('minimum');
  const nearest = minimum ? [attackTable['fmn-rounds'], attackTable['corner-search']] : [];
  const blind = minimum ? [attackTable.hopskipjump, square({ queries: BLIND_QUERIES })] : [];
  return { plan: { ...chosen, nearest, blind }, radii: minimum, proofs: false };
}

/**
 * Throws UsageError where a method that was asked for by its own name cannot serve the norm or the model,
 * with those that can. Cascades leave such members out.
 */
export function requireServing(job: Job, context: Serving, surrogates: Surrogates): void {
  if (job === 'audit') return;
  if ('proof' in job) {
    if (job.proof === 'exact') requireExact(context);
    if (job.proof === 'bab') requireSplittable(context);
    return;
  }
  for (const name of job) {
    if (isCascade(name)) continue;
    const [why] = attacksNamed(name, surrogates).flatMap((each) => each.refusal?.(context) ?? []);
    if (why === undefined) continue;
    const able = Object.values<Attack>(attackTable).filter((attack) => !attack.refusal?.(context));
    const ids = able.map(({ id }) => id).join(', ');
    const lent = name === 'transfer' ? '' : ', transfer (with --surrogate)';
    throw new UsageError(`--method ${name}: ${why}; those that can: ${ids}${lent}.`);
  }
}

/**
 * The bound that is asked for, branch and bound or the exact margin, after all cheaper ones that it is at least
 * as tight as. What branches at ε optimises slopes by itself.
 */
function provingPlan(plan: Plan, { proof: name, radius }: Certification): Plan {
  const isExact = name === 'exact';
  const cuts = name === 'bab';
  const last = isExact || (cuts && radius) ? alphaCrown.id : cuts ? crown.id : name;
  const place = cascadeOfBounds.findIndex(({ id }) => id === last);
  const bounds = name === 'lipschitz' ? slopes : cascadeOfBounds.slice(0, place + 1);
  const proofs = bounds.map((bound) => {
    return { bound, tolerance: CLOSE, dearTolerance: CLOSE, hope: Infinity };
  });
  if (cuts) return splitting(plan, proofs);
  return onlyProving(plan, { proofs, exact: isExact ? exactPlan : null, split: null });
}

/** Throws UsageError where nothing is proven. */
function requireSplittable({ classifier }: Serving): void {
  const why = splitRefusal(classifier);
  if (why !== null) throw new UsageError(`--method bab: ${why}; use --method alpha-crown.`);
}

/** Throws UsageError or ModelError where no exact margin can be found. */
function requireExact({ classifier, threat }: Serving): void {
  const why = exactRefusal(threat);
  if (why !== null) throw new UsageError(`--method exact: ${why}; use --method alpha-crown.`);
  ReluNetworkReader.require({ classifier, threat });
}

function attacksNamed(name: Exclude<MethodName, Cascade>, surrogates: Surrogates): Attack[] {
  if (name !== 'transfer') return [attackTable[name]];
  if (surrogates.length > 0) return surrogates.map(transferFrom);
  throw new UsageError(
    '--method transfer needs --surrogate FILE: the model whose gradients are tried on this one.',
  );
}

function cascadeOf(plan: Plan, name: Cascade, surrogates: Surrogates): readonly Attack[] {
  const first = plan.attacks.slice(0, 2);
  switch (name) {
    case 'standard':
      return plan.attacks;
    case 'minimum':
      return [...first, ...surrogates.map(transferFrom)];
    case 'fast':
      return first;
  }
}
