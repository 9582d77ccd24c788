/**
 * The network declarations of VNN-LIB 2.x, and the scoping rules they obey: every name is unique, a
 * network says at most once of which earlier one it is a copy, inputs come before hidden nodes before outputs.
 */
import { elementType } from './element-types.ts';
import { requireSameInterface } from './equivalence.ts';
import type { Lexer } from './lexer.ts';
import type { Equivalence, QueryTensor, Role } from './query.ts';
import { readIndices } from './tensor-scope.ts';
import { positionIn, quoted, VnnlibError } from './vnnlib-error.ts';

type Declared = Omit<QueryTensor, 'offset'>;

export interface DeclaredNetwork {
  readonly name: string;
  readonly equivalence: Equivalence | null;
  readonly tensors: readonly Declared[];
  readonly at: number;
}

const identifier = /^[A-Za-z]\w*$/;
/** The order the grammar asks for. */
const roles: readonly Role[] = ['input', 'hidden', 'output'];
/** Elements of one tensor, and of all together: an index must be an exact number. */
export const MOST_ELEMENTS = 2 ** 31;

export class Declarations {
  readonly networks = new Map<string, DeclaredNetwork>();
  /** Every name of a network or a tensor, and where it was declared. */
  private readonly names = new Map<string, number>();

  name(lexer: Lexer, what: string): string {
    const at = lexer.start;
    const name = lexer.takeAtom(`the name of ${what}`);
    if (!identifier.test(name)) {
      lexer.fail(
        `a name begins with a letter and has letters, digits and _ only, not ${quoted(name)}`,
        at,
      );
    }
    const before = this.names.get(name);
    if (before !== undefined) {
      const { line } = positionIn(lexer.text, before);
      lexer.fail(`${quoted(name)} is declared twice, first on line ${line}`, at);
    }
    this.names.set(name, at);
    return name;
  }

  network(lexer: Lexer): void {
    const at = lexer.start;
    const name = this.name(lexer, 'a network');
    let equivalence: (Equivalence & { readonly at: number }) | null = null;
    const tensors: Declared[] = [];
    while (lexer.kind !== ')') {
      const start = lexer.take('(', "a declaration of the network, or ')'");
      const word = lexer.takeAtom('declare-input, declare-hidden or declare-output');
      if (word === 'equal-to' || word === 'isomorphic-to') {
        if (equivalence) lexer.fail('a network has at most one equal-to or isomorphic-to', start);
        if (tensors.length > 0) lexer.fail(`${word} comes before the inputs`, start);
        equivalence = this.equivalence(lexer, word, name);
      } else {
        const role = roles.find((role) => word === `declare-${role}`);
        if (!role) lexer.fail(`${quoted(word)} declares nothing of a network`, start);
        const last = tensors.at(-1);
        if (last && roles.indexOf(last.role) > roles.indexOf(role)) {
          lexer.fail(
            `${word} comes too late: inputs first, then hidden nodes, then outputs`,
            start,
          );
        }
        tensors.push(this.tensor(lexer, name, role));
      }
      lexer.take(')', "')'");
    }
    for (const role of ['input', 'output'] as const) {
      if (tensors.some((tensor) => tensor.role === role)) continue;
      lexer.fail(`network ${quoted(name)} declares no ${role}`, at);
    }
    const network = { name, equivalence, tensors, at };
    const original = equivalence && this.networks.get(equivalence.to);
    if (equivalence && original) {
      requireSameInterface(network, original, equivalence, (message, place) =>
        lexer.fail(message, place),
      );
    }
    this.networks.set(name, network);
  }

  private equivalence(lexer: Lexer, word: string, own: string): Equivalence & { at: number } {
    const at = lexer.start;
    const to = lexer.takeAtom('the name of a network');
    const original = this.networks.get(to);
    if (!original) {
      const why =
        to === own ? 'a network is no copy of itself' : 'no such network is declared above';
      lexer.fail(`${word} ${quoted(to)}: ${why}`, at);
    }
    if (original.equivalence) {
      const { kind, to: first } = original.equivalence;
      lexer.fail(`${word} ${quoted(to)}, which is itself ${kind}-to '${first}': name that one`, at);
    }
    return { kind: word === 'equal-to' ? 'equal' : 'isomorphic', to, at };
  }

  private tensor(lexer: Lexer, network: string, role: Role): Declared {
    const at = lexer.start;
    const name = this.name(lexer, `the ${role}`);
    const typeAt = lexer.start;
    const word = lexer.takeAtom('an element type');
    const type = elementType(word);
    if (type === null) {
      lexer.fail(`${quoted(word)} is no numeric element type: real, float32, …`, typeAt);
    }
    const shapeAt = lexer.start;
    lexer.take('[', 'a shape such as [1,5], or [] for a scalar');
    const shape = readIndices(lexer);
    const size = shape.reduce((product, length) => product * length, 1);
    if (size === 0) lexer.fail('a dimension of 0 leaves no elements', shapeAt);
    if (size > MOST_ELEMENTS) {
      const message = `a tensor of ${size} elements is more than Glacis indexes (${MOST_ELEMENTS})`;
      throw new VnnlibError('unsupported', message, positionIn(lexer.text, shapeAt));
    }
    let onnxName: string | null = null;
    if (role === 'hidden') {
      const { word: string } = lexer;
      lexer.take('string', "the hidden node's ONNX name in double quotes");
      onnxName = unescaped(string);
    }
    const isInitialized = role === 'input' && lexer.kind === 'atom' && lexer.word === 'initialized';
    if (isInitialized) lexer.advance();
    return { name, network, role, type, shape, size, onnxName, isInitialized, at };
  }
}

const escapes: Record<string, string> = { n: '\n', t: '\t' };

function unescaped(string: string): string {
  return string.slice(1, -1).replace(/\\(.)/gs, (_, letter: string) => escapes[letter] ?? letter);
}
