/** The attributes of TreeEnsemble, the newer operator for all kinds of trees. */
import type { LoweringContext } from '../lowering.ts';
import {
  addWeight,
  checkFeatures,
  conditionOf,
  type Ensemble,
  tensorNumbers,
  wholeList,
} from './tree-ensemble.ts';

const newerModes = ['LEQ', 'LT', 'GTE', 'GT', 'EQ', 'NEQ', 'MEMBER'].map(
  (mode) => `BRANCH_${mode}`,
);

/** Nodes and leaves are numbered apart: leaf i takes the position behind the nodes. */
export function readNewerEnsemble(c: LoweringContext, targets: number, features: number): Ensemble {
  const numbers = (name: string): readonly number[] => tensorNumbers(c, name) ?? [];
  const splits = numbers('nodes_splits');
  const values = numbers('leaf_weights');
  const nodes = splits.length;
  const list = (name: string): readonly number[] => wholeList(c, `nodes_${name}`, nodes);
  const modes = numbers('nodes_modes');
  if (modes.length !== nodes) throw c.invalid(`nodes_modes has ${modes.length} elements`);
  const [trueIds, falseIds] = [list('truenodeids'), list('falsenodeids')];
  const child = (ids: readonly number[], leafs: readonly number[]): number[] =>
    ids.map((id, i) => {
      const isLeaf = leafs[i] !== 0;
      if (id >= 0 && id < (isLeaf ? values.length : nodes)) return isLeaf ? nodes + id : id;
      throw c.invalid(`there is no ${isLeaf ? 'leaf' : 'node'} ${id}`);
    });
  const [whenTrue, whenFalse] = [
    child(trueIds, list('trueleafs')),
    child(falseIds, list('falseleafs')),
  ];
  const roots = c.intList('tree_roots') ?? [];
  for (const root of roots) {
    if (!(root >= 0 && root < nodes)) throw c.invalid(`there is no node ${root}`);
    // ONNX Runtime takes such a root for a leaf, the standard for a node.
    if (trueIds[root] === falseIds[root]) {
      throw c.unsupported('a root with one number for both of its branches is not supported');
    }
  }
  const weights = new Map<number, Map<number, number>>();
  wholeList(c, 'leaf_targetids', values.length).forEach((target, leaf) => {
    if (!(target >= 0 && target < targets)) throw c.invalid(`a leaf is for target ${target}`);
    addWeight(c, weights, nodes + leaf, target, values[leaf] ?? 0);
  });
  const conditions = modes.map((mode) => conditionOf(c, newerModes[mode] ?? `${mode}`));
  const tested = list('featureids');
  const ensemble = {
    conditions,
    features: tested,
    thresholds: splits,
    whenTrue,
    whenFalse,
    roots,
    weights,
  };
  checkFeatures(c, ensemble, features);
  return ensemble;
}
