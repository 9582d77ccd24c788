/**
 * Bounds by one pass back and one forth: back go the rows' coefficients, which say on which of its lines every
 * value counts; forth goes the input at which their linear function is least, through the network with those
 * lines in the place of what bends. What comes out is the bound, and the values inside are its gradients: a line
 * that turns about the origin moves it by A⁺·z, a multiplier of v − e by z − e. Nothing is rounded outward: this
 * is for choosing.
 */
import type { Builder } from '../graph/builder.ts';
import { type Dimension, elementCount, known, multiply } from '../graph/dimension.ts';
import type { Node } from '../graph/graph.ts';
import { centred } from '../graph/ops/outward.ts';
import { pullRows, stackedCopies } from './affine.ts';
import type { RegionBounds } from './interval-specification.ts';
import { rulesOf } from './lowering.ts';

export interface RelaxedChoices {
  /** What the slope below a hinge is turned by, [batch, rows, width], within what is sound. */
  turnAt(hinge: Node): Node | undefined;
  /** The multiplier of a value: [batch, rows, width]. */
  multiplierAt(value: Node): Node | undefined;
  /** The input of the set at which a·x is least, for a [batch·rows, …input]: of a's shape. */
  minimiserOf(input: Node, coefficients: Node): Node;
}

export interface RelaxedRows {
  /** [batch, rows, …output] */
  readonly rows: Node;
  /** Their coefficients of the one value that the output's affine region starts from, where they are known. */
  readonly pulled?: Node | undefined;
}

/** All of shape [batch·rows, …value]. */
export interface RelaxedPass {
  /** By the ids of values that something bends: where the relaxed network has them. */
  readonly points: ReadonlyMap<number, Node>;
  /** By the same, the coefficients of what bends them. */
  readonly behind: ReadonlyMap<number, Node>;
  readonly inputs: ReadonlyMap<number, Node>;
  /** The output where the rows are least. Made when it is asked for. */
  output(): Node | undefined;
}

/** Undefined where something inside has no lines of its own, or rows cannot be pulled through a region. */
export function relaxedPass(
  p: RegionBounds,
  output: Node,
  rows: RelaxedRows,
  choices: RelaxedChoices,
): RelaxedPass | undefined {
  const back = new BackwardHalf(p, rows.rows.shape[1] ?? 1, choices);
  return back.from(output, rows) ? forth(p, output, back) : undefined;
}

/** A hinge, or another function of one value, as the line that counts. */
interface Bent {
  readonly operand: Node;
  /** [batch, rows, width] */
  readonly slope: Node;
  readonly offset: Node;
}

class BackwardHalf {
  readonly stacked: Dimension;
  readonly bent = new Map<number, Bent>();
  readonly behind = new Map<number, Node>();
  readonly inputs = new Map<number, Node>();
  private readonly p: RegionBounds;
  private readonly b: Builder;
  private readonly count: Dimension;
  private readonly choices: RelaxedChoices;
  private readonly pending = new Map<number, Node>();

  constructor(p: RegionBounds, count: Dimension, choices: RelaxedChoices) {
    this.p = p;
    this.b = p.b;
    this.count = count;
    this.stacked = multiply(p.batch, count);
    this.choices = choices;
  }

  /** Whether the rows came through. */
  from(output: Node, { rows, pulled }: RelaxedRows): boolean {
    const { pending, b } = this;
    const [start] = this.p.regionOf(output).frontier;
    if (pulled && start) pending.set(start.id, b.reshape(pulled, this.stackedShape(start)));
    else pending.set(output.id, b.reshape(rows, this.stackedShape(output)));
    for (let id = output.id; id >= 0; id--) {
      const [coefficients, node] = [pending.get(id), b.nodes[id]];
      if (coefficients && node && !this.replace(node, this.constrained(node, coefficients)))
        return false;
    }
    return true;
  }

  stackedShape(node: Node): Dimension[] {
    return [this.stacked, ...node.shape.slice(1)];
  }

  /** [batch, rows, width] */
  matrix(value: Node): Node {
    return this.b.reshape(value, [this.p.batch, this.count, widthOf(value)]);
  }

  private constrained(node: Node, coefficients: Node): Node {
    const multiplier = this.choices.multiplierAt(node);
    if (!multiplier) return coefficients;
    return this.b.add(coefficients, this.b.reshape(multiplier, coefficients.shape));
  }

  private replace(node: Node, coefficients: Node): boolean {
    const { p, choices } = this;
    if (p.sets.has(node.id)) {
      this.inputs.set(node.id, choices.minimiserOf(node, coefficients));
      return true;
    }
    const region = p.regionOf(node);
    if (region.inside.length === 0) return this.bend(node, coefficients);
    const pulled = p.isFoldable(region) ? pullRows(p.b, region, coefficients, p.batch) : undefined;
    if (!pulled) return false;
    for (const each of region.frontier) this.add(each, pulled.get(each.id));
    return true;
  }

  private bend(node: Node, coefficients: Node): boolean {
    const { b, p } = this;
    const [operand, ...others] = node.operands.map((id) => b.nodes[id] ?? node);
    const rules = rulesOf(node);
    if (!operand || others.length > 0 || !rules.relax || node.shape[0] !== p.batch) return false;
    const x = p.boundsOf(operand);
    const { centre } = centred(b, x);
    const lines = rules.relax({ b, node, x, centre, rounding: p.rounding });
    if (!lines) return false;
    const beside = (value: Node): Node => {
      const full = b.expand(value, [p.batch, ...node.shape.slice(1)]);
      return b.reshape(full, [p.batch, 1, widthOf(node)]);
    };
    const { lower, upper } = lines;
    const [below, above] = [
      b.sub(lower.height, b.mul(lower.slope, centre)),
      b.sub(upper.height, b.mul(upper.slope, centre)),
    ];
    const matrix = this.matrix(coefficients);
    const isBelow = b.step(matrix);
    const turn = this.choices.turnAt(node);
    const difference = beside(b.sub(lower.slope, upper.slope));
    const turned = turn ? b.add(difference, turn) : difference;
    const slope = b.add(b.mul(isBelow, turned), beside(upper.slope));
    const offset = b.add(b.mul(isBelow, beside(b.sub(below, above))), beside(above));
    this.bent.set(node.id, { operand, slope, offset });
    this.behind.set(operand.id, coefficients);
    this.add(operand, b.reshape(b.mul(matrix, slope), this.stackedShape(operand)));
    return true;
  }

  private add(node: Node, coefficients: Node | undefined): void {
    if (!coefficients) return;
    const before = this.pending.get(node.id);
    this.pending.set(node.id, before ? this.b.add(before, coefficients) : coefficients);
  }
}

function widthOf({ shape }: Node): number {
  return known(elementCount(shape.slice(1)), 'a layer');
}

function forth(p: RegionBounds, output: Node, back: BackwardHalf): RelaxedPass | undefined {
  const { b } = p;
  const values = new Map<number, Node>(back.inputs);
  const valueOf = (node: Node): Node | undefined => {
    const known = values.get(node.id);
    if (known) return known;
    const region = p.regionOf(node);
    const starts = new Map<number, Node>();
    for (const { id } of region.frontier) {
      const start = values.get(id);
      if (!start) return undefined;
      starts.set(id, start);
    }
    const value = stackedCopies(b, region.inside, starts, back.stacked, p.batch)?.get(node.id);
    if (value) values.set(node.id, value);
    return value;
  };
  const points = new Map<number, Node>();
  for (const id of [...back.bent.keys()].sort((one, other) => one - other)) {
    const bent = back.bent.get(id);
    const point = bent && valueOf(bent.operand);
    if (!bent || !point) return undefined;
    points.set(bent.operand.id, point);
    const moved = b.add(b.mul(back.matrix(point), bent.slope), bent.offset);
    values.set(id, b.reshape(moved, back.stackedShape(bent.operand)));
  }
  return { points, behind: back.behind, inputs: back.inputs, output: () => valueOf(output) };
}
