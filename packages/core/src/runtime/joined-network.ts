/**
 * A model of several inputs, or several values that are asked for, as a function of one vector: the samples of all
 * inputs one behind the other, to all values one behind the other. The file that judges stays as it is.
 */
import { Builder, replay } from '../graph/builder.ts';
import { BATCH } from '../graph/dimension.ts';
import { inputNodes, type Node, outputNamed } from '../graph/graph.ts';
import type { Model } from '../onnx/read.ts';
import { sizeOf } from '../tensor/tensor.ts';
import { type Agreeing, openAgreeing, openNetwork, type OpenNetwork } from './network.ts';
import { openOriginal, type OriginalInput } from './original.ts';
import { Programs } from './programs.ts';
import { requireReal, sideInputsOf } from './perturbed-input.ts';
import type { Runtime } from './runtime.ts';
import { sampleShapeOf } from './side-inputs.ts';

/** Opens a model for these of its outputs and hidden values, in this order. Throws ModelError as openNetwork does. */
export async function openJoined(
  model: Model,
  runtime: Runtime,
  values: readonly string[],
): Promise<OpenNetwork> {
  const isPlain = perturbedInputs(model).length === 1 && values.length === 1;
  if (isPlain && values[0] === model.outputs[0]?.name) return openNetwork(model, runtime);
  const { network } = await openAgreeing(model, (read) => open(read, runtime, values));
  return network;
}

async function open(
  file: Model,
  runtime: Runtime,
  names: readonly string[],
): Promise<Agreeing<OpenNetwork>> {
  const inputs = perturbedInputs(file);
  const { graph, input: name, output, values } = joinedGraph(file, inputs, names);
  const model = { ...file, graph };
  const input = inputNodes(graph).find(({ attributes }) => attributes.name === name);
  if (!input) throw new RangeError('the joined input was lost');
  const sides = sideInputsOf(model, input, {});
  const original = await openOriginal(file, runtime, { inputs, sides, outputs: names });
  const programs = new Programs(runtime);
  const release = async (): Promise<void> => {
    await original.release();
    await programs.release();
  };
  const sampleShape = sampleShapeOf(input);
  const network = {
    model,
    programs,
    graph,
    input: name,
    sides,
    sampleShape,
    sampleSize: sizeOf(sampleShape),
    output: outputNamed(graph, output),
    values,
    original,
    release,
  };
  return { network, original, output, widths: values.map(({ size }) => size), release };
}

/** Inputs that are no random numbers. Throws ModelError where one of them is not real. */
function perturbedInputs(model: Model): OriginalInput[] {
  const random = new Set(model.random.map(({ name }) => name));
  return inputNodes(model.graph)
    .filter(({ attributes }) => !random.has(attributes.name))
    .map((node) => {
      requireReal(model, node.attributes.name);
      return { name: node.attributes.name, sampleShape: sampleShapeOf(node) };
    });
}

function joinedGraph(
  { graph, batched }: Model,
  inputs: readonly OriginalInput[],
  names: readonly string[],
) {
  const b = new Builder();
  const batch = batched ? BATCH : 1;
  const known = new Map(inputNodes(graph).map((node) => [node.attributes.name, node]));
  const total = inputs.reduce((sum, { sampleShape }) => sum + sizeOf(sampleShape), 0);
  const input = freeName('inputs', known);
  const x = b.input(input, [batch, total]);
  const given = new Map<number, Node>();
  let from = 0;
  for (const { name, sampleShape } of inputs) {
    const own = known.get(name);
    if (!own) throw new RangeError(`the model has no input ${name}`);
    const to = from + sizeOf(sampleShape);
    given.set(own.id, b.reshape(inputs.length === 1 ? x : b.slice(x, 1, from, to), own.shape));
    from = to;
  }
  const copies = replay(b, graph, given);
  const parts = names.map((name) => {
    const value = copies.get(outputNamed(graph, name).id);
    if (!value) throw new RangeError(`the value ${name} was not copied`);
    return b.reshape(value, [batch, sizeOf(value.shape.slice(1).map(Number))]);
  });
  const values = parts.map(({ shape }, k) => ({ name: names[k] ?? '', size: Number(shape[1]) }));
  const output = freeName('values', known);
  return { graph: b.graph({ [output]: b.concat(parts, 1) }), input, output, values };
}

function freeName(name: string, taken: ReadonlyMap<string, unknown>): string {
  return taken.has(name) ? freeName(`glacis/${name}`, taken) : name;
}
