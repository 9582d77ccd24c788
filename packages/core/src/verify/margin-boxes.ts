/**
 * Whether a classifier's answer stays what it is all over a box: branch and bound over the few inputs that
 * vary, one disjunct for each rival whose score may come up to the kept class's.
 */
import type { Semantics } from '../audit/run.ts';
import type { CancelSignal } from '../runtime/cancel.ts';
import type { Builder } from '../graph/builder.ts';
import type { Dimension } from '../graph/dimension.ts';
import type { Node } from '../graph/graph.ts';
import type { Classifier } from '../runtime/classifier.ts';
import { batchOf, networkInputs } from '../runtime/network.ts';
import type { Programs } from '../runtime/programs.ts';
import { replayLowered, type Rule } from '../transforms/lowering.ts';
import { roundingModel } from '../transforms/rounding.ts';
import { FEW_VALUES } from '../bounds/size.ts';
import type { Alternative, Ends } from './alternatives.ts';
import { BoxBounder } from './box-bounder.ts';
import { type BoxFunction, type Judge, widestOf } from './box-function.ts';
import { InputSplitting } from './input-splitting.ts';
import { Search } from './search.ts';
import { specificationOf } from './specification.ts';
import { startsIn } from './starts.ts';

/** The inputs, and behind them the scores that proofs are about. */
class Margins implements BoxFunction {
  readonly inputCount: number;
  readonly variableCount: number;
  readonly batched: boolean;
  readonly batch: Dimension;
  readonly programs: Programs;
  readonly widest: number;
  private readonly classifier: Classifier;

  constructor(classifier: Classifier) {
    this.classifier = classifier;
    this.inputCount = classifier.sampleSize;
    this.variableCount = classifier.sampleSize + classifier.classes;
    this.batched = classifier.model.batched;
    this.batch = batchOf(classifier);
    this.programs = classifier.programs;
    this.widest = widestOf([classifier.graph]);
  }

  replay(b: Builder, x: Node, rules: readonly Rule[]): Node {
    const { classifier, batch } = this;
    const { graph, proven, sampleShape, classes } = classifier;
    const given = networkInputs(b, classifier, b.reshape(x, [batch, ...sampleShape]));
    const value = replayLowered(b, graph, given, rules, [proven.id]).get(proven.id);
    if (!value) throw new RangeError('the scores were not copied');
    return b.concat([x, b.reshape(value, [batch, classes])], 1);
  }
}

/** Whether an answer stays what it is. */
export interface KeptQuestion {
  /** The class that is to stay ahead. */
  readonly kept: number;
  /** Enters a point, if the original file confirms that it breaks; the end of the search then. */
  readonly offer: (x: Float32Array) => Promise<boolean>;
  /** Boxes, or domains, that are bounded at most. */
  readonly most: number;
  readonly signal?: CancelSignal | undefined;
}

export interface MarginQuestion extends KeptQuestion {
  /** Where no rival may come up to the kept class, outward. */
  readonly box: Ends;
  /** Where an input that breaks the model is looked for. */
  readonly inside: Ends;
}

/** `open`: neither a proof nor a break was found. */
export type MarginAnswer = 'proven' | 'broken' | 'open';

/** Starts of the search before boxes are cut, for each rival. */
const STARTS = 4;
const ROOT_SEARCH = { steps: 20, stepSize: 0.25 };
const MEBIBYTES_OF_BOXES = 256;
/** A network with a weight that is no number has no bounds on any box. */
const MOST_BLIND = 64;

export class MarginBoxes {
  private readonly classifier: Classifier;
  private readonly margins: Margins;
  private readonly bounder: BoxBounder;
  private readonly discrete: boolean;

  constructor(classifier: Classifier, semantics: Semantics) {
    this.classifier = classifier;
    this.discrete = semantics === 'float32';
    this.margins = new Margins(classifier);
    const rounding = roundingModel(semantics);
    this.bounder = new BoxBounder(this.margins, { rounding, linearUpTo: FEW_VALUES });
  }

  /** Whether a classifier's programs take all that is asked of them: other inputs would be fed beside x. */
  static serves({ sides, model }: Classifier): boolean {
    return sides.length === 0 && model.random.length === 0;
  }

  async decide(question: MarginQuestion): Promise<MarginAnswer> {
    const { margins, bounder } = this;
    const { offer, most, signal } = question;
    const judge: Judge = {
      witness: async (x) => ((await offer(x)) ? Float64Array.from(x) : null),
    };
    const search = new Search(margins, judge);
    const rivals = this.rivals(question);
    const starts = rivals.flatMap((one) => startsIn(one, STARTS, 0));
    if (await search.from(starts, ROOT_SEARCH, signal)) return 'broken';
    const mostBoxes = (MEBIBYTES_OF_BOXES * 2 ** 20) / (8 * margins.inputCount + 32);
    const splitting = new InputSplitting(rivals, {
      bounder,
      search,
      mostBoxes: Math.floor(mostBoxes),
      seed: 0,
      discrete: this.discrete,
      most,
      mostBlind: MOST_BLIND,
      signal,
    });
    const { witness, stuck, left } = await splitting.run();
    if (witness) return 'broken';
    return stuck + left === 0 ? 'proven' : 'open';
  }

  /** Each rival's box, and the row kept − rival ≤ separation that no point of it may satisfy. */
  private rivals({ box, inside, kept }: MarginQuestion): Alternative[] {
    const { inputCount, variableCount } = this.margins;
    const { classes, separation } = this.classifier;
    const others = Array.from({ length: classes }, (_, rival) => rival).filter((k) => k !== kept);
    return others.map((rival, index) => {
      const row = {
        variables: Int32Array.of(inputCount + kept, inputCount + rival),
        coefficients: Float64Array.of(1, -1),
        spread: null,
        bound: separation,
        isStrict: false,
        isOfInputs: false,
        at: 0,
      };
      const specification = specificationOf({ rows: [row] }, variableCount);
      return { index, ...box, specification, search: inside };
    });
  }
}
