/**
 * How far float32 takes the values of a network from what they are over the reals, as lengths: a value's error is what
 * its operands' errors make of it, and what its own sums are rounded by, γ_n times the length of their terms, which is
 * at most ‖|A|‖ times the length of what A is applied to. On a ball of radius r a value is at most as long as at the
 * centre, and L·r.
 */
import { Builder, replay } from '../graph/builder.ts';
import { type Graph, type Node, nodeAt, operandsOf } from '../graph/graph.ts';
import type { Classifier } from '../runtime/classifier.ts';
import { batchOf } from '../runtime/network.ts';
import { runRows } from '../runtime/rows.ts';
import type { Rows, SetContext } from '../threats/ball.ts';
import { isAffine } from '../transforms/affine.ts';
import { fusedTerms } from '../transforms/fusion.ts';
import { rulesOf } from '../transforms/lowering.ts';
import { gamma, roundingModel } from '../transforms/rounding.ts';
import {
  affineChange,
  changeOf,
  type LipschitzConstants,
  type NormOf,
  orders,
  type Path,
} from './layer-norms.ts';

export interface RoundedPath {
  readonly path: Path;
  readonly constants: ReadonlyMap<number, LipschitzConstants>;
  readonly norm: NormOf;
  /** How far the input moves, for each row. */
  readonly reaches: readonly number[];
}

/** For each row, how far all outputs together are from what they are, at most, on its ball; NaN: not known. */
export async function roundingAlong(
  { classifier, signal }: SetContext,
  rows: Rows,
  rounded: RoundedPath,
): Promise<number[]> {
  const { path, norm, reaches } = rounded;
  const batch = batchOf(classifier);
  const values = [path.from, ...path.nodes];
  if (classifier.sides.length > 0 || values.some(({ shape }) => shape[0] !== batch)) {
    return reaches.map(() => Number.NaN);
  }
  const name = `lengths of values before ${classifier.proven.id} in ${norm}`;
  const program = await classifier.programs.named(name, () => lengthsGraph(classifier, path, norm));
  const centre = { data: rows.x, shape: classifier.sampleShape };
  const results = await runRows(classifier, program, { centre }, rows.count, signal);
  const lengths = results['lengths'] ?? new Float32Array();
  const fused = fusedTerms(path.graph.nodes, path.perturbed);
  return reaches.map((reach, row) => {
    const own = lengths.subarray(row * values.length, (row + 1) * values.length);
    return errorOf(rounded, fused, own, reach);
  });
}

/** `centre` → `lengths` [batch, values]: of the input, and of each value of the path. */
function lengthsGraph(classifier: Classifier, path: Path, norm: NormOf): Graph {
  const b = new Builder();
  const batch = batchOf(classifier);
  const centre = b.input('centre', [batch, ...classifier.sampleShape]);
  const copies = replay(b, path.graph, new Map([[path.from.id, centre]]));
  const lengths = [path.from, ...path.nodes].map((node) => {
    const copy = copies.get(node.id) ?? centre;
    const flat = b.reshape(copy, [batch, sizeOf(node)]);
    return b.reshape(lengthOf(b, flat, norm), [batch, 1]);
  });
  return b.graph({ lengths: b.concat(lengths, 1) });
}

function lengthOf(b: Builder, flat: Node, norm: NormOf): Node {
  if (norm === 'l2') return b.sqrt(b.sum(b.mul(flat, flat), [1]));
  return norm === 'l1' ? b.sum(b.abs(flat), [1]) : b.maximum(b.abs(flat), [1]);
}

function sizeOf({ shape }: Node): number {
  return shape.slice(1).reduce<number>((size, dim) => size * Number(dim), 1);
}

function errorOf(
  { path, constants, norm }: RoundedPath,
  fused: readonly number[],
  lengths: Float32Array,
  reach: number,
): number {
  const errors = new Map<number, number>([[path.from.id, 0]]);
  const farthest = new Map<number, number>();
  const place = new Map([path.from, ...path.nodes].map(({ id }, i) => [id, i]));
  /** Of a value over the reals and as it is at the centre in float32, on the whole ball. */
  const reached = (id: number): number => {
    const node = nodeAt(path.graph, id);
    const measured = (lengths[place.get(id) ?? -1] ?? Number.NaN) * (1 + gamma(sizeOf(node) + 8));
    return measured + (constants.get(id)?.[norm] ?? Infinity) * reach;
  };
  farthest.set(path.from.id, reached(path.from.id));
  for (const node of path.nodes) {
    const before = node.operands.map((id) => (path.perturbed(id) ? (errors.get(id) ?? 0) : 0));
    const passed = changeOf(path, node, norm, before);
    const sizes = node.operands.map((id) => farthest.get(id) ?? 0);
    const error = passed + ownError(path, node, norm, { sizes, passed, fused, size: reached });
    errors.set(node.id, error);
    // At the centre it is in error as well.
    farthest.set(node.id, reached(node.id) + 2 * error);
  }
  return errors.get(path.to.id) ?? Number.NaN;
}

interface Around {
  /** Of the operands as they are computed. */
  readonly sizes: readonly number[];
  /** The error that the operands' make. */
  readonly passed: number;
  readonly fused: readonly number[];
  readonly size: (id: number) => number;
}

/** What a node's own arithmetic adds; NaN where that is not known. */
function ownError(
  path: Path,
  node: Node,
  norm: NormOf,
  { sizes, passed, fused, size }: Around,
): number {
  const rules = rulesOf(node);
  if (!isAffine(node, path.perturbed)) return rules.evaluationError === 'exact' ? 0 : Number.NaN;
  if (rules.kind === 'structural') return 0;
  const rounding = roundingModel('float32');
  const operands = operandsOf(path.graph, node);
  const terms = Math.max(rules.terms?.(node, operands) ?? 0, fused[node.id] ?? 0);
  const absolute = path.norms.get(node.id)?.map((each) => {
    return each && (norm === 'l2' ? Math.sqrt(each.linf * each.l1) : each[norm]);
  });
  const products = affineChange(
    node,
    orders[norm],
    sizes,
    absolute?.map((each) => each ?? 0),
  );
  const share = rounding.own(terms);
  const least = rounding.tiny(terms) * sizeOf(node);
  if (rules.linearIn?.(node.operands.map(() => true)) === false) {
    return share * products + least;
  }
  // A point that is added is as long as the sum and all else together at most.
  return share < 0.5
    ? (share * (2 * products + size(node.id) + passed) + least) / (1 - 2 * share)
    : Infinity;
}
