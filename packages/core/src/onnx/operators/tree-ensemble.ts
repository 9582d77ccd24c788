/**
 * Ensembles of decision trees as files hold them: lists of nodes, each with a condition on one feature
 * and two children, and lists of the leaves' weights. What is read here is checked: children exist,
 * features and targets are in range.
 */
import type { LoweringContext } from '../lowering.ts';

export type Comparison = 'atMost' | 'below' | 'same';

/** What a node asks of its feature; `negated`: the answer counts the other way round. */
export interface Condition {
  readonly comparison: Comparison;
  readonly negated: boolean;
}

/** Nodes by position. A leaf has no condition; its children are −1. */
export interface Ensemble {
  readonly conditions: readonly (Condition | undefined)[];
  readonly features: readonly number[];
  readonly thresholds: readonly number[];
  readonly whenTrue: readonly number[];
  readonly whenFalse: readonly number[];
  /** Positions of the trees' roots. */
  readonly roots: readonly number[];
  /** What a leaf adds to each target it has a weight for. */
  readonly weights: ReadonlyMap<number, ReadonlyMap<number, number>>;
}

const conditionsByMode: ReadonlyMap<string, Condition | undefined> = new Map([
  ['BRANCH_LEQ', { comparison: 'atMost', negated: false }],
  ['BRANCH_LT', { comparison: 'below', negated: false }],
  ['BRANCH_GTE', { comparison: 'below', negated: true }],
  ['BRANCH_GT', { comparison: 'atMost', negated: true }],
  ['BRANCH_EQ', { comparison: 'same', negated: false }],
  ['BRANCH_NEQ', { comparison: 'same', negated: true }],
  ['LEAF', undefined],
] as const);

export function conditionOf(c: LoweringContext, mode: string): Condition | undefined {
  if (!conditionsByMode.has(mode))
    throw c.unsupported(`nodes of the mode ${mode} are not supported`);
  return conditionsByMode.get(mode);
}

/** Numbers of a tensor, each of them a float32; undefined where the file has none. */
export function tensorNumbers(c: LoweringContext, name: string): readonly number[] | undefined {
  const held = c.tensorAsIs(name);
  if (!held) return undefined;
  const numbers = Array.from(held.data as ArrayLike<number | bigint>, Number);
  if (numbers.every((value) => Math.fround(value) === value)) return numbers;
  throw c.unsupported(
    `${name} holds numbers that float32 does not: convert the model for float32 inputs`,
  );
}

/** Numbers of a list or, as newer converters write them, of a tensor. */
export function exactNumbers(c: LoweringContext, name: string): readonly number[] {
  const numbers = tensorNumbers(c, `${name}_as_tensor`) ?? c.floatList(name) ?? [];
  if (numbers.some(Number.isNaN)) throw c.invalid(`${name} holds what is no number`);
  return numbers;
}

/** Whole numbers, as many as there are nodes. */
export function wholeList(c: LoweringContext, name: string, count: number): readonly number[] {
  const list = c.intList(name) ?? [];
  if (list.length === count) return list;
  throw c.invalid(`${name} has ${list.length} elements where ${count} are needed`);
}

/** Positions of nodes by the ids of their tree and their own. */
class Positions {
  private readonly byTree = new Map<number, Map<number, number>>();
  readonly roots: number[] = [];
  private readonly c: LoweringContext;

  constructor(c: LoweringContext, trees: readonly number[], nodes: readonly number[]) {
    this.c = c;
    trees.forEach((tree, position) => {
      if (tree !== trees[position - 1]) {
        if (this.byTree.has(tree)) throw c.invalid(`the nodes of tree ${tree} are scattered`);
        this.byTree.set(tree, new Map());
        this.roots.push(position);
      }
      const node = nodes[position] ?? -1;
      const known = this.byTree.get(tree);
      if (known?.has(node)) throw c.invalid(`tree ${tree} has two nodes ${node}`);
      known?.set(node, position);
    });
  }

  of(tree: number, node: number): number {
    const position = this.byTree.get(tree)?.get(node);
    if (position === undefined) throw this.c.invalid(`tree ${tree} has no node ${node}`);
    return position;
  }
}

/** The weights of leaves; those of other nodes mean nothing, and old converters wrote some. */
function weightsOf(
  c: LoweringContext,
  prefix: 'class' | 'target',
  targets: number,
  positions: Positions,
  isLeaf: (position: number) => boolean,
): Map<number, Map<number, number>> {
  const values = exactNumbers(c, `${prefix}_weights`);
  const [ids, nodes, trees] = ['ids', 'nodeids', 'treeids'].map((part) =>
    wholeList(c, `${prefix}_${part}`, values.length),
  );
  const weights = new Map<number, Map<number, number>>();
  values.forEach((value, i) => {
    const position = positions.of(trees?.[i] ?? -1, nodes?.[i] ?? -1);
    const target = ids?.[i] ?? -1;
    if (!(target >= 0 && target < targets)) {
      throw c.invalid(`a leaf has a weight for ${prefix} ${target} of ${targets}`);
    }
    if (isLeaf(position)) addWeight(c, weights, position, target, value);
  });
  return weights;
}

export function addWeight(
  c: LoweringContext,
  weights: Map<number, Map<number, number>>,
  position: number,
  target: number,
  value: number,
): void {
  const own = weights.get(position) ?? new Map<number, number>();
  if (own.has(target)) throw c.unsupported('a leaf has two weights for one target');
  weights.set(position, own.set(target, value));
}

/** The nodes_… attributes of TreeEnsembleClassifier and TreeEnsembleRegressor. */
export function readEnsemble(
  c: LoweringContext,
  prefix: 'class' | 'target',
  targets: number,
  features: number,
): Ensemble {
  const modes = c.texts('nodes_modes') ?? [];
  const list = (name: string): readonly number[] => wholeList(c, `nodes_${name}`, modes.length);
  const [trees, nodes, tested] = [list('treeids'), list('nodeids'), list('featureids')];
  const [trueIds, falseIds] = [list('truenodeids'), list('falsenodeids')];
  const thresholds = exactNumbers(c, 'nodes_values');
  if (thresholds.length !== modes.length) {
    throw c.invalid(`nodes_values has ${thresholds.length} elements for ${modes.length} nodes`);
  }
  const positions = new Positions(c, trees, nodes);
  const asked = modes.map((mode) => conditionOf(c, mode));
  const child = (ids: readonly number[]): number[] =>
    asked.map((condition, i) => (condition ? positions.of(trees[i] ?? -1, ids[i] ?? -1) : -1));
  const ensemble = {
    conditions: asked,
    features: tested,
    thresholds,
    whenTrue: child(trueIds),
    whenFalse: child(falseIds),
    roots: positions.roots,
    weights: weightsOf(c, prefix, targets, positions, (position) => !asked[position]),
  };
  checkFeatures(c, ensemble, features);
  return ensemble;
}

export function checkFeatures(c: LoweringContext, ensemble: Ensemble, features: number): void {
  if (ensemble.roots.length === 0) throw c.invalid('it has no tree');
  ensemble.conditions.forEach((condition, position) => {
    const feature = ensemble.features[position] ?? -1;
    if (condition && !(feature >= 0 && feature < features)) {
      throw c.invalid(`a node asks for feature ${feature} of ${features}`);
    }
  });
}
