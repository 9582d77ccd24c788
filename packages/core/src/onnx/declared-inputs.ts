/** What a file says of its inputs and outputs: shapes, types, and the sizes that somebody must give. */
import type { ModelProto, ValueInfoProto } from 'onnx-buf';
import { ModelError } from './model-error.ts';
import { parse } from './parse.ts';
import { countsSamples, type OpenSize, openSizes, type Port, portOf } from './ports.ts';

/** Inputs that are not given by an initialiser of the same name. */
export function inputsOf({ graph }: ModelProto): Port[] {
  const initializers = new Set(graph?.initializer.map(({ name }) => name));
  const given = (graph?.input ?? []).filter(({ name }) => !initializers.has(name));
  given.forEach(expectShape);
  return given.map(portOf);
}

/** Without a shape not even the number of axes is known; a scalar has one, which is empty. */
function expectShape({ name, type }: ValueInfoProto): void {
  if (type?.value.case !== 'tensorType' || type.value.value.shape) return;
  throw new ModelError(
    'unsupported',
    `the file gives no shape of its input ${name}: export it with an example input, or write the sizes into the file (onnx.tools.update_model_dims)`,
  );
}

/** What a file says of its inputs before it is read. */
export interface DeclaredInputs {
  readonly inputs: readonly Port[];
  /** Axes besides the batch whose size is open: `sizes` must give them. */
  readonly open: readonly OpenSize[];
}

/** The inputs of a file, but for those that become constants. Throws ModelError. */
export function declaredInputs(
  bytes: Uint8Array,
  constants: readonly string[] = [],
): DeclaredInputs {
  const inputs = inputsOf(parse(bytes)).filter(({ name }) => !constants.includes(name));
  return { inputs, open: openSizes(inputs, inputs.every(countsSamples)) };
}

/** Throws ModelError where nothing can be fed, or a size is still open. */
export function checkPorts(proto: ModelProto, inputs: readonly Port[]): void {
  if (inputs.length === 0) throw new ModelError('invalid', 'the model has no input');
  if (proto.graph?.output.length === 0) throw new ModelError('invalid', 'the model has no output');
  const [open] = openSizes(inputs, inputs.every(countsSamples));
  if (!open) return;
  throw new ModelError(
    'unsupported',
    `input ${open.input} has an axis of unknown size (${open.symbol}) besides the batch: give its size, or export the model with fixed sizes`,
  );
}

interface Ports {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly hidden: readonly Port[];
}

/** A model's inputs, outputs and hidden values in the types that its file declares; some are widened for reading. */
export function declaredPorts({ inputs, outputs, hidden }: Ports, file: Uint8Array): Ports {
  const { graph } = parse(file);
  const declared = new Map(
    [...(graph?.input ?? []), ...(graph?.output ?? []), ...(graph?.valueInfo ?? [])].map((info) => [
      info.name,
      info,
    ]),
  );
  const asDeclared = (port: Port): Port => {
    const info = declared.get(port.name);
    return info?.type ? { ...port, type: portOf(info).type } : port;
  };
  const [ins, outs, inside] = [inputs, outputs, hidden].map((ports) => ports.map(asDeclared));
  return { inputs: ins ?? [], outputs: outs ?? [], hidden: inside ?? [] };
}
