/**
 * What a program may choose to raise its bounds, for each row by itself, as the state of one step of Adam: free
 * slopes below hinges (α-CROWN, Xu et al. 2021) and multipliers of ends that branches have moved (β-CROWN, Wang
 * et al. 2021); and that state between its runs.
 */
import type { Builder } from '../graph/builder.ts';
import { type Dimension, elementCount, known } from '../graph/dimension.ts';
import type { Node } from '../graph/graph.ts';
import { sizeOf, type Tensor } from '../tensor/tensor.ts';
import type { FreeMultipliers, Passing } from '../transforms/free-multipliers.ts';
import type { FreeSlopes } from '../transforms/free-slopes.ts';
import { gradientWith } from '../transforms/gradient.ts';
import { adamStep } from './adam.ts';

type Feeds = Readonly<Record<string, Tensor>>;

/** What is chosen for every value of a layer: [samples, rows, width]. */
export interface Choice {
  readonly name: string;
  readonly width: number;
  /** The id of the value whose ends it is about. */
  readonly about: number;
}

/** Names of the state of a choice: inputs; the step's outputs have `next/` before. */
function stateNames(name: string): readonly [string, string, string] {
  return [name, `first/${name}`, `second/${name}`];
}

const widthOf = ({ shape }: Pick<Node, 'shape'>): number => known(elementCount(shape.slice(1)), 'a layer');

/** What a pass knew of a value with a multiplier; `behind`: the coefficients of the hinge that bends it. */
export interface Passed extends Passing {
  readonly multiplier: Node;
  readonly behind: Node | undefined;
}

export class AscentState {
  readonly choices: Choice[] = [];
  /** What the program is fed of it. */
  readonly inputs: Node[] = [];
  /** What the pass knew of the values with multipliers, by their names. */
  readonly passed = new Map<string, Passed>();
  /** The rows' coefficients [batch, rows, width] of hinges, by the ids of the values they bend. */
  private readonly behind = new Map<number, Node>();
  private readonly b: Builder;
  private readonly batch: Dimension;
  private readonly used: { readonly choice: Choice; readonly value: Node; readonly pace: string }[] =
    [];

  constructor(b: Builder, batch: Dimension) {
    this.b = b;
    this.batch = batch;
  }

  private input(name: string, width: number): Node {
    return this.kept(this.b.input(name, [this.batch, 'rows', width]));
  }

  private kept(input: Node): Node {
    this.inputs.push(input);
    return input;
  }

  private chosen(name: string, { id, ...value }: Pick<Node, 'id' | 'shape'>): Choice {
    const choice = { name, width: widthOf(value), about: id };
    this.choices.push(choice);
    return choice;
  }

  readonly slopes: FreeSlopes = {
    differenceAt: ({ operands: [id = 0], shape }, coefficients) => {
      const { name, width } = this.chosen(`slope/${this.choices.length}`, { id, shape });
      this.behind.set(id, coefficients);
      return this.input(name, width);
    },
    used: (_, value) => {
      const choice = this.choices.at(-1);
      if (choice) this.used.push({ choice, value, pace: 'rate' });
    },
  };

  /**
   * Multipliers of values that `sideOf` gives a name: an input [batch, 1, width] that is 1 where the lower end
   * was moved, −1 where the upper one was, else 0. They stay on the side on which they help.
   */
  multipliers(sideOf: (value: Node) => string | undefined): FreeMultipliers {
    return {
      multiplierAt: (value, passing) => {
        const name = sideOf(value);
        if (name === undefined) return undefined;
        const { b } = this;
        const choice = this.chosen(`multiplier/${name}`, value);
        const { width } = choice;
        const side = this.kept(b.input(`side/${name}`, [this.batch, 1, width]));
        const own = b.mul(b.neg(side), b.relu(b.mul(b.neg(side), this.input(choice.name, width))));
        this.used.push({ choice, value: own, pace: 'multiplier-rate' });
        this.passed.set(name, { ...passing, multiplier: own, behind: this.behind.get(value.id) });
        return own;
      },
    };
  }

  /** The gradient of a bound by the name of each choice. */
  gradients(estimate: Node): Map<string, Node> {
    const { b, used } = this;
    const found = gradientWith(
      b,
      estimate,
      used.map(({ value }) => value),
    );
    return new Map(used.map(({ choice, value }, i) => [choice.name, found[i] ?? b.mul(value, 0)]));
  }

  /** The state after a step up what the choices were used for, by their names; takes its rates and `scale`. */
  stepped(estimate: Node): Record<string, Node> {
    const { b, used } = this;
    const gradients = this.gradients(estimate);
    const scalars = new Map<string, Node>();
    const scalar = (name: string): Node => {
      const own = scalars.get(name) ?? this.kept(b.input(name, []));
      scalars.set(name, own);
      return own;
    };
    const next: Record<string, Node> = {};
    used.forEach(({ choice, value, pace }) => {
      const [at, first, second] = stateNames(choice.name);
      const { width } = choice;
      const step = { rate: scalar(pace), scale: scalar('scale') };
      const moments = { first: this.input(first, width), second: this.input(second, width) };
      const after = adamStep(b, value, gradients.get(choice.name) ?? value, moments, step);
      next[`next/${at}`] = after.at;
      next[`next/${first}`] = after.first;
      next[`next/${second}`] = after.second;
    });
    return next;
  }
}

/** The state before the first step: CROWN's own slopes, for so many samples and rows. */
export function firstState(choices: readonly Choice[], samples: number, rows: number): Feeds {
  return Object.fromEntries(
    choices.flatMap(({ name, width }) =>
      stateNames(name).map((each): [string, Tensor] => {
        const shape = [samples, rows, width];
        return [each, { type: 'float32', shape, data: new Float32Array(sizeOf(shape)) }];
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
