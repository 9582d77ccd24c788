/** How a file takes many samples: by its own first axis, by one put in front of everything, or not at all. */
import { Builder } from '../graph/builder.ts';
import { BATCH } from '../graph/dimension.ts';
import { dependents, type Graph } from '../graph/graph.ts';
import { ShapeError } from '../graph/ops/definition.ts';
import { overSamples } from '../graph/sample-axis.ts';
import { type Lowered, lower, type Reading } from './lower-graph.ts';
import { ModelError } from './model-error.ts';

/** undefined where shapes forbid it. */
function fitting<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    return undefined;
  }
}

/** Whether samples are counted by the first axis of everything that depends on them: bounds know no other. */
function leads(graph: Graph): boolean {
  const varies = dependents(graph, graph.inputs);
  return graph.nodes.every(({ id, shape: [first] }) => !varies[id] || first === BATCH);
}

function lift(graph: Graph): Graph {
  const b = new Builder();
  return b.graph(overSamples(b, graph, BATCH));
}

export interface Sampled extends Lowered {
  readonly batched: boolean;
  readonly lifted: boolean;
  readonly inFront: boolean;
}

/** By the file's own axis of samples, by one in front of everything that it does with one sample, or row by row. */
export function lowered(reading: Reading, rowByRow: boolean): Sampled {
  if (rowByRow) return { ...lowerOne(reading), batched: false, lifted: false, inFront: false };
  const own = reading.batchAxis ? fitting(() => lower(reading, BATCH)) : undefined;
  // A file that moves its samples behind other axes takes many all the same.
  const together = own && { ...own, batched: true, lifted: false, inFront: false };
  if (together && leads(together.graph)) return together;
  const single = own ? fitting(() => lower(reading, 1)) : lowerOne(reading);
  const graph = single && fitting(() => lift(single.graph));
  if (graph) return { ...(own ?? single), graph, batched: true, lifted: !own, inFront: true };
  return (
    together ?? { ...(single ?? lowerOne(reading)), batched: false, lifted: false, inFront: false }
  );
}

/** For one sample at a time. Throws ModelError where its shapes contradict each other. */
function lowerOne(reading: Reading): Lowered {
  try {
    return lower(reading, 1);
  } catch (cause) {
    if (!(cause instanceof ShapeError)) throw cause;
    throw new ModelError(
      'invalid',
      `the model's shapes contradict each other, or are used as is not supported: ${cause.message}`,
      { cause },
    );
  }
}
