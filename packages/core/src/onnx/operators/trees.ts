/**
 * TreeEnsembleClassifier, TreeEnsembleRegressor and the newer TreeEnsemble: how the trees' sums become
 * scores. Where the standard leaves it open, ONNX Runtime's rules.
 */
import { known } from '../../graph/dimension.ts';
import type { Node } from '../../graph/graph.ts';
import type { Lowering, LoweringContext } from '../lowering.ts';
import { readNewerEnsemble } from './newer-tree-ensemble.ts';
import { labelsOf, ofBoth, transformed, untransformed } from './scores.ts';
import { type Ensemble, exactNumbers, readEnsemble } from './tree-ensemble.ts';
import { type Aggregate, based, isReached, outcome, type Outcome, shifted } from './tree-sums.ts';

function featuresOf(c: LoweringContext, x: Node): number {
  if (x.shape.length !== 2) throw c.invalid('its input is no table of rows and features');
  return known(x.shape[1] ?? 0, 'features');
}

function isAggregate(name: string): name is Aggregate {
  return ['SUM', 'AVERAGE', 'MIN', 'MAX'].includes(name);
}

function regression(
  c: LoweringContext,
  x: Node,
  ensemble: Ensemble,
  targets: number,
  aggregate: string,
  base: readonly number[],
): Node {
  if (!isAggregate(aggregate)) {
    throw c.unsupported(`the aggregate function ${aggregate} is not supported`);
  }
  const result = outcome(c, x, ensemble, targets, aggregate);
  const total = aggregate === 'SUM' || aggregate === 'AVERAGE';
  for (let target = 0; target < targets; target++) {
    if (total && targets > 1) break;
    const everywhere = result.matrices.every(({ leafAt }) =>
      leafAt.every((leaf) => leaf < 0 || ensemble.weights.get(leaf)?.has(target)),
    );
    if (!everywhere) throw c.unsupported(`target ${target} has no weight in some leaves`);
  }
  return base.length === targets ? based(c, result, base) : result.values;
}

function treeEnsembleRegressor(c: LoweringContext): Node {
  const x = c.real();
  const targets = c.listable(c.int('n_targets', 1));
  const ensemble = readEnsemble(c, 'target', targets, featuresOf(c, x));
  const base = exactNumbers(c, 'base_values');
  const aggregate = c.text('aggregate_function', 'SUM');
  const values = regression(c, x, ensemble, targets, aggregate, base);
  return targets === 1 ? untransformed(c, values) : transformed(c, values);
}

function treeEnsembleClassifier(c: LoweringContext): (Node | undefined)[] {
  const x = c.real();
  const classes = c.listable(labelsOf(c, 'classlabels_int64s'));
  if (classes < 2) throw c.unsupported('a classifier needs at least two labels');
  const ensemble = readEnsemble(c, 'class', classes, featuresOf(c, x));
  const base = exactNumbers(c, 'base_values');
  if (base.length > classes) throw c.invalid(`${base.length} base values for ${classes} classes`);
  const result = outcome(c, x, ensemble, classes, 'SUM');
  if (classes === 2) return [undefined, ofTwoClasses(c, result, base)];
  // Of more classes, each gets its base value whatever its leaves say.
  return [undefined, transformed(c, shifted(c, result.values, base))];
}

/** ONNX Runtime's rules for two classes; a file with weights for one class only has one score. */
function ofTwoClasses(c: LoweringContext, result: Outcome, base: readonly number[]): Node {
  if (base.length > 1) throw c.unsupported('a base value for each of two classes is not supported');
  const second = isReached(result, 1);
  if (second === 'open') throw c.unsupported('class 1 has no weight in some leaves');
  const values = based(c, result, base);
  if (second === 'always') return transformed(c, values);
  if (new Set(c.intList('class_ids')).size !== 1) {
    throw c.unsupported('weights for class 1 are at nodes that are not leaves');
  }
  const positive = exactNumbers(c, 'class_weights').every((weight) => weight >= 0);
  return ofBoth(c, c.b.slice(values, 1, 0, 1), positive);
}

const aggregates: readonly Aggregate[] = ['AVERAGE', 'SUM', 'MIN', 'MAX'];

function treeEnsemble(c: LoweringContext): Node {
  const x = c.real();
  const targets = c.listable(c.int('n_targets', 1));
  // ONNX Runtime and the standard number them differently.
  if (c.int('post_transform', 0) !== 0) {
    throw c.unsupported('transformations of its scores are not supported');
  }
  const ensemble = readNewerEnsemble(c, targets, featuresOf(c, x));
  const aggregate = aggregates[c.int('aggregate_function', 1)] ?? 'unknown';
  return regression(c, x, ensemble, targets, aggregate, []);
}

export const trees: Readonly<Record<string, Lowering>> = {
  'ai.onnx.ml.TreeEnsembleClassifier': treeEnsembleClassifier,
  'ai.onnx.ml.TreeEnsembleRegressor': treeEnsembleRegressor,
  'ai.onnx.ml.TreeEnsemble': treeEnsemble,
};
