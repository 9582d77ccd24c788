/**
 * A ReLU network over one set of inputs as numbers: bounds of every value before a ReLU and of the
 * scores, and each as an affine function of the input and of what the ReLUs before it give, up to a
 * proven error. All LPs about the network are made of this.
 */
import type { Semantics } from '../../audit/run.ts';
import { ModelError } from '../../onnx/model-error.ts';
import type { Classifier } from '../../runtime/classifier.ts';
import { addDown, addUp, timesDown, timesUp } from '../../tensor/float64.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type SetContext, threatKey } from '../../threats/ball.ts';
import type { Threat } from '../../threats/threat.ts';
import { roundingModel } from '../../transforms/rounding.ts';
import type { Subject } from '../layer-graphs.ts';
import { ballSet } from '../ball-set.ts';
import { type Ends, LayerwiseBounds, type SetFeed } from '../layerwise.ts';
import { methodsUpTo } from '../methods.ts';
import { type RegionGraph, regionGraph, type RegionStart } from './region-graph.ts';

/** Rows of a start: [values of the layer, values of the start]. */
export interface Start {
  readonly from: RegionStart;
  readonly rows: Float32Array;
}

/** value = Σ rows·start + c, where c lies between constant.lower and constant.upper. */
export interface AffineLayer extends Ends {
  /** The input stands for its difference to the set's centre. */
  readonly starts: readonly Start[];
  readonly constant: { readonly lower: Float64Array; readonly upper: Float64Array };
}

/** Layers in order, the scores last. */
export type ReluNetwork = readonly AffineLayer[];

/** Beyond so many values or coefficients a program of a whole network is no small one. */
const [MOST_VALUES, MOST_COEFFICIENTS] = [6000, 2 ** 23];

/** Reads one network, threat and semantics; sets differ from call to call. */
export class ReluNetworkReader {
  private readonly bounds: LayerwiseBounds;
  private readonly subject: Subject;
  private readonly classifier: Classifier;
  private readonly key: string;
  private readonly regions: readonly RegionGraph[];

  /** Throws ModelError where the network is not made of affine layers and ReLUs alone, or is too large. */
  constructor({ classifier, threat }: SetContext, semantics: Semantics) {
    const rounding = roundingModel(semantics);
    this.classifier = classifier;
    this.subject = { network: classifier, output: classifier.proven, threat, rounding };
    this.key = `exact/${semantics}/${threatKey(threat)}`;
    this.bounds = LayerwiseBounds.of(this.subject, this.key);
    requireSmall(classifier, this.bounds);
    const { graphs, layers } = this.bounds;
    this.regions = layers.map((_, place) => regionGraph(graphs, place));
  }

  /** Throws as the constructor does. */
  static require(context: SetContext): void {
    void new ReluNetworkReader(context, 'real');
  }

  /** Over the ball of a radius around x [sampleSize]; null where a value inside was not finite. */
  async over(x: Float32Array, radius: number, stream: number): Promise<ReluNetwork | null> {
    const { bounds, classifier, subject } = this;
    const set = ballSet(classifier, subject.threat, x, radius, stream);
    let inside: readonly Ends[] | null = null;
    for (const method of methodsUpTo('alpha-crown')) {
      inside = await bounds.inside(set, method, inside);
      if (!inside) return null;
    }
    const scores = inside && (await bounds.ends(set, inside, inside.length));
    if (!inside || !scores) return null;
    const layers: AffineLayer[] = [];
    for (const [place, region] of this.regions.entries()) {
      const ends = inside[place] ?? scores;
      const layer = await this.layer(set, inside, place, region, ends);
      if (!layer) return null;
      layers.push(layer);
    }
    return layers;
  }

  private async layer(
    set: SetFeed,
    inside: readonly Ends[],
    place: number,
    { graph, starts }: RegionGraph,
    ends: Ends,
  ): Promise<AffineLayer | null> {
    const program = await this.classifier.programs.named(
      `${this.key}/region/${place}`,
      () => graph,
    );
    const feeds = this.bounds.feeds(set, inside.slice(0, place));
    const results = await program.run(feeds);
    if (numbers(results, 'finite')[0] !== 1) return null;
    const rows = starts.map((from, i) => ({ from, rows: numbers(results, `rows/${i}`) }));
    const centres = starts.map((_, i) => numbers(results, `centre/${i}`));
    const [atCentre, error] = [numbers(results, 'atCentre'), numbers(results, 'error')];
    const [lower, upper] = [Float64Array.from(atCentre), Float64Array.from(atCentre)];
    for (let e = 0; e < atCentre.length; e++) {
      let [low, high] = [atCentre[e] ?? 0, atCentre[e] ?? 0];
      rows.forEach((start, i) => {
        const centre = centres[i];
        if (start.from === 'input' || !centre) return;
        for (let j = 0; j < centre.length; j++) {
          const coefficient = start.rows[e * centre.length + j] ?? 0;
          if (coefficient === 0) continue;
          low = addDown(low, timesDown(-coefficient, centre[j] ?? 0));
          high = addUp(high, timesUp(-coefficient, centre[j] ?? 0));
        }
      });
      lower[e] = addDown(low, -(error[e] ?? 0));
      upper[e] = addUp(high, error[e] ?? 0);
    }
    return { ...ends, starts: rows, constant: { lower, upper } };
  }
}

function requireSmall({ sampleSize }: Classifier, { layers }: LayerwiseBounds): void {
  const values = layers.reduce((sum, { width }) => sum + width, sampleSize);
  const coefficients = layers.reduce(
    (sum, { width }, i) => sum + width * (layers[i - 1]?.width ?? sampleSize),
    0,
  );
  if (values <= MOST_VALUES && coefficients <= MOST_COEFFICIENTS) return;
  throw new ModelError(
    'unsupported',
    `the network has ${values} values before its ReLUs and ${coefficients} coefficients between them; exact radii are for up to ${MOST_VALUES} and ${MOST_COEFFICIENTS}: use --method alpha-crown`,
  );
}

/** Whether exact radii exist for a threat, in words where they do not. */
export function exactRefusal({ norm }: Threat): string | null {
  return norm.name === 'linf' || norm.name === 'l1'
    ? null
    : `exact radii are found in linf and l1, whose balls are polytopes, not in ${norm.name}`;
}

function numbers(results: Readonly<Record<string, Tensor>>, name: string): Float32Array {
  const data = results[name]?.data;
  if (!(data instanceof Float32Array)) throw new TypeError(`${name} is not float32`);
  return data;
}
