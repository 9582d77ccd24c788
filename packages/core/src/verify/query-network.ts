/** A network of a query: its file opened for what the query declares of it, and where that lies in the joint vector. */
import { openJoined } from '../runtime/joined-network.ts';
import type { OpenNetwork } from '../runtime/network.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Model } from '../onnx/read.ts';
import { hiddenOf } from '../vnnlib/interface.ts';
import type { Query, QueryNetwork, QueryTensor, Role } from '../vnnlib/query.ts';
import { VnnlibError } from '../vnnlib/vnnlib-error.ts';

/** Opens the file of a network, read with the hidden nodes that hiddenOf names. Throws ModelError as openNetwork does. */
export function openQueryNetwork(
  query: Query,
  name: string,
  model: Model,
  runtime: Runtime,
): Promise<OpenNetwork> {
  const outputs = model.outputs.map((port) => port.name);
  return openJoined(model, runtime, [...hiddenOf(query, name), ...outputs]);
}

/** Elements of a network's output, and where they lie in the joint vector. */
export interface Place {
  readonly from: number;
  readonly size: number;
  readonly offset: number;
}

export interface NetworkPlaces {
  /** The network's inputs, one behind the other in the joint vector too. */
  readonly input: Pick<Place, 'size' | 'offset'>;
  /** Of hidden nodes and outputs, in the order of the joint vector; those that follow each other in both are one. */
  readonly values: readonly Place[];
}

/** Throws VnnlibError where more is declared than one sample of the network. */
export function placesOf(
  query: Query,
  { tensors }: QueryNetwork,
  network: OpenNetwork,
): NetworkPlaces {
  const of = (role: Role): QueryTensor[] => tensors.filter((tensor) => tensor.role === role);
  const [inputs, outputs] = [of('input'), of('output')];
  requireOneSample(query, inputs, network.sampleSize);
  let from = 0;
  const given = network.values.map(({ name, size }) => {
    from += size;
    return { name, size, from: from - size };
  });
  // Outputs are the last of a network's values.
  const first = Math.max(0, given.length - network.model.outputs.length);
  const start = given[first]?.from ?? 0;
  requireOneSample(query, outputs, from - start);
  const inside = given.slice(0, first);
  const hidden = of('hidden').map((tensor): Place => {
    const isOf = ({ name }: { readonly name: string }): boolean => name === tensor.onnxName;
    const own = inside.find(isOf) ?? given.find(isOf);
    if (!own) throw new RangeError(`the network was not opened for ${tensor.onnxName}`);
    // What is declared twice is there twice.
    if (inside.filter(isOf).length > 1) inside.splice(inside.indexOf(own), 1);
    requireOneSample(query, [tensor], own.size);
    return { from: own.from, size: own.size, offset: tensor.offset };
  });
  const output = { from: start, size: from - start, offset: outputs[0]?.offset ?? 0 };
  const input = { size: network.sampleSize, offset: inputs[0]?.offset ?? 0 };
  return { input, values: merged([...hidden, output]) };
}

function merged(places: readonly Place[]): Place[] {
  const all: Place[] = [];
  for (const place of places) {
    const last = all.at(-1);
    const follows =
      last && place.from === last.from + last.size && place.offset === last.offset + last.size;
    if (follows) all.splice(-1, 1, { ...last, size: last.size + place.size });
    else all.push(place);
  }
  return all;
}

/** A query may ask about several samples where the file leaves their number open. */
function requireOneSample(query: Query, tensors: readonly QueryTensor[], sample: number): void {
  const declared = tensors.reduce((sum, { size }) => sum + size, 0);
  const [first] = tensors;
  if (declared === sample || !first) return;
  const list = tensors.map(({ name, shape }) => `${name} [${shape.join(',')}]`).join(', ');
  const verb = tensors.length > 1 ? 'are' : 'is';
  const sentence = `${list} ${verb} not one sample of the network, ${sample} numbers; Glacis verifies one at a time`;
  throw new VnnlibError('unsupported', sentence, query.where(first.at));
}
