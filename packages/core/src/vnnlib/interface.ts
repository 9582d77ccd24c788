/**
 * Whether networks are those a query is about (query_language.tex, "Models"): every declared network has
 * a file and no file is surplus; inputs and outputs agree in number, order, shape and element type, hidden nodes
 * in name, shape and element type. Version 1.0 declares counts alone, so only the counts of elements are compared.
 */
import { isSymbolic, type Shape } from '../graph/dimension.ts';
import type { Port } from '../onnx/ports.ts';
import type { Query, QueryNetwork, QueryTensor, Role } from './query.ts';
import { quoted, VnnlibError } from './vnnlib-error.ts';

/** What a file takes and gives; a model as it was read is one. */
export interface NetworkInterface {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Values inside, of those that hiddenOf names. */
  readonly hidden: readonly Port[];
}

const list = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(', ');

/** The network whose file a network is: its own, or for `equal-to` the original's. */
export function fileOf(network: QueryNetwork): string {
  return network.equivalence?.kind === 'equal' ? network.equivalence.to : network.name;
}

/** ONNX names of the hidden nodes that a query asks of a file, in the order of their declaration. */
export function hiddenOf(query: Query, file: string): string[] {
  return query.networks
    .filter((network) => fileOf(network) === file)
    .flatMap(({ tensors }) => tensors)
    .flatMap(({ onnxName }) => (onnxName === null ? [] : [onnxName]));
}

/**
 * Throws `VnnlibError` (`invalid`) unless the named networks fit the query. For 1.0 there must be one,
 * whatever its name. A network that is `equal-to` another needs no entry, and must not contradict it.
 */
export function requireNetworks(
  query: Query,
  networks: ReadonlyMap<string, NetworkInterface>,
): void {
  const fail = (message: string, at?: number): never => {
    throw new VnnlibError('invalid', message, at === undefined ? null : query.where(at));
  };
  if (query.version.major === 1) {
    const [only, surplus] = networks.values();
    if (!only || surplus)
      return fail(`VNN-LIB 1.0 is about one network, ${networks.size} are given`);
    for (const tensor of query.networks[0]?.tensors ?? []) requireCount(tensor, only, fail);
    return undefined;
  }
  const needed = new Set(query.networks.map(fileOf));
  const missing = query.networks.filter((network) => fileOf(network) === network.name);
  for (const { name, at } of missing) {
    if (!networks.has(name)) fail(`network '${name}' has no file: --network ${name}=FILE`, at);
  }
  const surplus = [...networks.keys()].filter((name) => !needed.has(name));
  if (surplus.length > 0) {
    fail(`the query asks for ${list([...needed])}; it has no use for ${list(surplus)}`);
  }
  for (const network of query.networks) {
    const given = networks.get(fileOf(network));
    if (!given) continue;
    requirePorts(network, 'input', given.inputs, fail);
    requirePorts(network, 'output', given.outputs, fail);
    requireHidden(network, given, fail);
  }
  return undefined;
}

type Refuse = (message: string, at?: number) => never;

/** An open dimension is one sample. */
const countOf = (ports: readonly Port[]): number =>
  ports.reduce(
    (sum, { shape }) =>
      sum + shape.reduce<number>((product, size) => product * (isSymbolic(size) ? 1 : size), 1),
    0,
  );

function requireCount(
  { name, role, size, at }: QueryTensor,
  given: NetworkInterface,
  fail: Refuse,
): void {
  const count = countOf(role === 'input' ? given.inputs : given.outputs);
  if (count === size) return;
  fail(`the query declares ${size} ${role}s (${name}_…), the network has ${count}`, at);
}

const written = (shape: Shape): string =>
  `[${shape.map((size) => (isSymbolic(size) ? '?' : size)).join(',')}]`;

function requirePorts(
  { name, tensors, at }: QueryNetwork,
  role: Role,
  ports: readonly Port[],
  fail: Refuse,
): void {
  const declared = tensors.filter((tensor) => tensor.role === role);
  if (declared.length !== ports.length) {
    fail(`'${name}' declares ${declared.length} ${role}s, its file has ${ports.length}`, at);
  }
  for (const [i, tensor] of declared.entries()) {
    const port = ports[i];
    if (port) requirePort(tensor, port, `${role} ${i}`, fail);
  }
}

function requireHidden(
  { name, tensors }: QueryNetwork,
  { hidden, outputs }: NetworkInterface,
  fail: Refuse,
): void {
  for (const tensor of tensors) {
    if (tensor.onnxName === null) continue;
    const port = [...hidden, ...outputs].find((each) => each.name === tensor.onnxName);
    if (!port) {
      const wanted = quoted(tensor.onnxName);
      return fail(
        `${tensor.name} is ${wanted}, but no node of the file of '${name}' gives real numbers of that name`,
        tensor.at,
      );
    }
    requirePort(tensor, port, 'hidden node', fail);
  }
}

function requirePort(tensor: QueryTensor, port: Port, what: string, fail: Refuse): void {
  const fits =
    port.shape.length === tensor.shape.length &&
    port.shape.every((size, axis) => isSymbolic(size) || size === tensor.shape[axis]);
  const pair = `${tensor.name} is ${tensor.type} ${written(tensor.shape)}`;
  const file = `${what} of the file, '${port.name}', is ${port.type} ${written(port.shape)}`;
  if (!fits || (tensor.type !== 'real' && tensor.type !== port.type)) {
    fail(`${pair}, but ${file}`, tensor.at);
  }
}
