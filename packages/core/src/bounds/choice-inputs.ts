/** Slopes below hinges and multipliers of known ends as inputs of programs, each made where it is used. */
import type { Builder } from '../graph/builder.ts';
import type { Dimension } from '../graph/dimension.ts';
import type { Node } from '../graph/graph.ts';
import { rulesOf } from '../transforms/lowering.ts';

/** A value that something bends next. */
export interface ChoiceStop {
  readonly place: number;
  readonly id: number;
  /** For one sample. */
  readonly shape: readonly number[];
  readonly width: number;
  /** The s of the hinge max(x, s·x) that bends it; undefined where none does. */
  readonly flat: number | undefined;
}

/** What choices are about: of the values of stops, where they are known, those that have a row for each sample. */
export function choiceStops(
  b: Builder,
  values: readonly (Node | undefined)[],
  batch: Dimension,
): readonly ChoiceStop[] {
  return values.flatMap((node, place): ChoiceStop[] => {
    const [first, ...rest] = node?.shape ?? [];
    if (!node || first !== batch) return [];
    const shape = rest.map(Number);
    const width = shape.reduce((size, dim) => size * dim, 1);
    const hinge = b.nodes.find(
      (each) =>
        each.operands.includes(node.id) && rulesOf(each).hinge?.(each.attributes) !== undefined,
    );
    const flat = hinge && rulesOf(hinge).hinge?.(hinge.attributes);
    return [{ place, id: node.id, shape, width, flat }];
  });
}

export class ChoiceInputs {
  readonly all: Node[] = [];
  readonly stops: readonly ChoiceStop[];
  private readonly b: Builder;
  private readonly sizes: readonly [Dimension, Dimension];
  private readonly byId: ReadonlyMap<number, ChoiceStop>;
  private readonly made = new Map<string, Node>();

  /** For so many samples and rows. */
  constructor(b: Builder, stops: readonly ChoiceStop[], sizes: readonly [Dimension, Dimension]) {
    this.b = b;
    this.stops = stops;
    this.sizes = sizes;
    this.byId = new Map(stops.map((stop) => [stop.id, stop]));
  }

  stopOf(id: number): ChoiceStop | undefined {
    return this.byId.get(id);
  }

  private input(name: string, width: number): Node {
    const known = this.made.get(name);
    if (known) return known;
    const made = this.b.input(name, [...this.sizes, width]);
    this.made.set(name, made);
    this.all.push(made);
    return made;
  }

  /** `turn/K` of the hinge behind stop K. */
  turnAt(hinge: Node): Node | undefined {
    const stop = this.stopOf(hinge.operands[0] ?? -1);
    return stop?.flat === undefined ? undefined : this.input(`turn/${stop.place}`, stop.width);
  }

  /** `multiplier/K` of stop K. */
  multiplierAt(value: Node): Node | undefined {
    const stop = this.stopOf(value.id);
    return stop && this.input(`multiplier/${stop.place}`, stop.width);
  }
}
