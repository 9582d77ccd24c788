/** The affine region that ends in a layer, as numbers. */
import type { Node } from '../../graph/graph.ts';
import { subgraph, type Subgraph } from '../../graph/subgraph.ts';
import { ModelError } from '../../onnx/model-error.ts';
import { rulesOf } from '../../transforms/lowering.ts';
import type { LayerGraphs } from '../layer-graphs.ts';

/** What an affine region starts from: the perturbed input, or what a hinge makes of a stop. */
export type RegionStart = 'input' | number;

export interface RegionGraph extends Subgraph {
  readonly starts: readonly RegionStart[];
}

/**
 * Over bounds of the stops before the layer (transforms/region-rows.ts): outputs `rows/i` and `centre/i` for
 * each of the starts, `atCentre`, `error` and `finite`. Throws ModelError where the region starts from
 * anything but the input and ReLUs.
 */
export function regionGraph(graphs: LayerGraphs, place: number): RegionGraph {
  const propagation = graphs.propagation(place);
  const node = graphs.target(place);
  const region = propagation.rowsOf(node);
  if (!region) throw piecewiseOnly(node, 'is no fixed affine function of what is before it');
  const results: Record<string, Node> = { atCentre: region.atCentre, error: region.error };
  const starts = region.sources.map((source, i) => {
    Object.assign(results, { [`rows/${i}`]: source.rows, [`centre/${i}`]: source.centre });
    return startOf(graphs, source.node);
  });
  if (new Set(starts).size < starts.length) throw piecewiseOnly(node, 'takes a ReLU in twice');
  results['finite'] = propagation.finite();
  const part = subgraph(graphs.b.nodes, results, () => undefined, [graphs.input]);
  return { ...part, starts };
}

function startOf({ input, stops }: LayerGraphs, node: Node): RegionStart {
  if (node.id === input.id) return 'input';
  const bent = stops.findIndex((stop) => stop.node.id === node.operands[0]);
  const isRelu = rulesOf(node).hinge?.(node.attributes) === 0;
  if (isRelu && bent >= 0) return bent;
  throw piecewiseOnly(node, 'is not a ReLU of an affine value');
}

function piecewiseOnly(node: Node, why: string): ModelError {
  return new ModelError(
    'unsupported',
    `${node.label} (${node.op}) ${why}: exact radii are for networks of affine layers and ReLUs alone; use --method alpha-crown`,
  );
}
