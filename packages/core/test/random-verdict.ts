/**
 * One random query whose verdict is held to a mixed-integer program's: a case of the soak; the tests check the
 * same on fewer. Throws where the two differ, or a witness does not hold.
 */
import { type Model, readModel } from '../src/onnx/read.ts';
import { withDeadline } from '../src/runtime/deadline.ts';
import type { OpenNetwork } from '../src/runtime/network.ts';
import { openQueryNetwork } from '../src/verify/query-network.ts';
import { verify } from '../src/verify/verify.ts';
import { holds } from '../src/vnnlib/holds.ts';
import { fileOf, hiddenOf, requireNetworks } from '../src/vnnlib/interface.ts';
import { parseVnnlib } from '../src/vnnlib/parse.ts';
import { Draw } from './generators/draw.ts';
import { modelOf, runtime } from './verify/dense.ts';
import { greatestSlack, type Slack } from './verify/milp-oracle.ts';
import { portedModel } from './verify/ported.ts';
import {
  drawInsideProblem,
  drawPortedProblem,
  drawProblem,
  loosened,
  type RandomProblem,
  textOf,
} from './verify/random-problem.ts';

export interface VerdictNote {
  readonly outcome: string;
  readonly method: string | null;
  readonly branches: number;
  readonly networks: number;
  /** Nearer to the threshold than rounding may decide. */
  readonly isTie: boolean;
}

const TIE = 1e-5;
/** Relative to the row's terms. */
const OPEN = 2e-3;
/** Milliseconds; none that is no tie needs a tenth of it. */
const PATIENCE = 20_000;

export function checkRandomVerdict(seed: number): Promise<VerdictNote> {
  return checked(seed, drawProblem, TIE);
}

/** The same about networks of several inputs and outputs, with hidden values. */
export function checkPortedVerdict(seed: number): Promise<VerdictNote> {
  return checked(seed, drawPortedProblem, TIE);
}

/**
 * The same about networks of many inputs, which are cut inside. Where every value inside is on one side only
 * multipliers are left to close a domain, and their steps end: nearer to the threshold it may stay open. So may
 * what only several conditions together exclude.
 */
export function checkInsideVerdict(seed: number): Promise<VerdictNote> {
  return checked(seed, drawInsideProblem, OPEN);
}

async function checked(
  seed: number,
  make: (draw: Draw) => RandomProblem,
  open: number,
): Promise<VerdictNote> {
  const draw = new Draw(seed);
  const { problem, attained, proven, size } = await drawn(draw, make);
  const text = textOf(draw, problem);
  const memory = draw.pick([1, 10_000, 2 ** 30]);
  const verdict = await decided(problem, text, { memory, seed });
  const { outcome, method, branches, isWitness } = verdict;
  const expected = attained > TIE ? 'sat' : proven < -TIE ? 'unsat' : null;
  // Where sums of large terms come out this small, float32 bounds may leave it open, and say so.
  const isOpen = outcome === 'unknown' || outcome === 'timeout';
  // One box at a time is bounded where shapes have no axis for samples: patience ends sooner.
  const isSlow = problem.networks.some(({ ports }) => ports?.batchless);
  const most = isSlow ? OPEN : open;
  const joined = most === OPEN && problem.clauses.flat().some((rows) => rows.length > 1);
  const isNear = Math.min(Math.abs(attained), Math.abs(proven)) <= most * size;
  const mayBeOpen = isOpen && (isNear || joined);
  const isDifferent = expected !== null && outcome !== expected && !mayBeOpen;
  if (isDifferent || !isWitness) {
    const said = isWitness ? outcome : 'a witness that does not hold';
    throw new Error(`${said}; slack is from ${attained} to ${proven}, of ${size}\n${text}`);
  }
  return {
    outcome,
    method,
    branches,
    networks: problem.networks.length,
    isTie: expected === null || mayBeOpen,
  };
}

/** Most are moved to where a little decides. */
async function drawn(
  draw: Draw,
  make: (draw: Draw) => RandomProblem,
): Promise<Slack & { readonly problem: RandomProblem }> {
  const problem = make(draw);
  const slack = await greatestSlack(problem);
  if (draw.chance(0.3) || !Number.isFinite(slack.attained)) return { problem, ...slack };
  const left = 10 ** draw.real(-4.6, -1) * draw.pick([-1, 1]);
  const nearer = loosened(problem, left - slack.attained);
  return { problem: nearer, ...(await greatestSlack(nearer)) };
}

async function decided(
  { networks: given }: RandomProblem,
  text: string,
  options: { readonly memory: number; readonly seed: number },
) {
  const query = parseVnnlib(text);
  const end = Date.now() + PATIENCE;
  const limited = withDeadline(runtime, () => Date.now() > end);
  const models = new Map<string, Model>();
  const networks = new Map<string, OpenNetwork>();
  for (const [i, declared] of query.networks.entries()) {
    const network = given[i];
    const { name } = declared;
    if (!network || fileOf(declared) !== name) continue;
    const { layers, ports } = network;
    const file = ports ? portedModel(ports) : modelOf(layers);
    const model = readModel(file, { hidden: hiddenOf(query, name) });
    models.set(name, model);
  }
  requireNetworks(query, models);
  for (const [name, model] of models) {
    networks.set(name, await openQueryNetwork(query, name, model, limited));
  }
  try {
    const { witness, ...decision } = await verify({ query, networks, ...options });
    return { ...decision, isWitness: witness === null || holds(query, witness) };
  } finally {
    for (const network of networks.values()) await network.release();
  }
}
