/**
 * One query broken at random, about networks that it may still fit: it is decided, or refused by a typed error with
 * a place, in little time. A case of the soak; the tests check the same on fewer. Throws for anything else.
 */
import { readModel } from '../src/onnx/read.ts';
import { withDeadline } from '../src/runtime/deadline.ts';
import { openNetwork, type OpenNetwork } from '../src/runtime/network.ts';
import { verify } from '../src/verify/verify.ts';
import { holds } from '../src/vnnlib/holds.ts';
import { fileOf, requireNetworks } from '../src/vnnlib/interface.ts';
import { parseVnnlib } from '../src/vnnlib/parse.ts';
import { VnnlibError } from '../src/vnnlib/vnnlib-error.ts';
import { Draw } from './generators/draw.ts';
import { modelOf, runtime } from './verify/dense.ts';
import { drawProblem, type RandomProblem, textOf } from './verify/random-problem.ts';
import { misprinted, mutated } from './vnnlib/mutants.ts';

/** sat, unsat, unknown, timeout, or refused. */
export type MutantNote = string;

/** Milliseconds that a query may take to decide, and after those to end. */
const [GIVEN, PATIENCE] = [2000, 8000];

export async function checkRandomMutant(seed: number): Promise<MutantNote> {
  const draw = new Draw(seed);
  const problem = drawProblem(draw);
  const whole = textOf(draw, problem);
  const text = draw.chance(0.7) ? misprinted(whole, draw) : mutated(whole, draw, 2);
  const begun = Date.now();
  try {
    const outcome = await decided(problem, text, begun + GIVEN);
    const taken = Date.now() - begun;
    if (taken > GIVEN + PATIENCE) throw new Error(`it took ${taken} ms`);
    return outcome;
  } catch (error) {
    if (error instanceof VnnlibError && error.message.length < 1000) return 'refused';
    throw new Error(`${String(error)}\n${text}`, { cause: error });
  }
}

async function decided({ networks: given }: RandomProblem, text: string, end: number) {
  const query = parseVnnlib(text);
  const limited = withDeadline(runtime, () => Date.now() > end);
  const own = query.networks.filter((network) => fileOf(network) === network.name);
  const models = new Map(
    own.flatMap(({ name }, i) => {
      const layers = given[i]?.layers;
      return layers ? [[name, readModel(modelOf(layers))] as const] : [];
    }),
  );
  requireNetworks(query, models);
  const networks = new Map<string, OpenNetwork>();
  try {
    for (const [name, model] of models) networks.set(name, await openNetwork(model, limited));
    const { outcome, witness } = await verify({ query, networks });
    if (witness && !holds(query, witness)) throw new Error('the witness does not hold');
    return outcome;
  } finally {
    for (const network of networks.values()) await network.release();
  }
}
