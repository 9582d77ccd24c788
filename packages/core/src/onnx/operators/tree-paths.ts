/**
 * Decision trees as matrices. With a 0/1 answer to every node's condition, the answers times a matrix
 * of +1 (the path takes the node's true branch), −1 (its false branch) and 0 give, for each leaf, how
 * many of its true branches are taken less how many of its false ones: the leaf is reached exactly
 * where that is the number of its true branches, and nowhere is it more.
 */
import type { LoweringContext } from '../lowering.ts';
import type { Ensemble } from './tree-ensemble.ts';

/** Trees of about one size, padded to the largest: [trees, nodes, leaves]. */
export interface PathMatrices {
  readonly trees: number;
  readonly nodes: number;
  readonly leaves: number;
  /** Position of the node that each row is of; −1 for padding. */
  readonly nodeAt: readonly number[];
  /** Position of the leaf that each column is of; −1 for padding. */
  readonly leafAt: readonly number[];
  readonly paths: Float32Array;
  /** What the answers come to where the leaf is reached: its true branches. */
  readonly reached: Float32Array;
}

const MOST_ELEMENTS = 2 ** 24;

/** A number of elements that matrices of trees may have; refuses more. */
export function dense(c: LoweringContext, elements: number): number {
  if (elements <= MOST_ELEMENTS) return elements;
  throw c.unsupported(
    `its trees take ${elements} elements as matrices, more than ${MOST_ELEMENTS}: train fewer or shallower trees (max_depth, max_leaf_nodes)`,
  );
}

interface TreeSize {
  readonly root: number;
  /** Inner nodes in the order of their rows. */
  readonly inner: readonly number[];
  /** Paths from the root to a leaf: leaves, where no two nodes share a child. */
  readonly paths: number;
}

/** What a tree consists of. Throws where a node is its own descendant. */
function sizeOfTree(c: LoweringContext, ensemble: Ensemble, root: number): TreeSize {
  const inner: number[] = [];
  /** Paths below a node; 0 while they are being counted. */
  const paths = new Map<number, number>();
  const open = [root];
  for (let node = open.at(-1); node !== undefined; node = open.at(-1)) {
    const [yes, no] = [ensemble.whenTrue[node] ?? -1, ensemble.whenFalse[node] ?? -1];
    if (paths.get(node) === undefined) {
      if (!ensemble.conditions[node]) paths.set(node, 1);
      else {
        paths.set(node, 0);
        inner.push(node);
        const fresh = [no, yes].filter((child) => !paths.get(child));
        if (fresh.some((child) => paths.has(child))) throw c.invalid('a tree has a cycle');
        open.push(...fresh);
        continue;
      }
    } else if (paths.get(node) === 0) {
      paths.set(node, (paths.get(yes) ?? 0) + (paths.get(no) ?? 0));
    }
    open.pop();
  }
  return { root, inner, paths: paths.get(root) ?? 0 };
}

const elementsOf = ({ inner, paths }: TreeSize): number => Math.max(1, inner.length) * paths;

/** Rows and columns that hold every tree of a group. */
function largest(group: readonly TreeSize[]): { readonly nodes: number; readonly leaves: number } {
  return group.reduce(
    ({ nodes, leaves }, { inner, paths }) => ({
      nodes: Math.max(nodes, inner.length),
      leaves: Math.max(leaves, paths),
    }),
    { nodes: 1, leaves: 1 },
  );
}

/** Trees that are at least a quarter of their group's first, the largest first. */
function grouped(sizes: readonly TreeSize[]): TreeSize[][] {
  const groups: TreeSize[][] = [];
  for (const size of [...sizes].sort((a, b) => elementsOf(b) - elementsOf(a))) {
    const group = groups.at(-1);
    if (group?.[0] && elementsOf(size) * 4 >= elementsOf(group[0])) group.push(size);
    else groups.push([size]);
  }
  return groups;
}

/** Writes the paths of a tree into its matrix, leaf by leaf. */
function writePaths(
  ensemble: Ensemble,
  { root, inner }: TreeSize,
  matrix: { readonly leaves: number; readonly paths: Float32Array },
  reached: (column: number, leaf: number, trueBranches: number) => void,
): void {
  const rows = new Map(inner.map((node, row) => [node, row]));
  /** Branches taken on the way: the node's row, and +1 or −1. */
  const way: { readonly row: number; readonly sign: number }[] = [];
  const open: { readonly node: number; readonly depth: number; readonly sign: number }[] = [
    { node: root, depth: 0, sign: 0 },
  ];
  const parents: number[] = [];
  let column = 0;
  for (let step = open.pop(); step; step = open.pop()) {
    const { node, depth, sign } = step;
    way.length = parents.length = depth;
    if (depth > 0) way[depth - 1] = { row: rows.get(parents[depth - 1] ?? -1) ?? 0, sign };
    if (ensemble.conditions[node]) {
      const negated = ensemble.conditions[node].negated;
      parents[depth] = node;
      const [yes, no] = [ensemble.whenTrue[node] ?? -1, ensemble.whenFalse[node] ?? -1];
      open.push({ node: no, depth: depth + 1, sign: negated ? 1 : -1 });
      open.push({ node: yes, depth: depth + 1, sign: negated ? -1 : 1 });
      continue;
    }
    for (const { row, sign: taken } of way) matrix.paths[row * matrix.leaves + column] = taken;
    reached(column, node, way.filter((branch) => branch.sign > 0).length);
    column += 1;
  }
}

function matricesOf(ensemble: Ensemble, group: readonly TreeSize[]): PathMatrices {
  const { nodes, leaves } = largest(group);
  const trees = group.length;
  const paths = new Float32Array(trees * nodes * leaves);
  // A column of zeros never comes to 1.
  const reached = new Float32Array(trees * leaves).fill(1);
  const leafAt = new Array<number>(trees * leaves).fill(-1);
  const nodeAt = new Array<number>(trees * nodes).fill(-1);
  group.forEach((tree, t) => {
    tree.inner.forEach((node, row) => (nodeAt[t * nodes + row] = node));
    const own = { leaves, paths: paths.subarray(t * nodes * leaves, (t + 1) * nodes * leaves) };
    writePaths(ensemble, tree, own, (column, leaf, trueBranches) => {
      leafAt[t * leaves + column] = leaf;
      reached[t * leaves + column] = trueBranches;
    });
  });
  return { trees, nodes, leaves, nodeAt, leafAt, paths, reached };
}

/** All trees of an ensemble. Throws ModelError for a cycle, and where the matrices grow too large. */
export function pathMatrices(c: LoweringContext, ensemble: Ensemble): PathMatrices[] {
  const sizes = ensemble.roots.map((root) => sizeOfTree(c, ensemble, root));
  const groups = grouped(sizes);
  const total = groups.reduce((sum, group) => {
    const { nodes, leaves } = largest(group);
    return sum + group.length * nodes * leaves;
  }, 0);
  dense(c, total);
  return groups.map((group) => matricesOf(ensemble, group));
}
