/**
 * Forward linear bounds (Xu et al. 2020, section 3.2): every value lies between two linear functions of the
 * perturbed input, carried from the input on. Affine maps act on the functions' mean and on half their
 * difference; functions of one value put their lines on top; what has no lines starts anew from its
 * interval. For few inputs and wide layers.
 *
 * Rounding of coefficients is relative to their size times how far the input is from the set's centre.
 */
import type { Builder } from '../graph/builder.ts';
import { type Dimension, elementCount, known, multiply } from '../graph/dimension.ts';
import type { Node } from '../graph/graph.ts';
import { type Bounds, isExact } from '../graph/ops/definition.ts';
import { outward } from '../graph/ops/outward.ts';
import { floats } from '../tensor/tensor.ts';
import { type AffineRegion, evaluateRegion, pullRows } from './affine.ts';
import { pullBack } from './gradient.ts';
import type { RegionBounds } from './interval-specification.ts';
import type { InputSet } from './input-set.ts';
import { rulesOf } from './lowering.ts';
import { regionMagnitude, regionReach, regionTerms, stackedMagnitude } from './region-sizes.ts';
import { leastOf } from './term-sizes.ts';

/**
 * A value between (mean − half)·δ + lower and (mean + half)·δ + upper, δ being the way from the set's
 * centre; coefficients are [batch·inputs, …value], heights [batch, …value].
 */
interface Form {
  readonly mean: Node;
  readonly half: Node;
  readonly lower: Node;
  readonly upper: Node;
}

/** Room for a handful of float32 operations, relative to their terms. */
const FEW = 2 ** -19;
const LEAST_SIZE = 2 ** -90;

/** Ends of values over the one set of a propagation; undefined where its input has no rows. */
export function forwardBounds(p: RegionBounds): (node: Node) => Bounds {
  const [seed, ...others] = p.sets;
  if (!seed || others.length > 0) throw new RangeError('forward bounds are over one input');
  return new ForwardPass(p, seed[0], seed[1]).boundsOf;
}

class ForwardPass {
  private readonly p: RegionBounds;
  private readonly b: Builder;
  private readonly seed: number;
  private readonly set: InputSet;
  private readonly batch: Dimension;
  private readonly inputs: number;
  /** How far each input is from the centre at most: [batch, inputs]. */
  private readonly reach: Node;
  private readonly forms = new Map<number, Form>();
  private readonly ends = new Map<number, Bounds>();

  constructor(p: RegionBounds, seed: number, set: InputSet) {
    this.p = p;
    this.b = p.b;
    this.seed = seed;
    this.set = set;
    this.batch = p.batch;
    const { centre, box } = set;
    this.inputs = known(elementCount(centre.shape.slice(1)), 'the input');
    const { b } = this;
    const way = b.max(b.sub(box.upper, centre), b.sub(centre, box.lower));
    this.reach = b.reshape(b.mul(way, 1 + FEW), [this.batch, this.inputs]);
  }

  /** Ends of a value with a row for each sample. */
  readonly boundsOf = (node: Node): Bounds => {
    const known = this.ends.get(node.id);
    if (known) return known;
    const ends = this.newEnds(node);
    this.ends.set(node.id, ends);
    return ends;
  };

  private newEnds(node: Node): Bounds {
    const { b, batch, inputs, set } = this;
    const { mean, half, lower, upper } = this.formOf(node);
    const size = known(elementCount(node.shape.slice(1)), 'a layer');
    const reach = (coefficients: Node): Node => {
      const columns = b.reshape(coefficients, [batch, inputs, size]);
      const rows = b.reshape(b.transpose(columns, [0, 2, 1]), [multiply(batch, size), inputs]);
      return b.reshape(set.support(this.p.watchedNode(rows), false), [
        batch,
        ...node.shape.slice(1),
      ]);
    };
    const low = b.sub(lower, reach(b.neg(b.sub(mean, half))));
    const high = b.add(upper, reach(b.add(mean, half)));
    const { lower: least, upper: most } = outward(b, { lower: low, upper: high }, FEW);
    const interval = this.p.boundsOf(node);
    return {
      lower: b.max(this.p.watchedNode(least), interval.lower),
      upper: b.min(this.p.watchedNode(most), interval.upper),
    };
  }

  private formOf(node: Node): Form {
    const known = this.forms.get(node.id);
    if (known) return known;
    const form = this.newForm(node);
    this.forms.set(node.id, form);
    return form;
  }

  private newForm(node: Node): Form {
    if (node.id === this.seed) return this.inputForm();
    const region = this.p.regionOf(node);
    if (region.inside.length > 0) {
      return (this.p.isFoldable(region) && this.mapped(region)) || this.constant(node);
    }
    return this.bent(node) ?? this.constant(node);
  }

  private rows(node: Node): readonly Dimension[] {
    return [multiply(this.batch, this.inputs), ...node.shape.slice(1)];
  }

  private zeros(node: Node): Node {
    return this.b.expand(this.b.scalar(0), this.rows(node));
  }

  private inputForm(): Form {
    const { b, inputs, batch, set } = this;
    const { centre } = set;
    const one = new Float32Array(inputs * inputs);
    for (let i = 0; i < inputs; i++) one[i * (inputs + 1)] = 1;
    const identity = b.expand(b.constant(floats(one, [1, inputs, inputs])), [
      batch,
      inputs,
      inputs,
    ]);
    const mean = b.reshape(identity, this.rows(centre));
    return { mean, half: this.zeros(centre), lower: centre, upper: centre };
  }

  /** A value of which only its interval is known. */
  private constant(node: Node): Form {
    const zero = this.zeros(node);
    return { mean: zero, half: zero, ...this.p.boundsOf(node) };
  }

  /** Σ |coefficients|·reach over the inputs: [batch, …value]. */
  private spread(coefficients: Node, node: Node): Node {
    const { b, batch, inputs } = this;
    const shape = node.shape.slice(1);
    const size = known(elementCount(shape), 'a layer');
    const sizes = b.reshape(b.abs(coefficients), [batch, inputs, size]);
    const sum = b.matMul(b.reshape(this.reach, [batch, 1, inputs]), sizes);
    return b.mul(b.reshape(sum, [batch, ...shape]), 1 + (inputs + 4) * 2 ** -23);
  }

  private mapped(region: AffineRegion): Form | undefined {
    const { b, p } = this;
    const { output, frontier } = region;
    const forms = frontier.map((each) => [each, this.formOf(each)] as const);
    // The linear part alone: the adjoint of the adjoint.
    const cotangent = b.expand(b.scalar(0), this.rows(output));
    const pulled = pullRows(b, region, cotangent, this.batch);
    if (!pulled) return undefined;
    const forward = forms.flatMap(([each, { mean }]) => {
      const rows = pulled.get(each.id);
      const part = rows && pullBack(b, rows, mean, [cotangent]).get(cotangent.id);
      return part ? [part] : [];
    });
    const mean = forward.reduce((sum, part) => b.add(sum, part), this.zeros(output));
    const halves = new Map(forms.map(([each, form]) => [each.id, form.half]));
    const half = stackedMagnitude(b, region, halves, this.batch);
    if (!half) return undefined;
    const by = (value: (form: Form) => Node): Map<number, Node> =>
      new Map(forms.map(([each, form]) => [each.id, value(form)]));
    const middle = evaluateRegion(
      p,
      region,
      by(({ lower, upper }) => b.mul(b.add(lower, upper), 0.5)),
    );
    const apart = regionReach(
      b,
      region,
      by(({ lower, upper }) => b.mul(b.abs(b.sub(upper, lower)), 0.5 * (1 + FEW))),
    );
    frontier.forEach((each) => p.boundsOf(each));
    const sizes = regionMagnitude(
      b,
      region,
      new Map(
        forms.map(([each, form]) => [
          each.id,
          b.add(
            b.add(this.spread(form.mean, each), this.spread(form.half, each)),
            b.max(b.abs(form.lower), b.abs(form.upper)),
          ),
        ]),
      ),
      isExact(p.rounding) ? undefined : leastOf(p),
    );
    const terms = regionTerms(b, region);
    // Coefficients are as wrong as their terms and the constants that cancel, for every input's way.
    const ways = b.perRow(b.add(b.sum(this.reach, [1]), 2), output.shape.length);
    // What underflow takes is less than the rounding of such sizes.
    const rounding = b.mul(b.mul(b.add(sizes, LEAST_SIZE), ways), p.rounding.own(4 * terms + 16));
    const error = b.add(b.add(p.regionError(region), rounding), apart);
    return { mean, half, lower: b.sub(middle, error), upper: b.add(middle, error) };
  }

  /** Lines on top of the two functions: the one above where a slope is negative. */
  private bent(node: Node): Form | undefined {
    const { b, p } = this;
    const [operand, ...others] = node.operands.map((id) => b.nodes[id] ?? node);
    const rules = rulesOf(node);
    if (!operand || others.length > 0 || !rules.relax || operand.shape[0] !== this.batch)
      return undefined;
    const x = this.boundsOf(operand);
    const { mean, half, lower, upper } = this.formOf(operand);
    const centre = b.mul(b.add(x.lower, x.upper), 0.5);
    const lines = rules.relax({ b, node, x, centre, rounding: p.rounding });
    if (!lines) return undefined;
    const [low, high] = [lines.lower, lines.upper];
    const shape = node.shape.slice(1);
    const beside = (value: Node): Node =>
      b.reshape(b.expand(value, [this.batch, ...shape]), [this.batch, 1, ...shape]);
    const apart = (value: Node): Node => b.reshape(value, [this.batch, this.inputs, ...shape]);
    const scaled = (slope: Node, coefficients: Node): Node =>
      b.reshape(b.mul(beside(slope), apart(coefficients)), this.rows(node));
    const [steepLow, steepHigh] = [b.abs(low.slope), b.abs(high.slope)];
    const mix = (a: Node, c: Node): Node => b.mul(b.add(a, c), 0.5);
    const means = {
      mean: b.add(
        scaled(mix(low.slope, high.slope), mean),
        scaled(b.mul(b.sub(steepHigh, steepLow), 0.5), half),
      ),
      half: b.add(
        scaled(b.mul(b.sub(high.slope, low.slope), 0.5), mean),
        scaled(mix(steepLow, steepHigh), half),
      ),
    };
    const [under, over] = [b.sub(lower, centre), b.sub(upper, centre)];
    const at = (slope: Node, ends: readonly [Node, Node]): Node => {
      const positive = b.relu(slope);
      return b.add(b.mul(positive, ends[0]), b.mul(b.sub(slope, positive), ends[1]));
    };
    const steepest = b.add(steepLow, steepHigh);
    const moved = b.add(this.spread(mean, operand), this.spread(half, operand));
    const away = b.add(b.abs(under), b.abs(over));
    const heights = b.add(b.abs(low.height), b.abs(high.height));
    const ways = b.perRow(b.add(b.sum(this.reach, [1]), 2), node.shape.length);
    const sizes = b.add(b.mul(steepest, b.add(moved, away)), heights);
    const error = b.mul(b.add(sizes, b.mul(ways, LEAST_SIZE)), FEW);
    return {
      ...means,
      lower: b.sub(b.add(at(low.slope, [under, over]), low.height), error),
      upper: b.add(b.add(at(high.slope, [over, under]), high.height), error),
    };
  }
}
