/**
 * Batch normalisation while it is trained (Ioffe & Szegedy 2015): each batch is normalised by its own
 * mean and variance, and running averages of them, of the variance without its bias, are what the
 * network uses afterwards.
 */
import type { Builder } from '../graph/builder.ts';
import type { Node, NodeOf } from '../graph/graph.ts';
import { ancestors } from '../graph/graph.ts';
import { sizeOf } from '../tensor/tensor.ts';
import { replayLowered } from '../transforms/lowering.ts';
import type { NetworkOver } from './network.ts';

/** Share of a batch in the running averages. */
const MOMENTUM = 0.1;

export interface BatchStatistics {
  /** By the id of the constant they stand for. */
  readonly used: ReadonlyMap<number, Node>;
  /** The running averages after the batch, end to end. */
  readonly next: Node;
}

/** Puts values for every batch normalisation into `given`; null where there is none. */
export function normaliseBatch(
  over: NetworkOver,
  given: Map<number, Node>,
): BatchStatistics | null {
  const { b, network } = over;
  const { graph, output, parts } = network;
  if (parts.statistics.size === 0) return null;
  const needed = ancestors(graph, [output.id]);
  const used = new Map<number, Node>();
  const next = new Map<number, Node>();
  for (const node of graph.nodes) {
    if (node.op !== 'batchNorm' || !needed[node.id]) continue;
    const [x = -1, scale = -1, shift = -1, mean = -1, variance = -1] = node.operands;
    const copies = replayLowered(b, graph, given, ['gradient'], [x, scale, shift]);
    const [value, factor, offset] = [copies.get(x), copies.get(scale), copies.get(shift)];
    const running = [over.statistics.get(mean), over.statistics.get(variance)] as const;
    if (!value || !factor || !offset || !running[0] || !running[1]) {
      throw new RangeError(`${node.label}: its statistics are no constants of the file`);
    }
    const own = statisticsOf(b, value);
    used.set(mean, own.mean).set(variance, own.variance);
    next.set(mean, averaged(b, running[0], own.mean));
    next.set(variance, averaged(b, running[1], own.unbiased));
    given.set(node.id, normalised(b, node, value, { factor, offset, ...own }));
  }
  const pieces = parts.statistics.entries.map(({ id }) => next.get(id) ?? over.statistics.get(id));
  return {
    used,
    next: b.concat(
      pieces.filter((piece) => piece !== undefined),
      0,
    ),
  };
}

interface Moments {
  readonly mean: Node;
  readonly variance: Node;
  /** The variance times n / (n − 1). */
  readonly unbiased: Node;
}

/** Over all axes but the channels': [channels]. */
function statisticsOf(b: Builder, x: Node): Moments {
  const axes = x.shape.map((_, i) => i).filter((axis) => axis !== 1);
  // The batch's size is not known here: a sum of ones tells it.
  const rows = b.sum(b.expand(b.scalar(1), [x.shape[0] ?? 1]), [0]);
  const count = b.mul(rows, sizeOf(x.shape.slice(2).map(Number)));
  const mean = b.div(b.sum(x, axes), count);
  const centred = b.sub(x, perChannel(b, mean, x));
  const squares = b.sum(b.mul(centred, centred), axes);
  const unbiased = b.div(squares, b.max(b.sub(count, 1), 1));
  return { mean, variance: b.div(squares, count), unbiased };
}

function averaged(b: Builder, running: Node, own: Node): Node {
  return b.add(b.mul(running, 1 - MOMENTUM), b.mul(own, MOMENTUM));
}

function normalised(
  b: Builder,
  { attributes }: NodeOf<'batchNorm'>,
  x: Node,
  { factor, offset, mean, variance }: Moments & { readonly factor: Node; readonly offset: Node },
): Node {
  const scale = b.div(factor, b.sqrt(b.add(variance, attributes.epsilon)));
  const centred = b.sub(x, perChannel(b, mean, x));
  return b.add(b.mul(centred, perChannel(b, scale, x)), perChannel(b, offset, x));
}

function perChannel(b: Builder, vector: Node, x: Node): Node {
  return b.reshape(
    vector,
    x.shape.map((_, i) => (i === 1 ? (vector.shape[0] ?? 1) : 1)),
  );
}
