/** A query's networks as they are searched and bounded; what they answer is judged by their files. */
import type { Semantics } from '../audit/run.ts';
import { outputNamed } from '../graph/graph.ts';
import type { OpenNetwork } from '../runtime/network.ts';
import { withoutPairs } from '../transforms/opposed-pairs.ts';
import type { Tick } from '../vnnlib/tick.ts';

/**
 * What is asked over the reals is asked of the same functions without opposed pairs of neurons; what is asked of
 * float32 arithmetic, of the files' own operations. `tick` ends it by throwing.
 */
export function posedNetworks(
  networks: ReadonlyMap<string, OpenNetwork>,
  semantics: Semantics,
  tick?: Tick,
): ReadonlyMap<string, OpenNetwork> {
  return semantics === 'real'
    ? new Map([...networks].map(([name, network]) => [name, overReals(network, tick)]))
    : networks;
}

const rewritten = new WeakMap<OpenNetwork, OpenNetwork>();

function overReals(network: OpenNetwork, tick?: Tick): OpenNetwork {
  const known = rewritten.get(network);
  if (known) return known;
  const graph = withoutPairs(network.graph, tick);
  const output = network.graph.outputs.find(({ id }) => id === network.output.id);
  const own =
    graph && output ? { ...network, graph, output: outputNamed(graph, output.name) } : network;
  rewritten.set(network, own);
  return own;
}
