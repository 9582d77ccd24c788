/**
 * Whether a classifier's answer stays what it is all over a set, where too many inputs vary to cut it: branches
 * inside, with one question for each rival whose score may come up to the kept class's. They share their bounds.
 */
import type { Semantics } from '../audit/run.ts';
import { ballSet } from '../bounds/ball-set.ts';
import type { Subject } from '../bounds/layer-graphs.ts';
import { LayerwiseBounds } from '../bounds/layerwise.ts';
import { boundMethods } from '../bounds/methods.ts';
import { requireProvable } from '../bounds/provable.ts';
import type { Classifier } from '../runtime/classifier.ts';
import { threatKey } from '../threats/ball.ts';
import type { Threat } from '../threats/threat.ts';
import { roundingModel } from '../transforms/rounding.ts';
import { type Asked, BranchingInside, InsideBounders } from './branching-inside.ts';
import type { Question } from './domain.ts';
import type { Root } from './domain-feeds.ts';
import { optimisingPasses } from './layered.ts';
import type { KeptQuestion, MarginAnswer } from './margin-boxes.ts';

export interface SetQuestion extends KeptQuestion {
  /** The centre [sampleSize], and the index of the input it is. */
  readonly x: Float32Array;
  readonly stream: number;
  readonly radius: number;
}

/** Bytes that open domains may take. */
const MEMORY = 2 ** 30;

export class MarginDomains {
  private readonly classifier: Classifier;
  private readonly threat: Threat;
  private readonly bounds: LayerwiseBounds;
  private readonly bounders: InsideBounders;

  /** Throws ModelError where a proof would mean nothing. */
  constructor(classifier: Classifier, threat: Threat, semantics: Semantics) {
    requireProvable(classifier.model, semantics);
    this.classifier = classifier;
    this.threat = threat;
    const rounding = roundingModel(semantics);
    const subject: Subject = { network: classifier, output: classifier.proven, threat, rounding };
    const key = `inside/${semantics}/${threatKey(threat)}`;
    this.bounds = LayerwiseBounds.of(subject, key);
    this.bounders = new InsideBounders(subject, key);
  }

  async decide(question: SetQuestion): Promise<MarginAnswer> {
    const { bounds, bounders, classifier, threat } = this;
    const { x, radius, stream, most, signal } = question;
    const set = ballSet(classifier, threat, x, radius, stream);
    const found = await bounds.inside(set, boundMethods.crown);
    if (!found) return 'open';
    const root: Root = { set, found };
    const asked = this.rivals(question.kept).map((rival) => ({ root, question: rival }));
    const branching = new BranchingInside<Asked>({
      bounders,
      memory: MEMORY,
      optimised: async (open) => {
        const optimised = await bounds.inside(set, boundMethods['alpha-crown'], found);
        return optimised
          ? open.map((each) => ({ ...each, root: { set, found: optimised } }))
          : open;
      },
      passesOf: (own) => optimisingPasses(bounds.layers, own),
      search: async (from) => {
        for (const start of from) {
          if (await question.offer(start.x.slice())) return Float64Array.from(start.x);
        }
        return null;
      },
      most,
      signal,
    });
    const { witness, left } = await branching.decide(asked);
    if (witness) return 'broken';
    return left.length === 0 ? 'proven' : 'open';
  }

  /** The kept class's score less each other's; what does not exceed the separation is not refuted. */
  private rivals(kept: number): Question[] {
    const { classes, separation } = this.classifier;
    const others = Array.from({ length: classes }, (_, rival) => rival).filter((k) => k !== kept);
    return others.map((rival, index): Question => {
      const row = new Float32Array(classes);
      row[kept] = 1;
      row[rival] = -1;
      return { index, row, beside: 0, bound: separation, isStrict: false };
    });
  }
}
