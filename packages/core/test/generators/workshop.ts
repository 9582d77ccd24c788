/**
 * Where a random graph is made. Every value carries the interval its elements surely lie in (for
 * inputs in [−1, 1]), so that poles and overflow are avoided by construction: a recipe that needs a
 * positive operand asks for one.
 */
import { Builder } from '../../src/graph/builder.ts';
import type { Dimension } from '../../src/graph/dimension.ts';
import type { Node } from '../../src/graph/graph.ts';
import { floats, sizeOf } from '../../src/tensor/tensor.ts';
import type { Draw } from './draw.ts';

/** A value [batch, …] with the ends of its elements. */
export interface Measured {
  readonly node: Node;
  readonly low: number;
  readonly high: number;
}

/** How far a value may reach before it is scaled down. */
const TAME = 4;
/** More elements than this in a row are thinned out. */
const WIDE = 100;

/** How weights are sized: as recipes ask; or times a power of ten from 1e-30 to 1e30, each constant's or each element's. */
export type Scales = 'plain' | 'constants' | 'elements';

const DECADES = 30;

export class Workshop {
  readonly b = new Builder();
  readonly pool: Measured[] = [];
  readonly batch: Dimension;
  draw: Draw;
  private readonly scales: Scales;

  constructor(batch: Dimension, draw: Draw, scales: Scales = 'plain') {
    this.batch = batch;
    this.draw = draw;
    this.scales = scales;
  }

  /** A new input with elements in [−1, 1]. */
  input(dims: readonly number[]): Measured {
    const node = this.b.input(`input${this.b.inputs.length}`, [this.batch, ...dims]);
    const value = { node, low: -1, high: 1 };
    this.pool.push(value);
    return value;
  }

  /** A constant of any shape with elements between low and high. */
  constant(shape: readonly number[], low = -1, high = 1): Measured {
    const whole = this.scales === 'constants' ? this.scale() : 1;
    const sizes = Array.from({ length: sizeOf(shape) }, () =>
      this.scales === 'elements' ? this.scale() : whole,
    );
    const values = sizes.map((size) => this.draw.real(low, high) * size);
    const [least, most] = [Math.min(whole, ...sizes), Math.max(whole, ...sizes)];
    const node = this.b.constant(floats(values, shape));
    return { node, low: low * (low > 0 ? least : most), high: high * (high < 0 ? least : most) };
  }

  private scale(): number {
    return 10 ** this.draw.integer(-DECADES, DECADES);
  }

  /** Sizes of a value's axes after the batch. */
  dims({ node }: Measured): number[] {
    return node.shape.slice(1).map(Number);
  }

  measured(node: Node, low: number, high: number): Measured {
    return { node, low, high };
  }

  /** The value with its elements rearranged, repeated or dropped to fill other axes. */
  fitted(value: Measured, dims: readonly number[]): Measured {
    const { b, draw } = this;
    const [have, want] = [sizeOf(this.dims(value)), sizeOf(dims)];
    if (String(this.dims(value)) === String(dims)) return value;
    const flat = b.reshape(value.node, [this.batch, have]);
    const from = draw.integer(0, have - 1);
    const chosen =
      have === want
        ? flat
        : b.gather(
            flat,
            1,
            Array.from({ length: want }, (_, i) => (i + from) % have),
          );
    return { ...value, node: b.reshape(chosen, [this.batch, ...dims]) };
  }

  /** Scaled down where it may reach too far, thinned out where it is too wide. */
  tamed(value: Measured, limit = TAME): Measured {
    const { b } = this;
    const thin = sizeOf(this.dims(value)) > WIDE ? this.fitted(value, [24]) : value;
    const reach = Math.max(Math.abs(thin.low), Math.abs(thin.high));
    if (reach <= limit) return thin;
    const factor = Math.fround(limit / reach);
    return {
      node: b.mul(thin.node, factor),
      low: thin.low * factor,
      high: thin.high * factor,
    };
  }

  /** A positive value made of the given one: between ½ and a few. */
  positive(value: Measured): Measured {
    const { b } = this;
    if (value.low >= 0.5) return value;
    const { node, low, high } = this.tamed(value, 2);
    const most = Math.max(Math.abs(low), Math.abs(high));
    switch (this.draw.integer(0, 2)) {
      case 0:
        return { node: b.add(b.abs(node), 0.5), low: 0.5, high: most + 0.5 };
      case 1:
        return { node: b.add(b.mul(node, node), 0.5), low: 0.5, high: most * most + 0.5 };
      default:
        return { node: b.add(node, 0.75 - low), low: 0.7, high: high + 0.8 - low };
    }
  }

  /** Another value, or a constant, that broadcasts against the given one. */
  partner(value: Measured): Measured {
    const { draw } = this;
    const dims = this.dims(value).map((dim) => (draw.chance(0.25) ? 1 : dim));
    switch (draw.integer(0, 3)) {
      case 0:
        return this.constant(dims.slice(draw.integer(0, dims.length)), -2, 2);
      case 1:
        return this.constant([1, ...dims], -2, 2);
      case 2:
        return this.fitted(draw.pick(this.pool), dims);
      default:
        return this.fitted(draw.pick(this.pool), this.dims(value));
    }
  }
}

/** Appends nodes that contain the recipe's op and make something of the source. */
export type Recipe = (workshop: Workshop, source: Measured) => Measured;

export type Recipes<K extends string> = { readonly [P in K]: Recipe };
