/**
 * When a network may be called a copy of another (query_language.tex, rules NetworkEq and NetworkIso):
 * the same inputs and outputs in the same order; `equal-to` also asks for the same element types, and
 * for hidden nodes of one ONNX name to be declared alike.
 */
import type { Equivalence, QueryTensor } from './query.ts';

type Part = Pick<QueryTensor, 'name' | 'role' | 'type' | 'shape' | 'onnxName' | 'at'>;

interface Network {
  readonly name: string;
  readonly tensors: readonly Part[];
}

const written = ({ type, shape }: Part): string => `${type} [${shape.join(',')}]`;

function differs(one: Part, other: Part, kind: Equivalence['kind']): boolean {
  const sameShape = one.shape.join() === other.shape.join();
  return !sameShape || (kind === 'equal' && one.type !== other.type);
}

export function requireSameInterface(
  copy: Network,
  original: Network,
  { kind, at }: Equivalence & { readonly at: number },
  fail: (message: string, at: number) => never,
): void {
  for (const role of ['input', 'output'] as const) {
    const [own, other] = [copy, original].map(({ tensors }) =>
      tensors.filter((tensor) => tensor.role === role),
    );
    if (own?.length !== other?.length) {
      const counts = `${own?.length ?? 0} ${role}s, ${original.name} ${other?.length ?? 0}`;
      fail(`${copy.name} is ${kind}-to ${original.name} but has ${counts}`, at);
    }
    for (const [i, tensor] of (own ?? []).entries()) {
      const match = other?.[i];
      if (match && differs(tensor, match, kind)) {
        const pair = `${tensor.name} is ${written(tensor)}, ${match.name} is ${written(match)}`;
        fail(`${copy.name} is ${kind}-to ${original.name} but ${pair}`, tensor.at);
      }
    }
  }
  if (kind === 'isomorphic') return;
  for (const hidden of copy.tensors.filter(({ role }) => role === 'hidden')) {
    const same = original.tensors.find(
      ({ role, onnxName }) => role === 'hidden' && onnxName === hidden.onnxName,
    );
    if (same && differs(hidden, same, kind)) {
      const pair = `${hidden.name} is ${written(hidden)}, ${same.name} is ${written(same)}`;
      fail(`the hidden node "${hidden.onnxName}" is declared in two ways: ${pair}`, hidden.at);
    }
  }
}
