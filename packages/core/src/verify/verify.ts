/**
 * Decides a query: `sat` with a witness that the files themselves confirm, `unsat` when every disjunct is
 * closed by finite bounds, else `unknown` or `timeout`. The search goes first, then bounds, then branch and
 * bound; a disjunct that is closed is not looked at again.
 */
import type { Semantics } from '../audit/run.ts';
import { requireProvable } from '../bounds/provable.ts';
import { FEW_VALUES } from '../bounds/size.ts';
import { OutOfTime } from '../runtime/deadline.ts';
import type { OpenNetwork } from '../runtime/network.ts';
import { roundingModel } from '../transforms/rounding.ts';
import type { Outcome } from '../vnnlib/assignment.ts';
import type { Query } from '../vnnlib/query.ts';
import type { Tick } from '../vnnlib/tick.ts';
import type { Alternative } from './alternatives.ts';
import { BoxBounder } from './box-bounder.ts';
import { varying } from './branching.ts';
import { InputSplitting, type SplittingOptions } from './input-splitting.ts';
import { JointNetwork } from './joint.ts';
import { LayeredBounds, type LeftOpen, subjectOf } from './layered.ts';
import { type Asked, BranchingInside, InsideBounders } from './branching-inside.ts';
import { type Posed, posedBy } from './posed.ts';
import { posedNetworks } from './posed-networks.ts';
import { Search } from './search.ts';
import { semanticsOf } from './semantics.ts';
import { type Helpers, LateHelpers } from './sharing.ts';
import { startAt, startsIn } from './starts.ts';
import { WitnessJudge } from './witness.ts';

export interface VerifyOptions {
  readonly query: Query;
  /** Opened networks by their names in the query, over a runtime `withDeadline` where time is limited. */
  readonly networks: ReadonlyMap<string, OpenNetwork>;
  /** By default what the query's types say. */
  readonly semantics?: Semantics;
  readonly seed?: number;
  /** Bytes that open boxes may take before the search goes depth first. Default 4 GiB. */
  readonly memory?: number;
  /** Throws OutOfTime when the time is up, as the runtime does: for what needs none. */
  readonly tick?: Tick;
  /** Other processes that take work, where there is much. */
  readonly helpers?: Helpers;
}

/** What decided. */
export type Method =
  'contradiction' | 'search' | 'bounds' | 'input-splitting' | 'activation-splitting';

export interface Decision {
  readonly outcome: Outcome;
  /** The joint vector of a witness, when `sat`. */
  readonly witness: Float64Array | null;
  readonly method: Method | null;
  /** Boxes, or domains told apart by values inside, that were bounded. */
  readonly branches: number;
  /** The least lower bound among what is open, less what would close it; null when nothing is. */
  readonly lower: number | null;
  /** Why nothing was decided, or why no input satisfies the query. */
  readonly reason: string | null;
}

/** Inputs that vary up to which a box is cut. */
const FEW_INPUTS = 20;
/** Up to so many, cutting beats better bounds of wide layers. */
const VERY_FEW_INPUTS = 3;
/** Starts of the first search, shared by the disjuncts, and the fewest of each. */
const [STARTS, FEWEST] = [128, 4];
/** Disjuncts that the first search looks into. */
const MOST_SEARCHED = 256;
const ROOT_SEARCH = { steps: 20, stepSize: 0.25 };
/** Of the search from where a domain's bound is least. */
const BRANCH_SEARCH = { steps: 5, stepSize: 0.25 };
const MOST_MEMORY = 4 * 2 ** 30;

const OPPOSED = 'each alternative asks for a sum of outputs that is both above and below';

/** Throws VnnlibError for what a query asks beyond Glacis, RuleMissing for an op without a bound. */
export async function verify(options: VerifyOptions): Promise<Decision> {
  let posed: Posed;
  try {
    posed = posedBy(options.query, options.tick);
  } catch (error) {
    if (!(error instanceof OutOfTime)) throw error;
    return undecided('timeout', 'the time is up');
  }
  const { contradiction, alternatives, ties } = posed;
  if (contradiction) return unsat('contradiction', 0, contradiction.sentence);
  if (alternatives.length === 0) return unsat('contradiction', 0, OPPOSED);
  let run: Verification | null = null;
  try {
    run = new Verification(options, ties);
    return await run.decide(alternatives);
  } catch (error) {
    if (!(error instanceof OutOfTime)) throw error;
    return { ...undecided('timeout', 'the time is up'), ...run?.progress };
  } finally {
    await run?.release();
  }
}

function unsat(method: Method, branches: number, reason: string | null = null): Decision {
  return { outcome: 'unsat', witness: null, method, branches, lower: null, reason };
}

function sat(witness: Float64Array, method: Method, branches: number): Decision {
  return { outcome: 'sat', witness, method, branches, lower: null, reason: null };
}

function undecided(outcome: 'unknown' | 'timeout', reason: string): Decision {
  return { outcome, witness: null, method: null, branches: 0, lower: null, reason };
}

class Verification {
  private readonly options: VerifyOptions;
  private readonly joint: JointNetwork;
  private readonly semantics: Semantics;
  private readonly helpers: LateHelpers | undefined;
  private splitting: InputSplitting | null = null;
  private rootLower: number | null = null;
  private branching: BranchingInside<LeftOpen & Asked> | null = null;

  constructor(options: VerifyOptions, ties: Int32Array) {
    this.options = options;
    this.semantics = options.semantics ?? semanticsOf(options.query);
    const networks = posedNetworks(options.networks, this.semantics, options.tick);
    this.joint = new JointNetwork(options.query, networks, ties);
    this.helpers = options.helpers && new LateHelpers(options.helpers);
  }

  get progress(): Pick<Decision, 'branches' | 'lower'> {
    const { splitting, branching } = this;
    // What domains come to is not proven while they are open.
    const lower = splitting ? splitting.lower : this.rootLower;
    const known = lower !== null && Number.isFinite(lower) ? lower : null;
    return { branches: (splitting ?? branching)?.branches ?? 0, lower: known };
  }

  release(): Promise<void> {
    return this.joint.release();
  }

  async decide(alternatives: readonly Alternative[]): Promise<Decision> {
    const { joint, options, semantics } = this;
    const search = new Search(joint, new WitnessJudge(options.query, joint));
    const searched = alternatives.slice(0, MOST_SEARCHED);
    const each = Math.max(FEWEST, Math.floor(STARTS / searched.length));
    const starts = searched.flatMap((one) => startsIn(one, each, options.seed ?? 0));
    const witness = await search.from(starts, ROOT_SEARCH);
    if (witness) return sat(witness, 'search', 0);
    for (const { model } of joint.networks) requireProvable(model, semantics);
    const [network] = joint.networks;
    const isWide = joint.widest > FEW_VALUES;
    const isFlat = alternatives.every((one) => varying(one) <= VERY_FEW_INPUTS);
    let open = alternatives;
    const hasManyInputs = open.some((one) => varying(one) > FEW_INPUTS);
    if (((isWide && !isFlat) || hasManyInputs) && network && joint.isSingle) {
      const layered = new LayeredBounds(network, semantics);
      const left = await this.layered(layered, ['crown-ibp', 'crown'], open);
      if (left.length === 0) return unsat('bounds', alternatives.length);
      const isCut = left.every(({ alternative }) => varying(alternative) <= FEW_INPUTS);
      if (!isCut && left.every(isAsked)) {
        return this.branch(network, layered, left, search);
      }
      open = (await this.layered(layered, ['alpha-crown'], alternativesIn(left))).map(
        ({ alternative }) => alternative,
      );
      if (open.length === 0) return unsat('bounds', alternatives.length);
    }
    const bottomless = open.filter(({ specification }) => specification.rows.length === 0);
    if (bottomless.length > 0) {
      const reason = 'no point of a box in which nothing more is asked was found to be a witness';
      return { ...undecided('unknown', reason), ...this.progress };
    }
    if (!open.every((one) => varying(one) <= FEW_INPUTS)) {
      const reason = 'the bounds do not close it, and too many inputs vary to cut their box';
      return { ...undecided('unknown', reason), ...this.progress };
    }
    return this.split(open, search);
  }

  private async layered(
    bounds: LayeredBounds,
    names: readonly ('crown-ibp' | 'crown' | 'alpha-crown')[],
    alternatives: readonly Alternative[],
  ): Promise<LeftOpen[]> {
    let open: LeftOpen[] = [];
    let asked = alternatives;
    for (const name of names) {
      open = await bounds.leaves(name, asked);
      asked = alternativesIn(open);
      this.rootLower = bounds.lower;
      if (open.length === 0) break;
    }
    return open;
  }

  /** Domains told apart by values inside. */
  private async branch(
    network: OpenNetwork,
    bounds: LayeredBounds,
    left: readonly (LeftOpen & Asked)[],
    search: Search,
  ): Promise<Decision> {
    const { memory = MOST_MEMORY } = this.options;
    const branching = new BranchingInside<LeftOpen & Asked>({
      bounders: new InsideBounders(subjectOf(network, this.semantics), insideKey(this.semantics)),
      helpers: this.helpers,
      judged: (x) => search.judged(x),
      memory,
      optimised: async (open) => {
        const closer = await this.layered(bounds, ['alpha-crown'], alternativesIn(open));
        return askedAgain(open, closer);
      },
      passesOf: (root) => bounds.passesOf(root),
      search: (from) =>
        startsFrom(
          search,
          from.map(({ x, asked: { alternative } }) => ({ x, alternative })),
        ),
    });
    this.branching = branching;
    const { witness, left: open } = await branching.decide(left);
    const { branches } = branching;
    if (witness) return sat(witness, 'activation-splitting', branches);
    if (open.length === 0) return unsat('activation-splitting', branches);
    const reason = `nothing inside is left to cut, and bounds leave ${open.length} alternatives open`;
    return { ...undecided('unknown', reason), branches };
  }

  private async split(alternatives: readonly Alternative[], search: Search): Promise<Decision> {
    const { joint, options } = this;
    const own = splittingOptions(options, joint, search);
    const splitting = new InputSplitting(alternatives, { ...own, helpers: this.helpers });
    this.splitting = splitting;
    const { witness, stuck } = await splitting.run();
    const { branches } = splitting;
    const method = branches > alternatives.length ? 'input-splitting' : 'bounds';
    if (witness) return sat(witness, method, branches);
    if (stuck === 0) return unsat(method, branches);
    const reason = `${stuck} boxes are too small to cut, and their bounds do not close them`;
    return { ...undecided('unknown', reason), branches };
  }
}

/** Names the bounders inside a query's network among its programs. */
export function insideKey(semantics: Semantics): string {
  return `verify/${semantics}`;
}

/** Looks for a witness from where domains' bounds are least. */
export function startsFrom(
  search: Search,
  from: readonly { readonly x: Float32Array; readonly alternative: Alternative }[],
): Promise<Float64Array | null> {
  const starts = from.map(({ x, alternative }) => startAt(alternative, alternative, x));
  return search.from(
    starts.filter((start) => start !== null),
    BRANCH_SEARCH,
  );
}

function isAsked(open: LeftOpen): open is LeftOpen & Asked {
  return open.root !== null && open.question !== null;
}

/** What closer bounds leave open, with what was known before where they came to nothing. */
function askedAgain(
  before: readonly (LeftOpen & Asked)[],
  closer: readonly LeftOpen[],
): (LeftOpen & Asked)[] {
  const known = new Map(before.map((each) => [each.alternative, each]));
  return closer.map((each) => {
    const own = isAsked(each) ? each : known.get(each.alternative);
    if (!own) throw new RangeError('an alternative was lost');
    return own;
  });
}

function alternativesIn(open: readonly LeftOpen[]): Alternative[] {
  return open.map(({ alternative }) => alternative);
}

/** What a query's boxes are cut by, here and in every helper. */
export function splittingOptions(
  { query, semantics = semanticsOf(query), seed = 0, memory = MOST_MEMORY }: VerifyOptions,
  joint: JointNetwork,
  search: Search,
): SplittingOptions {
  const rounding = roundingModel(semantics);
  const bounder = new BoxBounder(joint, { rounding, linearUpTo: FEW_VALUES });
  const bytesOfBox = 8 * joint.inputCount + 32;
  const mostBoxes = Math.floor(memory / bytesOfBox);
  const discrete = semantics === 'float32';
  return { bounder, search, mostBoxes, seed, discrete };
}
