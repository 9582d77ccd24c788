/**
 * VNN-LIB 2.x (VNNLIB-Standard, syntax/grammar.cf; scoping and typing: query_language.tex): networks
 * with their inputs, hidden nodes and outputs as typed tensors, then assertions. Declarations and
 * assertions do not mix, names are unique, and a network says of which earlier one it is a copy.
 */
import { type DeclaredNetwork, Declarations, MOST_ELEMENTS } from './declarations.ts';
import { readFormula, type Scope } from './formula.ts';
import type { Lexer } from './lexer.ts';
import type { Formula, Query, QueryNetwork, QueryTensor } from './query.ts';
import { scopeOf } from './tensor-scope.ts';
import { positionIn, quoted, VnnlibError } from './vnnlib-error.ts';

/** The tensors' places in the joint vector: inputs, then hidden nodes and outputs. */
function placed(lexer: Lexer, networks: Iterable<DeclaredNetwork>): QueryNetwork[] {
  const list = [...networks];
  const sizes = list.flatMap(({ tensors }) => tensors);
  const inputs = sizes.reduce((sum, { role, size }) => sum + (role === 'input' ? size : 0), 0);
  let [nextInput, next] = [0, inputs];
  const result = list.map((network) => ({
    ...network,
    equivalence: network.equivalence && {
      kind: network.equivalence.kind,
      to: network.equivalence.to,
    },
    tensors: network.tensors.map((tensor) => {
      const offset = tensor.role === 'input' ? nextInput : next;
      if (tensor.role === 'input') nextInput += tensor.size;
      else next += tensor.size;
      return { ...tensor, offset };
    }),
  }));
  if (next > MOST_ELEMENTS) {
    const message = `${next} variables are more than Glacis indexes (${MOST_ELEMENTS})`;
    throw new VnnlibError('unsupported', message, positionIn(lexer.text, list[0]?.at ?? 0));
  }
  return result;
}

/** Reads what follows the version. */
export function readVersion2(lexer: Lexer, version: Query['version']): Query {
  const declarations = new Declarations();
  let networks: QueryNetwork[] = [];
  let scope: Scope | null = null;
  const parts: Formula[] = [];
  while (lexer.kind !== 'end') {
    const at = lexer.take('(', "'(' of a network or an assertion");
    const command = lexer.takeAtom('declare-network or assert');
    if (command === 'declare-network') {
      if (scope) lexer.fail('networks are declared before the first assertion', at);
      declarations.network(lexer);
    } else if (command === 'assert') {
      if (!scope) {
        if (declarations.networks.size === 0) lexer.fail('no network is declared', at);
        networks = placed(lexer, declarations.networks.values());
        scope = scopeOf(networks);
      }
      parts.push(readFormula(lexer, scope));
    } else lexer.fail(`${quoted(command)} is no command of VNN-LIB 2`, at + 1);
    lexer.take(')', "')'");
  }
  if (!scope) networks = placed(lexer, declarations.networks.values());
  if (networks.length === 0) lexer.fail('this query declares no network');
  const tensors = networks.flatMap((network) => network.tensors);
  requireRealThroughout(lexer, tensors);
  const total = (list: readonly QueryTensor[]): number =>
    list.reduce((sum, { size }) => sum + size, 0);
  return {
    version,
    networks,
    inputCount: total(tensors.filter(({ role }) => role === 'input')),
    variableCount: total(tensors),
    formula: { kind: 'and', parts, at: 0 },
    where: (at) => positionIn(lexer.text, at),
  };
}

/** "Real-valued queries must exclusively use the special real element type." */
function requireRealThroughout(lexer: Lexer, tensors: readonly QueryTensor[]): void {
  if (!tensors.some(({ type }) => type === 'real')) return;
  const other = tensors.find(({ type }) => type !== 'real');
  if (other) {
    lexer.fail(
      `${other.name} is ${other.type}, but other variables are real: all must be`,
      other.at,
    );
  }
}
