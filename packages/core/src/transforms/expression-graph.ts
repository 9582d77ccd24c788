/** Linear expressions written as the nodes of a graph, over nodes that hold their variables. */
import type { Builder } from '../graph/builder.ts';
import type { Node } from '../graph/graph.ts';
import type { Expression } from './expressions.ts';

/** Nodes that hold variables. */
export class ExpressionGraph {
  private readonly b: Builder;
  private readonly blocks: { readonly ids: readonly number[]; readonly node: Node }[] = [];
  private readonly at = new Map<number, { readonly block: number; readonly column: number }>();

  constructor(b: Builder) {
    this.b = b;
  }

  put(ids: readonly number[], node: Node): void {
    const block = this.blocks.push({ ids, node }) - 1;
    ids.forEach((id, column) => this.at.set(id, { block, column }));
  }

  /** [batch, expressions] */
  affine(form: readonly Expression[]): Node {
    const { b, blocks } = this;
    const width = form.length;
    const weights = new Map<number, Float32Array>();
    form.forEach(({ variables, coefficients }, j) =>
      variables.forEach((id, k) => {
        const { block, column } = this.at.get(id) ?? lost();
        const size = blocks[block]?.ids.length ?? 0;
        const own = weights.get(block) ?? new Float32Array(size * width);
        weights.set(block, own);
        own[column * width + j] = coefficients[k] ?? 0;
      }),
    );
    const [first] = blocks;
    // What is constant has a row for each sample all the same.
    if (weights.size === 0 && first) weights.set(0, new Float32Array(first.ids.length * width));
    const parts = [...weights].map(([block, own]) => {
      const { ids, node } = blocks[block] ?? lost();
      return b.matMul(node, b.floats(own, [ids.length, width]));
    });
    const total = parts.reduce((before, part) => b.add(before, part));
    const constants = form.map(({ constant }) => constant);
    return constants.every((constant) => constant === 0)
      ? total
      : b.add(total, b.floats(constants, [width]));
  }
}

function lost(): never {
  throw new RangeError('a variable was not written');
}
