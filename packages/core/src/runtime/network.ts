/** A model as a function of one perturbed input, and as a program's nodes see it. */
import type { Builder } from '../graph/builder.ts';
import { BATCH } from '../graph/dimension.ts';
import { type Graph, inputNodes, type Node, outputNamed } from '../graph/graph.ts';
import { ModelError } from '../onnx/model-error.ts';
import { type Model, readAgain } from '../onnx/read.ts';
import { sizeOf } from '../tensor/tensor.ts';
import { agrees, type Compared, repeats } from './agreement.ts';
import { openOriginal, type Original } from './original.ts';
import { perturbedInput, sideInputsOf } from './perturbed-input.ts';
import { Programs } from './programs.ts';
import type { Runtime } from './runtime.ts';
import { type FixedRows, sampleShapeOf, type SideInput, sideNodes } from './side-inputs.ts';

export interface Network {
  readonly model: Model;
  readonly programs: Programs;
  readonly graph: Graph;
  /** The perturbed input. */
  readonly input: string;
  /** Passes over a randomised model whose mean attacks see, with its gradient; one if absent. */
  readonly expectation?: number;
  /** Inputs of the graph that nobody perturbs. */
  readonly sides: readonly SideInput[];
  /** Shape of one sample. */
  readonly sampleShape: readonly number[];
  readonly sampleSize: number;
}

/** The symbolic (or, for one-sample models, unit) size programs use for rows. */
export function batchOf({ model }: Network): number | string {
  return model.batched ? BATCH : 1;
}

/** What stands for the inputs of the network's graph in a builder: x, and the side inputs. */
export function networkInputs(b: Builder, network: Network, x: Node): Map<number, Node> {
  const { graph, input } = network;
  const own = inputNodes(graph).find(({ attributes }) => attributes.name === input);
  if (!own) throw new RangeError(`the network has no input ${input}`);
  return new Map([[own.id, x], ...sideNodes(b, graph, input)]);
}

/** What is opened, with what its agreement with the file is checked by. */
export interface Agreeing<T extends Network> extends Compared {
  readonly network: T;
  release(): Promise<void>;
}

/**
 * Opens a model checked against its own file: different rows run at once must answer as they do alone,
 * or the model is run row by row. Throws ModelError where the lowered graph does not compute what the
 * file does.
 */
export async function openAgreeing<T extends Network>(
  model: Model,
  open: (model: Model) => Promise<Agreeing<T>>,
): Promise<Agreeing<T>> {
  const together = await open(model);
  if (!(await repeats(together.network, together))) {
    await together.release();
    throw new ModelError(
      'unsupported',
      'the model answers the same input differently from run to run, by random numbers that cannot be seeded: export it for inference, or draw them with RandomNormalLike or RandomUniformLike, which are judged by seeded passes and attacked with --eot K',
    );
  }
  if (await agrees(together.network, together)) return together;
  await together.release();
  if (model.batched) {
    const single = await open(readAgain(model, { rowByRow: true }));
    if (await agrees(single.network, single)) return single;
    await single.release();
  }
  throw new ModelError(
    'unsupported',
    'the model, as Glacis reads it, does not compute what ONNX Runtime computes from the file: please report it',
  );
}

/** A value of the file as a part of a network's output. */
export interface JoinedValue {
  readonly name: string;
  /** Elements of one sample. */
  readonly size: number;
}

export interface OpenNetwork extends Network {
  /** The output that was asked for, [batch, …]. */
  readonly output: Node;
  /** What the output is made of: the file's values one behind the other, or one alone. */
  readonly values: readonly JoinedValue[];
  /** The file itself, as it was given. */
  readonly original: Original;
  release(): Promise<void>;
}

export interface NetworkOptions {
  /** Values of inputs that stay as they are, by name; all but one input of the model must be here. */
  readonly fixed?: Readonly<Record<string, FixedRows>>;
}

/** Opens any model, whatever its output means. Throws ModelError as openAgreeing does. */
export async function openNetwork(
  model: Model,
  runtime: Runtime,
  { fixed = {} }: NetworkOptions = {},
): Promise<OpenNetwork> {
  const name = model.graph.outputs[0]?.name ?? '';
  const { network } = await openAgreeing(model, async (read): Promise<Agreeing<OpenNetwork>> => {
    const input = perturbedInput(read, fixed);
    const sides = sideInputsOf(read, input, fixed);
    const sampleShape = sampleShapeOf(input);
    const perturbed = input.attributes.name;
    const shape = { inputs: [{ name: perturbed, sampleShape }], sides, outputs: [name] };
    const original = await openOriginal(read, runtime, shape);
    const programs = new Programs(runtime);
    const release = async (): Promise<void> => {
      await original.release();
      await programs.release();
    };
    const { graph } = read;
    const sizes = { sampleShape, sampleSize: sizeOf(sampleShape) };
    const output = outputNamed(graph, name);
    const values = [{ name, size: sizeOf(output.shape.slice(1).map(Number)) }];
    const own = { model: read, programs, graph, input: perturbed, sides, values, ...sizes };
    return { network: { ...own, output, original, release }, original, output: name, release };
  });
  return network;
}
