/** Which input of a model is perturbed, and what is known of the others. Throws ModelError. */
import { inputNodes, type Node, type NodeOf } from '../graph/graph.ts';
import { ModelError } from '../onnx/model-error.ts';
import type { Model } from '../onnx/read.ts';
import {
  fixedInput,
  type FixedRows,
  randomInput,
  sampleShapeOf,
  type SideInput,
} from './side-inputs.ts';

/** The one input that is neither fixed nor random. */
export function perturbedInput(
  model: Model,
  fixed: Readonly<Record<string, FixedRows>>,
): NodeOf<'input'> {
  const random = new Set(model.random.map(({ name }) => name));
  const nodes = inputNodes(model.graph);
  const names = nodes.map(({ attributes }) => attributes.name);
  const unknown = Object.keys(fixed).find((name) => !names.includes(name) || random.has(name));
  if (unknown !== undefined) {
    throw new ModelError(
      'invalid',
      `the model has no input ${unknown}; its inputs are ${names.join(', ')}`,
    );
  }
  const open = nodes.filter(({ attributes: { name } }) => !(name in fixed) && !random.has(name));
  const [input, ...others] = open;
  if (!input) throw new ModelError('invalid', 'every input of the model is fixed: none is left');
  if (others.length > 0) {
    const list = open.map(({ attributes }) => attributes.name).join(', ');
    throw new ModelError(
      'unsupported',
      `the model has ${open.length} inputs, ${list}; one can be perturbed, and the others must be fixed (--set NAME=FILE)`,
    );
  }
  requireReal(model, input.attributes.name);
  return input;
}

/** Throws ModelError for an input of whole numbers or truth values. */
export function requireReal(model: Model, input: string): void {
  const port = model.inputs.find(({ name }) => name === input);
  if (port?.type === 'float32') return;
  throw new ModelError(
    'unsupported',
    `the input ${input} takes ${port?.type ?? 'unknown'} values, which cannot be changed little by little: fix it (--set NAME=FILE) and perturb another input, or export the model from its first real-valued layer on`,
  );
}

export function sideInputsOf(
  model: Model,
  perturbed: Node,
  fixed: Readonly<Record<string, FixedRows>>,
): SideInput[] {
  return inputNodes(model.graph)
    .filter(({ id }) => id !== perturbed.id)
    .map((node, place) => {
      const { name } = node.attributes;
      const port = model.inputs.find((each) => each.name === name);
      const random = model.random.find((each) => each.name === name);
      const [shape, rows] = [sampleShapeOf(node), fixed[name]];
      if (port && random) return randomInput(port, shape, random, place);
      if (port && rows) return fixedInput(port, shape, rows);
      throw new RangeError(`nothing is known of the input ${name}`);
    });
}
