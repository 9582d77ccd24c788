/**
 * The ℓ2 Lipschitz constant that a network has whatever its weights are, as long as their norms are at most 1:
 * that of the same network with weights of norm 1, a single one among zeros each.
 */
import { globalLipschitz } from '../../bounds/global-lipschitz.ts';
import { nodeAt } from '../../graph/graph.ts';
import { ModelError } from '../../onnx/model-error.ts';
import { Programs } from '../../runtime/programs.ts';
import { floats } from '../../tensor/tensor.ts';
import type { Measured } from '../method.ts';

/** Per unit of the threat's radius. Throws RangeError where there is none, or none is known. */
export async function structureConstant({ network, threat, runtime }: Measured): Promise<number> {
  if (threat.norm.name !== 'l2')
    throw new RangeError(
      'the network is not linear, and such ones are made 1-Lipschitz in l2 alone: use --norm l2',
    );
  if (!(threat.eps > 0)) throw new RangeError('no lead is learned for a radius of 0');
  const { parts, initial, input } = network;
  if (parts.statistics.size > 0)
    throw new RangeError(
      'batch normalisation has no Lipschitz constant that training keeps: remove it from the model, or train without --method lipschitz',
    );
  const vector = new Float32Array(parts.trained.size);
  for (const { role, offset, value } of parts.trained.entries) {
    if (role === 'weight') vector[offset] = 1;
    if (role === 'scale') vector.fill(1, offset, offset + value.data.length);
  }
  const graph = network.closed({ ...initial, parameters: floats(vector) });
  const programs = new Programs(runtime);
  try {
    const output = nodeAt(graph, graph.outputs[0]?.id ?? -1);
    const own = { graph, input: input.attributes.name, programs };
    const { l2, unbounded } = await globalLipschitz(own, output);
    const widest = threat.weights?.reduce((most, weight) => Math.max(most, weight), 1) ?? 1;
    if (Number.isFinite(l2)) return l2 * widest;
    const where = unbounded && (unbounded.label || unbounded.op);
    throw new RangeError(
      `no Lipschitz constant over all inputs is known of the network${where ? ` (${where})` : ''}`,
    );
  } catch (error) {
    if (error instanceof ModelError) throw new RangeError(error.message, { cause: error });
    throw error;
  } finally {
    await programs.release();
  }
}
