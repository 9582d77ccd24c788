/** What networks a query must declare for Glacis to decide it: one input and one output each, nothing hidden. */
import type { Query, QueryNetwork, QueryTensor, Role } from '../vnnlib/query.ts';
import { VnnlibError } from '../vnnlib/vnnlib-error.ts';

export interface PlainNetwork {
  readonly declared: QueryNetwork;
  readonly input: QueryTensor;
  readonly output: QueryTensor;
}

/** The networks in the order of their declaration. Throws VnnlibError (`unsupported`) for any other. */
export function plainNetworks(query: Query): PlainNetwork[] {
  return query.networks.map((declared) => {
    const { name, tensors } = declared;
    const only = (role: Role): QueryTensor => {
      const [first, more] = tensors.filter((tensor) => tensor.role === role);
      if (first && !more) return first;
      const sentence = `'${name}' does not declare one ${role}; Glacis verifies networks of one input and one output`;
      throw new VnnlibError('unsupported', sentence, query.where(declared.at));
    };
    const hidden = tensors.find(({ role }) => role === 'hidden');
    if (hidden) {
      const sentence = `${hidden.name} is a hidden node; Glacis verifies inputs and outputs`;
      throw new VnnlibError('unsupported', sentence, query.where(hidden.at));
    }
    return { declared, input: only('input'), output: only('output') };
  });
}
