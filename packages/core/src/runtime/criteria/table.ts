/** Criteria of success by name: adding one is a file and a row here. */
import type { Criterion } from '../../audit/run.ts';
import { type Graph, outputNamed } from '../../graph/graph.ts';
import { headOf } from '../heads.ts';
import { confidence } from './confidence.ts';
import { error } from './error.ts';
import { misclassified } from './misclassified.ts';
import { rejected } from './rejected.ts';
import { target } from './target.ts';
import type { View } from './view.ts';

/** How a criterion looks at an output of a graph. Throws ModelError where it cannot. */
export function viewOf(criterion: Criterion, graph: Graph, output: string): View {
  const head = () => headOf(graph, output, outputNamed(graph, output));
  switch (criterion.kind) {
    case 'misclassified':
      return misclassified(head());
    case 'target':
      return target(head(), criterion);
    case 'rejected':
      return rejected(head(), criterion);
    case 'confidence':
      return confidence(head(), output, criterion.below);
    case 'error':
      return error(graph, output, criterion.above);
  }
}
