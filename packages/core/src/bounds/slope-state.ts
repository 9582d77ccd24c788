/**
 * Free slopes below hinges as the state of a program that goes one step of Adam up its bounds, for each row by
 * itself (α-CROWN, Xu et al. 2021); and that state between its runs.
 */
import type { Builder } from '../graph/builder.ts';
import { type Dimension, elementCount, known } from '../graph/dimension.ts';
import type { Node } from '../graph/graph.ts';
import { sizeOf, type Tensor } from '../tensor/tensor.ts';
import type { FreeSlopes } from '../transforms/free-slopes.ts';
import { gradientWith } from '../transforms/gradient.ts';
import { adamStep } from './adam.ts';

type Feeds = Readonly<Record<string, Tensor>>;

/** Names of the state of one hinge layer's slopes: inputs; the step's outputs have `next/` before. */
function slopeNames(index: number): readonly [string, string, string] {
  return [`slope/${index}`, `first/${index}`, `second/${index}`];
}

export class SlopeState {
  /** Elements of each hinge layer whose slopes are free. */
  readonly widths: number[] = [];
  /** What the program is fed of it. */
  readonly inputs: Node[] = [];
  private readonly b: Builder;
  private readonly batch: Dimension;
  private readonly used: Node[] = [];

  constructor(b: Builder, batch: Dimension) {
    this.b = b;
    this.batch = batch;
  }

  /** [batch, rows, width] */
  private input(name: string, width: number): Node {
    const input = this.b.input(name, [this.batch, 'rows', width]);
    this.inputs.push(input);
    return input;
  }

  readonly slopes: FreeSlopes = {
    differenceAt: (hinge) => {
      const width = known(elementCount(hinge.shape.slice(1)), 'a layer');
      const [name] = slopeNames(this.widths.push(width) - 1);
      return this.input(name, width);
    },
    used: (_, difference) => void this.used.push(difference),
  };

  /** The state after a step up what the slopes were used for, by their names; takes `rate` and `scale`. */
  stepped(estimate: Node): Record<string, Node> {
    const { b, used } = this;
    const gradients = gradientWith(b, estimate, used);
    const [rate, scale] = [b.input('rate', []), b.input('scale', [])];
    this.inputs.push(rate, scale);
    const next: Record<string, Node> = {};
    used.forEach((difference, i) => {
      const [slope, first, second] = slopeNames(i);
      const width = this.widths[i] ?? 0;
      const moments = { first: this.input(first, width), second: this.input(second, width) };
      const gradient = gradients[i] ?? difference;
      const after = adamStep(b, difference, gradient, moments, { rate, scale });
      next[`next/${slope}`] = after.at;
      next[`next/${first}`] = after.first;
      next[`next/${second}`] = after.second;
    });
    return next;
  }
}

/** The state before the first step: CROWN's own slopes, for so many samples and rows. */
export function firstState(widths: readonly number[], samples: number, rows: number): Feeds {
  return Object.fromEntries(
    widths.flatMap((width, i) =>
      slopeNames(i).map((name): [string, Tensor] => {
        const shape = [samples, rows, width];
        return [name, { type: 'float32', shape, data: new Float32Array(sizeOf(shape)) }];
      }),
    ),
  );
}

/** The state after a step, from its results. */
export function nextState(state: Feeds, results: Feeds): Feeds {
  return Object.fromEntries(
    Object.entries(state).map(([name, before]) => [name, results[`next/${name}`] ?? before]),
  );
}
