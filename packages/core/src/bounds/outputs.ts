/** What a network can put out over a set of inputs: the ends of every output, and of the layers before it. */
import type { Semantics } from '../audit/run.ts';
import type { OpenNetwork } from '../runtime/network.ts';
import { threatKey } from '../threats/ball.ts';
import { sideFeeds } from '../runtime/side-inputs.ts';
import type { Threat } from '../threats/threat.ts';
import { noRounding, roundingModel } from '../transforms/rounding.ts';
import { ballSet } from './ball-set.ts';
import type { Layer, Subject } from './layer-graphs.ts';
import { type Ends, LayerwiseBounds, met, type Method, type SetFeed } from './layerwise.ts';
import { type BoundName, methodsUpTo } from './methods.ts';
import { requireProvable } from './provable.ts';

export interface OutputBoundsOptions {
  readonly network: OpenNetwork;
  readonly threat: Threat;
  readonly semantics: Semantics;
  /** False: nothing is added for rounding; the ends are then no proof. */
  readonly outward: boolean;
}

/** What a method found, and those before it. */
interface Known {
  readonly method: Method;
  readonly inside: readonly Ends[];
  readonly output: Ends;
}

export interface LayerEnds extends Ends {
  readonly label: string;
  readonly shape: readonly number[];
}

export interface OutputBounds extends Ends {
  readonly shape: readonly number[];
  /** Of every value that something bends next, in order. */
  readonly layers: readonly LayerEnds[];
}

/** Bounds the outputs of one network over any number of sets: programs are compiled once. */
export class OutputBounder {
  private readonly layerwise: LayerwiseBounds;
  private readonly options: OutputBoundsOptions;

  /** Throws RuleMissing for an op without a bound, ModelError where a proof would mean nothing. */
  constructor(options: OutputBoundsOptions) {
    const { network, threat, semantics, outward } = options;
    if (outward) requireProvable(network.model, semantics);
    const rounding = outward ? roundingModel(semantics) : noRounding;
    const subject: Subject = { network, output: network.output, threat, rounding };
    const margin = outward ? semantics : 'no rounding';
    this.layerwise = LayerwiseBounds.of(subject, `outputs/${margin}/${threatKey(threat)}`);
    this.options = options;
  }

  /** The ball of a radius around x [sampleSize]. */
  ball(x: Float32Array, radius: number, stream = 0): SetFeed {
    const { network, threat } = this.options;
    return ballSet(network, threat, x, radius, stream);
  }

  /** A box, its ends [sampleSize] rounded outward; the threat must be one in ℓ∞. */
  box(lower: Float32Array, upper: Float32Array): SetFeed {
    const { network } = this.options;
    const shape = network.sampleShape;
    const middle = Float32Array.from(lower, (low, i) => {
      const high = upper[i] ?? low;
      return Math.min(Math.max(low / 2 + high / 2, low), high);
    });
    return {
      centre: { data: middle, shape },
      lower: { data: lower, shape },
      upper: { data: upper, shape },
      radius: { data: new Float32Array(1), shape: [] },
      ...sideFeeds(network.sides, [0]),
    };
  }

  /** The first operation of the file whose intervals over a set are not finite; null where all are. */
  notFiniteAt(set: SetFeed): Promise<string | null> {
    return this.layerwise.notFiniteAt(set);
  }

  /**
   * Each method in turn up to the one asked for: what a cheaper one found stays. Null where a value inside
   * was not finite.
   */
  async over(set: SetFeed, name: BoundName): Promise<OutputBounds | null> {
    const { layers } = this.layerwise;
    let known: Known | null = null;
    for (const method of methodsUpTo(name)) {
      known = await this.step(set, method, known);
      if (!known) return null;
    }
    if (!known) return null;
    const names = told(known.inside.map((_, i) => described(layers[i]).label));
    return {
      ...known.output,
      ...described(layers.at(-1)),
      layers: known.inside.map((own, i) => ({
        ...described(layers[i]),
        label: names[i] ?? '',
        ...own,
      })),
    };
  }

  private async step(set: SetFeed, method: Method, known: Known | null): Promise<Known | null> {
    const { layerwise } = this;
    const place = layerwise.layers.length - 1;
    if (method.inside === 'forward') return this.forward(set, method, known);
    const same = known !== null && method.inside === known.method.inside;
    const inside = same ? known.inside : await layerwise.inside(set, method, known?.inside);
    const ends =
      inside && (same ? known.output : await layerwise.ends(set, inside, place, method.rows));
    if (!inside || !ends) return null;
    const before = met(ends, known?.output);
    const output = await layerwise.sharpened(set, inside, place, before, method.rows);
    return { method, inside, output };
  }

  private async forward(set: SetFeed, method: Method, known: Known | null): Promise<Known | null> {
    const all = await this.layerwise.forward(set);
    const output = all?.at(-1);
    if (!all || !output) return null;
    const inside = all.slice(0, -1).map((own, i) => met(own, known?.inside[i]));
    return { method, inside, output: met(output, known?.output) };
  }
}

function described(layer: Layer | undefined): Pick<Layer, 'label' | 'shape'> {
  return { label: layer?.label ?? '', shape: layer?.shape ?? [] };
}

/** Labels that several layers have, as what one operation of the file is made of, with which of them each is. */
function told(labels: readonly string[]): string[] {
  return labels.map((label, i) => {
    const same = labels.filter((other) => other === label).length;
    const which = labels.slice(0, i + 1).filter((other) => other === label).length;
    return same > 1 && label !== '' ? `${label} (${which} of ${same})` : label;
  });
}
