/**
 * Ensembles of decision trees as step functions of the features: every condition's answer, which leaf
 * they lead to, and what the leaves come to over all trees. Their gradient is zero.
 */
import { known } from '../../graph/dimension.ts';
import type { Node } from '../../graph/graph.ts';
import type { LoweringContext } from '../lowering.ts';
import type { Comparison, Ensemble } from './tree-ensemble.ts';
import { dense, type PathMatrices, pathMatrices } from './tree-paths.ts';

function compared({ b }: LoweringContext, comparison: Comparison, x: Node, threshold: Node): Node {
  switch (comparison) {
    case 'atMost':
      return b.greaterOrEqual(threshold, x);
    case 'below':
      return b.greater(threshold, x);
    case 'same':
      return b.equal(x, threshold);
  }
}

/** Answers to the conditions of nodes, as 0 and 1: [batch, nodes]. What padding answers is not asked. */
function answers(c: LoweringContext, x: Node, ensemble: Ensemble, nodes: readonly number[]): Node {
  const { b } = c;
  const comparisonAt = nodes.map((node) => ensemble.conditions[node]?.comparison);
  const kinds = [...new Set(comparisonAt.filter((kind) => kind !== undefined))];
  const [main = 'atMost'] = kinds;
  const parts = (kinds.length > 0 ? kinds : [main]).map((kind) => {
    const slots = nodes.flatMap((_, slot) => ((comparisonAt[slot] ?? main) === kind ? [slot] : []));
    const asked = slots.map((slot) => nodes[slot] ?? -1);
    const inner = asked.map((node) => (ensemble.conditions[node] ? node : -1));
    const values = b.gather(
      x,
      1,
      inner.map((node) => ensemble.features[node] ?? 0),
    );
    const thresholds = inner.map((node) => ensemble.thresholds[node] ?? 0);
    return { slots, mask: compared(c, kind, values, b.floats(thresholds, [slots.length])) };
  });
  const [only, ...others] = parts;
  if (only && others.length === 0) return only.mask;
  const from = new Array<number>(nodes.length).fill(0);
  parts
    .flatMap(({ slots }) => slots)
    .forEach((slot, position) => {
      from[slot] = position;
    });
  return b.gather(
    b.concat(
      parts.map(({ mask }) => mask),
      1,
    ),
    1,
    from,
  );
}

/** What each tree of a group gives: [trees, batch, targets]. */
function votes(
  c: LoweringContext,
  x: Node,
  ensemble: Ensemble,
  matrices: PathMatrices,
  targets: number,
): Node {
  const { b } = c;
  const { trees, nodes, leaves, nodeAt, leafAt, paths, reached } = matrices;
  const batch = x.shape[0] ?? 1;
  const asked = b.reshape(answers(c, x, ensemble, nodeAt), [batch, trees, nodes]);
  const counts = b.matMul(b.transpose(asked, [1, 0, 2]), b.floats(paths, [trees, nodes, leaves]));
  // Counts are whole numbers; half of one leaves room for the rounding of bounds.
  const enough = reached.map((count) => count - 0.5);
  const leaf = b.greater(counts, b.floats(enough, [trees, 1, leaves]));
  const weights = new Float32Array(dense(c, trees * leaves * targets));
  leafAt.forEach((position, column) => {
    for (const [target, weight] of ensemble.weights.get(position) ?? []) {
      weights[column * targets + target] = weight;
    }
  });
  return b.matMul(leaf, b.floats(weights, [trees, leaves, targets]));
}

export type Aggregate = 'SUM' | 'AVERAGE' | 'MIN' | 'MAX';

export interface Outcome {
  readonly ensemble: Ensemble;
  readonly matrices: readonly PathMatrices[];
  /** [batch, targets]. */
  readonly values: Node;
}

/** What the trees come to together. */
export function outcome(
  c: LoweringContext,
  x: Node,
  ensemble: Ensemble,
  targets: number,
  aggregate: Aggregate,
): Outcome {
  const { b } = c;
  const matrices = pathMatrices(c, ensemble);
  const parts = matrices.map((group) => votes(c, x, ensemble, group, targets));
  const joined = (join: (p: Node, q: Node) => Node, along: (part: Node) => Node): Node => {
    const [first, ...others] = parts.map(along);
    if (!first) throw c.invalid('it has no tree');
    return others.reduce(join, first);
  };
  switch (aggregate) {
    case 'SUM':
    case 'AVERAGE': {
      const sum = joined(
        (p, q) => b.add(p, q),
        (part) => b.sum(part, [0]),
      );
      const values = aggregate === 'SUM' ? sum : b.div(sum, ensemble.roots.length);
      return { ensemble, matrices, values };
    }
    case 'MAX':
    case 'MIN': {
      const signed = (node: Node): Node => (aggregate === 'MIN' ? b.neg(node) : node);
      const most = joined(
        (p, q) => b.max(p, q),
        (part) => b.maximum(signed(part), [0]),
      );
      return { ensemble, matrices, values: signed(most) };
    }
  }
}

/** Whether a row is sure to reach a leaf with a weight for a target, or sure not to. */
export function isReached(
  { ensemble, matrices }: Outcome,
  target: number,
): 'always' | 'never' | 'open' {
  let [some, every] = [false, false];
  for (const { trees, leaves, leafAt } of matrices) {
    for (let tree = 0; tree < trees; tree++) {
      const own = leafAt.slice(tree * leaves, (tree + 1) * leaves).filter((leaf) => leaf >= 0);
      const weighed = own.filter((leaf) => ensemble.weights.get(leaf)?.has(target));
      some ||= weighed.length > 0;
      every ||= weighed.length === own.length;
    }
  }
  return every ? 'always' : some ? 'open' : 'never';
}

/** Base values on top, 0 where there are fewer than targets. */
export function shifted(c: LoweringContext, values: Node, base: readonly number[]): Node {
  if (base.every((value) => value === 0)) return values;
  const width = known(values.shape[1] ?? 1, 'targets');
  const shift = Array.from({ length: width }, (_, target) => base[target] ?? 0);
  return c.b.add(values, c.b.floats(shift, [width]));
}

/** ONNX Runtime adds a base value only where a leaf has a weight for its target. */
export function based(c: LoweringContext, result: Outcome, base: readonly number[]): Node {
  const added = base.map((value, target) => {
    const reach = value === 0 ? 'never' : isReached(result, target);
    if (reach === 'open') throw c.unsupported(`target ${target} has no weight in some leaves`);
    return reach === 'always' ? value : 0;
  });
  return shifted(c, result.values, added);
}
